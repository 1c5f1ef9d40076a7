from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from models.simulate import truth
from models.simulate.cabinet import Cabinet, CabinetError, build
from models.simulate.clip import Take, film
from models.simulate.kit import At, Kit
from models.simulate.lettering import DIM, lay_out
from models.simulate.numerals import LEDS, NARROW, RACING, ROUND, SLIM, SQUARE, Face, numeral
from models.simulate.screens.play import shown
from models.simulate.session import Screen
from models.simulate.sprite import blend, blit, layer
from models.simulate.themes import EVERYDAY, THEMES, ThemeError, choose

if TYPE_CHECKING:
    from pathlib import Path

    from vision.frame import Image

SMALL = (427, 240)
NAMES = list(THEMES)
FACES = {"round": ROUND, "square": SQUARE, "racing": RACING, "leds": LEDS, "slim": SLIM, "narrow": NARROW}


def cabinet(theme: str = "plates", seed: int = 3, size: tuple[int, int] = SMALL) -> Cabinet:
    return build(seed, theme, size, song=6.0)


def playing(built: Cabinet, part: float = 0.6) -> float:
    """A moment of the first match's play, as a share of it."""
    return 8.0 + built.session.match(0).last * part


@pytest.mark.parametrize("theme", NAMES)
def test_the_same_seed_gives_the_same_bytes_in_any_order(theme: str) -> None:
    times = [1.0, 6.0, playing(cabinet(theme)), 8.3, 21.0]
    one, two = cabinet(theme), cabinet(theme)
    forwards = [one.frame(t) for t in times]
    backwards = [two.frame(t) for t in reversed(times)][::-1]
    for first, second in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(first, second)
        assert first.shape == (240, 427, 3)
        assert first.dtype == np.uint8


def test_another_seed_gives_another_picture() -> None:
    assert not np.array_equal(cabinet(seed=3).frame(2.0), cabinet(seed=4).frame(2.0))


@pytest.mark.parametrize("theme", NAMES)
def test_every_screen_is_a_picture_with_something_on_it(theme: str) -> None:
    built = cabinet(theme)
    pictures = [built.frame(t) for t in (2.0, 6.5, playing(built), built.session.begins(1) - 3.0)]
    for picture in pictures:
        assert picture.std() > 15
    for one, two in itertools.pairwise(pictures):
        assert np.abs(one.astype(int) - two).mean() > 5


@pytest.mark.parametrize("theme", ["plates", "overlay", "sunset"])
@pytest.mark.parametrize("part", [0.4, 0.6, 0.97])
def test_the_pixels_show_the_number_that_the_truth_says(theme: str, part: float) -> None:
    built = cabinet(theme, size=(854, 480))
    scene = built.scene(playing(built, part))
    kit, look = Kit(built.theme, (854, 480)), built.theme.score
    picture = built.renderer.frame(scene)
    for player, side in enumerate(scene.match.sides):
        number = shown(side, scene.t, scene.match.roll)

        def change(value: int, player: int = player) -> float:
            """How much the picture changes when a number is drawn over it once more."""
            again = picture.copy()
            kit.score(again, player, value, At(kit.mirrored(look.x, player), look.y * 480))
            return float(np.abs(again.astype(int) - picture).sum())

        right = change(number)
        assert right < 0.6 * min(change(number + 8), change(number + 1_000_000), change(max(0, number - 30_000)))


def test_displays_are_not_there_before_they_drop_in() -> None:
    built = build(3, "overlay", (854, 480), 6.0)
    start = 8.0
    y, x = round(built.theme.score.y * 480), round(0.25 * 854)
    hidden, there = (built.frame(start + t)[y - 14 : y + 14, x - 170 : x + 170] for t in (0.45, 1.2))
    assert int(there.max()) > int(hidden.max()) + 50


