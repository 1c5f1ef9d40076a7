from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytesseract
import pytest

from edge_agent.songs import KEPT, Songs
from game.song import Song
from models.simulate.cabinet import build
from vision.frame import Frame
from vision.text import TextSeen, read_text, song_of

if TYPE_CHECKING:
    from vision.frame import Image


def seen(*texts: str) -> list[TextSeen]:
    return [TextSeen(text, 90.0, 0.5, 0.1 * row) for row, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("pictures", "song"),
    [
        (
            [seen("STAGE 1", "Paper Comets", "VS"), seen("STAGE 1", "PAPER COMETS", "LEVEL 7")],
            Song("Paper Comets", "7"),
        ),
        ([seen("Night Ferry", "EXPERT"), seen("Night Ferry", "MAX COMBO")], Song("Night Ferry", "Expert")),
        ([seen("Night Ferry")], Song("Night Ferry", None)),
        ([seen("Night Ferry"), seen("flicker of arrows")], Song()),
        ([seen("000,962,803", "12:34", "BPM 150", "%&/ )="), seen("000,962,803", "READY", "P1")], Song()),
        ([[], []], Song()),
        ([], Song()),
    ],
)
def test_the_title_is_what_lasts_and_is_no_furniture(pictures: list[list[TextSeen]], song: Song) -> None:
    assert song_of(pictures) == song


def test_of_two_lasting_texts_the_one_in_the_middle_is_the_title() -> None:
    picture = [TextSeen("LONGNAME", 95.0, 0.1, 0.2), TextSeen("Velvet Static", 80.0, 0.5, 0.05)]
    assert song_of([picture, picture]).title == "Velvet Static"


@pytest.mark.parametrize(
    "error", [pytesseract.TesseractNotFoundError(), pytesseract.TesseractError(1, "bad"), RuntimeError("timeout")]
)
def test_without_tesseract_there_is_no_text(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pytesseract, "image_to_data", fail)
    assert read_text(np.zeros((48, 64, 3), np.uint8)) == []


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_a_rendered_song_is_read_off_its_announcement_and_its_dance() -> None:
    cabinet = build(9, "grove", (854, 480), 10.0)
    song = song_of([read_text(cabinet.frame(t)) for t in (6.7, 8.2, 9.7)])
    assert song.title == cabinet.session.match(0).title


def test_songs_reads_the_pictures_around_the_beginning_once() -> None:
    asked: list[int] = []

    def read(image: Image) -> list[TextSeen]:
        asked.append(int(image[0, 0, 0]))
        return seen("Night Ferry")

    songs = Songs(read)
    assert songs.song() == Song()
    for second in range(20):
        songs.see(Frame(np.full((8, 8, 3), second, np.uint8), float(second), second))
    songs.begin()
    assert songs.song() == Song("Night Ferry")
    assert len(asked) == KEPT
    assert min(asked) >= 14


def test_time_that_begins_anew_does_not_keep_old_pictures_for_ever() -> None:
    songs = Songs(lambda image: seen("OLD TIMES" if image[0, 0, 0] else "NEW TIMES"))
    songs.see(Frame(np.full((8, 8, 3), 1, np.uint8), 500.0, 0))
    for second in range(8):
        songs.see(Frame(np.zeros((8, 8, 3), np.uint8), float(second), second))
    songs.begin()
    assert songs.song().title == "NEW TIMES"
