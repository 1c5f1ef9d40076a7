from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import pytest

from edge_agent.capture.recording import Recording, media_time
from edge_agent.capture.source import parse_source
from edge_agent.errors import SourceError
from tests.device_fakes import picture, song, write_clip

if TYPE_CHECKING:
    from pathlib import Path


def test_every_frame_comes_with_its_media_time(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [picture(i % 20, 0) for i in range(45)], fps=15)
    recording = Recording(parse_source(str(clip)))
    frames = list(recording.frames())
    assert [frame.index for frame in frames] == list(range(45))
    assert [frame.t for frame in frames] == [i / 15 for i in range(45)]
    assert recording.note is None


def test_a_recording_cut_short_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.avi", song(), fps=10)
    cut = tmp_path / "cut.avi"
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    recording = Recording(parse_source(str(cut)))
    frames = list(recording.frames())
    assert 10 < len(frames) < len(song())
    assert recording.note is not None
    assert "ended early" in recording.note


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("noise.mp4", bytes(range(256)) * 400),
        ("text.mp4", b"this is no video\n"),
        ("header.mp4", b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"),
        ("picture.png", b"\x89PNG\r\n\x1a\n broken"),
        ("no_ending", b"\x00" * 5000),
    ],
)
def test_what_is_no_recording_is_refused(
    name: str, data: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=name):
        list(Recording(parse_source(str(tmp_path / name))).frames())
    assert capfd.readouterr().err == ""  # the decoders keep quiet


def test_broken_pictures_of_a_sequence_are_left_out_and_counted(tmp_path: Path) -> None:
    for index in range(5):
        cv2.imwrite(str(tmp_path / f"shot_{index}.png"), picture(index, index))
    (tmp_path / "shot_2.png").write_bytes(b"")
    recording = Recording(parse_source(str(tmp_path / "shot_%d.png")))
    assert [frame.index for frame in recording.frames()] == [0, 1, 3, 4]
    assert recording.note == "1 of 5 pictures could not be decoded and were left out"


def test_the_digest_follows_the_contents_and_not_the_name(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "one.mp4", song(2.0))
    twin = tmp_path / "two.mp4"
    twin.write_bytes(clip.read_bytes())
    other = write_clip(tmp_path / "other.mp4", song(3.0))
    one, two, three = (Recording(parse_source(str(path))).digest() for path in (clip, twin, other))
    assert one == two != three


@pytest.mark.parametrize(
    ("index", "stamp", "previous", "t"),
    [
        (3, 0.1, 0.0666, 0.1),  # on the grid
        (3, 0.1004, 0.0666, 0.1),  # rounded by the container
        (3, 5.0, 0.0666, 5.0),  # a damaged stretch was left out
        (3, 0.0, 0.0666, 0.0666 + 1e-6),  # a stamp that goes back
        (3, math.nan, 0.0666, 0.1),  # no stamp
    ],
)
def test_media_time_is_the_grid_unless_the_stamps_depart_from_it(
    index: int, stamp: float, previous: float, t: float
) -> None:
    assert media_time(index, 30.0, stamp, previous) == pytest.approx(t, abs=1e-12)