@pytest.mark.parametrize("theme", NAMES)
def test_numbers_are_written_as_the_theme_says(theme: str) -> None:
    kit = Kit(THEMES[theme], SMALL)
    seven, nine = "0962803", "000,962,803"
    expected = {"plates": nine, "overlay": nine, "arcade": seven, "leds": seven, "sunset": "000962803"}
    expected |= dict.fromkeys(("growing", "ends", "stacked", "crowded-solo"), "962,803")
    expected |= dict.fromkeys(("solo", "curtain", "crowded"), nine)
    if theme in expected:
        assert kit.text(962803) == expected[theme]


@pytest.mark.parametrize(("theme", "text"), [("grove", "98.70"), ("margin", "98.70%"), ("dancepoints", "98.70%")])
def test_percents_have_two_decimals(theme: str, text: str) -> None:
    kit = Kit(THEMES[theme], SMALL)
    assert kit.text(9870) == text
    assert kit.text(0).startswith("0.00")
    assert kit.text(10_000).startswith("100.00")


def test_percents_fall_and_one_kind_begins_at_the_top() -> None:
    def shown_at(theme: str) -> list[int]:
        side = build(4, theme, SMALL, song=12.0).session.match(0).sides[0]
        return [standing.score for standing in side.course]

    for theme, first in (("grove", 0), ("margin", 10_000)):
        course = shown_at(theme)
        assert course[0] == first
        assert any(b < a for a, b in itertools.pairwise(course))


def test_a_player_alone_has_the_only_display_and_the_only_truth(tmp_path: Path) -> None:
    built = cabinet("solo", size=(854, 480))
    at = playing(built)
    y = round(built.theme.score.y * 480)
    both = build(3, "plates", (854, 480), song=6.0).frame(at)
    assert (built.frame(at)[y, : 854 // 3] != both[y, : 854 // 3]).any()
    film(built, Take(tmp_path / "a.mp4", tmp_path / "a.jsonl", fps=2.0))
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert not any("p1" in row for row in rows)
    assert any("p2" in row for row in rows)
    assert next(row for row in rows if row["type"] == "eval")["winner"] is None


def test_a_curtain_hides_the_displays_and_the_truth_says_so() -> None:
    built = build(3, "curtain", SMALL, song=20.0)
    rows = [truth.frame(built, built.scene(8.0 + t), 0) for t in (11.0, 13.0, 16.0)]
    assert [row["p1"]["visible"] for row in rows] == [1.0, 0.0, 1.0]


def test_a_film_may_begin_in_the_middle_of_a_song(tmp_path: Path) -> None:
    built = cabinet()
    film(built, Take(tmp_path / "a.mp4", tmp_path / "a.jsonl", fps=4.0, begin=12.0))
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    first = next(row for row in rows if row["type"] == "frame")
    assert (first["t"], first["screen"]) == (0.0, "ScreenGameplay")
    assert first["pos"] == pytest.approx(4.0, abs=0.01)
    with pytest.raises(CabinetError, match="do not reach beyond"):
        film(built, Take(tmp_path / "b.mp4", begin=9000.0))


def test_leading_zeros_and_their_commas_are_dim_and_a_lone_zero_is_not() -> None:
    dims = ["".join("d" if dim else "b" for _, _, dim in lay_out(text, ROUND, 20, 0.05).cells) for text in TEXTS]
    assert dims == ["ddddbbbbbbb", "ddddddddddb", "bbbbbbbbbbb"]


TEXTS = ("000,962,803", "000,000,000", "100,000,000")


def test_dim_zeros_are_drawn_at_their_share_of_the_brightness() -> None:
    look = THEMES["overlay"].score
    ink = look.inks[0]
    assert ink.dimmed(DIM).top == tuple(round(part * 0.47) for part in ink.top)


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_digits_of_a_face_differ_and_are_equally_wide(face: Face) -> None:
    masks = [numeral(face, digit, 32) for digit in "0123456789"]
    assert len({mask.shape for mask in masks}) == 1
    for i, one in enumerate(masks):
        assert one.max() > 200
        for two in masks[i + 1 :]:
            assert np.abs(one.astype(int) - two).sum() / 255 > 20
    assert numeral(face, ",", 32).shape[1] < masks[0].shape[1]
    with pytest.raises(KeyError):
        numeral(face, "x", 32)


def test_a_sprite_is_cut_off_at_every_edge() -> None:
    square = layer((10, 200, 30), np.full((6, 6), 255, np.uint8))
    for x, y, area in ((-3, -3, 9), (17, 17, 9), (-6, 0, 0), (20, 5, 0), (7, 7, 36)):
        canvas: Image = np.zeros((20, 20, 3), np.uint8)
        blit(canvas, square, x, y)
        assert np.count_nonzero(canvas[..., 1]) == area
        assert set(np.unique(canvas[..., 1])) <= {0, 200}


def test_blending_mixes_by_its_share() -> None:
    canvas: Image = np.full((8, 8, 3), 100, np.uint8)
    blend(canvas, (2, 2, 3, 3), (200, 0, 100), 0.5)
    assert canvas[3, 3].tolist() == [150, 50, 100]
    assert canvas[0, 0].tolist() == canvas[5, 5].tolist() == [100, 100, 100]
    blend(canvas, (-9, -9, 4, 4), (0, 0, 0), 1.0)  # outside: nothing happens
    assert canvas[0, 0].tolist() == [100, 100, 100]


def test_auto_reaches_every_theme_and_an_unknown_one_is_named() -> None:
    assert {choose("auto", seed).name for seed in range(8)} == {theme.name for theme in EVERYDAY} < set(THEMES)
    with pytest.raises(ThemeError, match=r"no theme 'mauve'; there are auto, plates"):
        choose("mauve", 1)


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (426, 240)])
def test_other_sizes_keep_both_scores_inside(size: tuple[int, int]) -> None:
    for name in NAMES:
        kit = Kit(choose(name, 5), size)
        width = kit.line(kit.text(0)).width
        for player in range(2):
            x, y = kit.mirrored(kit.theme.score.x, player), kit.theme.score.y * size[1]
            assert width / 2 <= x <= size[0] - width / 2
            assert kit.digit / 2 <= y <= size[1] - kit.digit / 2


