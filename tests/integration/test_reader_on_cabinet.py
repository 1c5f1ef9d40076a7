"""The reader with its real networks, on rendered games that nobody told it anything about."""

from __future__ import annotations

import numpy as np
import pytest

from models.bundle import builtin
from models.simulate.cabinet import Cabinet, build
from models.simulate.screens.play import shown
from models.simulate.session import Scene, Screen
from vision.frame import Frame, Image
from vision.known import known
from vision.reader import Reader, read_still
from vision.stand import NEWS

FPS = 20.0
HELD = 0.5  # confidence of a reading that stands in for an unsure one
LATE = 3 + round(NEWS * FPS)  # frames that a reading may be behind the picture: a score that stood is news for a while


def new_reader() -> Reader:
    bundle = builtin("reader")
    return Reader(bundle.network("locator"), bundle.network("line"))


def both(scene: Scene) -> tuple[int, int]:
    one, two = (shown(side, scene.t, scene.match.roll) for side in scene.match.sides)
    return one, two


def pictures(cabinet: Cabinet, seconds: float) -> list[tuple[Frame, tuple[int, int]]]:
    """Frames from the moment at which the song's screen comes up, and what both displays show."""
    start = next(t for t in np.arange(0.0, 60.0, 0.5) if cabinet.scene(float(t)).screen is Screen.PLAY)
    frames = []
    for index in range(round(seconds * FPS)):
        scene = cabinet.scene(float(start) + index / FPS)
        frames.append((Frame(cabinet.renderer.frame(scene), index / FPS, index), both(scene)))
    return frames


@pytest.mark.parametrize(
    ("theme", "size"),
    [("plates", (854, 480)), ("overlay", (1280, 720)), ("arcade", (854, 480)), ("sunset", (640, 480))],
)
def test_scores_are_found_and_read_without_a_word(theme: str, size: tuple[int, int]) -> None:
    cabinet = build(31, theme, size)
    reader = new_reader()
    right = wrong = 0
    history: list[tuple[int, int]] = []
    for frame, now in pictures(cabinet, 12.0):
        reading = reader.read(frame)
        history.append(now)
        for side, player in enumerate((reading.p1, reading.p2)):
            if player.value is None:
                continue
            recent = {then[side] for then in history[-LATE:]}
            right += player.value in recent
            wrong += player.value not in recent
    assert reader.layout is not None
    assert right > 0.6 * 2 * len(history)
    assert wrong <= 0.01 * right


@pytest.mark.parametrize("shape", [(480, 854, 3), (90, 160, 3), (16, 16, 3), (1, 1, 3), (0, 0, 3), (40, 4000, 3)])
@pytest.mark.parametrize("kind", ["black", "white", "noise"])
def test_pictures_without_a_game_say_nothing(shape: tuple[int, int, int], kind: str) -> None:
    rng = np.random.default_rng(1)
    reader = new_reader()
    for index in range(6):
        image: Image = {
            "black": np.zeros(shape, np.uint8),
            "white": np.full(shape, 255, np.uint8),
            "noise": rng.integers(0, 256, shape, dtype=np.uint8),
        }[kind]
        reading = reader.read(Frame(image, index * 0.3, index))
        assert reading.p1.value is None
        assert reading.p2.value is None
        assert not reading.visible


@pytest.mark.parametrize(
    "image", [np.zeros((48, 64), np.uint8), np.zeros((48, 64, 4), np.uint8), np.zeros((48, 64, 3))]
)
def test_pictures_of_another_kind_are_no_error(image: Image) -> None:
    assert not new_reader().read(Frame(image, 0.0, 0)).visible
    bundle = builtin("reader")
    assert read_still(image, bundle.network("locator"), bundle.network("line")) == []


def test_a_mirrored_pair_of_screens_swaps_the_players() -> None:
    cabinet = build(31, "plates", (854, 480))
    straight, swapped = new_reader(), new_reader()
    agreed = read = 0
    for frame, _ in pictures(cabinet, 8.0):
        half = frame.image.shape[1] // 2
        exchanged = np.concatenate([frame.image[:, half:], frame.image[:, :half]], axis=1)
        one = straight.read(frame)
        two = swapped.read(Frame(exchanged, frame.t, frame.index))
        if min(r.confidence for r in (one.p1, one.p2, two.p1, two.p2)) > HELD:
            read += 1
            agreed += (one.p1.value, one.p2.value) == (two.p2.value, two.p1.value)
    assert read > 2 * FPS
    assert agreed > 0.9 * read  # the two roll by frames of their own choice


def first_read(reader: Reader, frames: list[tuple[Frame, tuple[int, int]]]) -> int:
    """Frames until both displays are read."""
    for index, (frame, _) in enumerate(frames):
        reading = reader.read(frame)
        if reading.p1.value is not None and reading.p2.value is not None:
            return index
    raise AssertionError("never read")


def test_a_layout_seen_before_is_found_at_once() -> None:
    frames = pictures(build(31, "plates", (854, 480)), 9.0)
    fresh = new_reader()
    slow = first_read(fresh, frames)
    kept = known(frames[slow][0].image, fresh.layout)
    assert kept is not None
    knowing = new_reader()
    knowing.known = (kept,)
    assert first_read(knowing, frames) < slow - FPS / 2


def test_a_layout_of_another_game_misleads_nobody() -> None:
    frames = pictures(build(31, "overlay", (854, 480)), 9.0)
    other = pictures(build(31, "plates", (854, 480)), 9.0)
    finder, plain, misled = new_reader(), new_reader(), new_reader()
    first_read(finder, other)
    kept = known(other[0][0].image, finder.layout)
    assert kept is not None
    misled.known = (kept,)
    assert [misled.read(frame) for frame, _ in frames] == [plain.read(frame) for frame, _ in frames]