@pytest.mark.parametrize(
    ("seed", "size", "song"), [(-1, SMALL, 6.0), (1, (100, 100), 6.0), (1, (9999, 480), 6.0), (1, SMALL, 0.1)]
)
def test_what_cannot_be_built_is_refused_in_words(seed: int, size: tuple[int, int], song: float) -> None:
    with pytest.raises(CabinetError, match="not"):
        build(seed, "plates", size, song)


def test_a_film_and_its_truth_tell_the_same_story(tmp_path: Path) -> None:
    built = build(3, "overlay", (320, 180), song=2.0)
    take = Take(tmp_path / "clip.mp4", tmp_path / "clip.jsonl", matches=2, fps=5.0)
    frames = film(built, take)
    capture = cv2.VideoCapture(str(take.path))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == frames
    capture.release()
    rows = [json.loads(line) for line in (tmp_path / "clip.jsonl").read_text().splitlines()]
    assert (rows[0]["type"], rows[0]["frames"], len(rows[0]["songs"])) == ("header", frames, 2)
    seen = [row for row in rows if row["type"] == "frame"]
    assert [row["frame"] for row in seen] == list(range(frames))
    play = [row for row in seen if row["screen"] == Screen.PLAY]
    assert len({row["song"] for row in play}) == 2
    for row in play:
        scene = built.scene(row["t"])
        for key, side in zip(("p1", "p2"), scene.match.sides, strict=True):
            assert row[key]["score"] == side.at(scene.t).score
            assert int(row[key]["shown"].replace(",", "")) == row[key]["shown_n"]
            assert row[key]["shown_n"] <= row[key]["score"]
    results = [row for row in rows if row["type"] == "eval"]
    for number, row in enumerate(results):
        match = built.session.match(number)
        assert [row["p1"]["shown_n"], row["p2"]["shown_n"]] == [side.final.score for side in match.sides]
        assert built.scene(row["t"] + 0.1).screen is Screen.RESULTS
