from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from edge_agent.capture.source import SourceKind, parse_source
from edge_agent.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "kind", "live"),
    [
        ("0", SourceKind.CAMERA, True),
        ("12", SourceKind.CAMERA, True),
        ("/dev/video7", SourceKind.CAMERA, True),
        ("http://127.0.0.1:8000/stream.mjpg", SourceKind.STREAM, True),
        ("rtsp://camera/1", SourceKind.STREAM, True),
        ("tcp://127.0.0.1:9000", SourceKind.STREAM, True),
        ("udp://127.0.0.1:9000", SourceKind.STREAM, True),
        ("http://127.0.0.1:8000/evening.mp4", SourceKind.FILE, False),
    ],
)
def test_addresses_are_told_apart(text: str, kind: SourceKind, live: bool) -> None:
    source = parse_source(text)
    assert (source.kind, source.live) == (kind, live)


def test_pictures_come_in_order_from_a_directory_a_pattern_and_a_glob(tmp_path: Path) -> None:
    for name in ("shot_2.png", "shot_10.png", "shot_1.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    numbered = [path.name for path in parse_source(str(tmp_path / "shot_%d.png")).pictures]
    assert numbered == ["shot_1.png", "shot_2.png", "shot_10.png"]
    assert [p.name for p in parse_source(str(tmp_path)).pictures] == ["shot_1.png", "shot_10.png", "shot_2.png"]
    assert [p.name for p in parse_source(str(tmp_path / "shot_1*.png")).pictures] == ["shot_1.png", "shot_10.png"]
    assert [p.name for p in parse_source(str(tmp_path / "shot_1.png")).pictures] == ["shot_1.png"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere.mp4", "There is no nowhere.mp4"),
        ("gopher://camera", "gopher:// is no address"),
        ("shots_%04d.png", "holds no pictures"),
        ("shots_*.png", "holds no pictures"),
        ("-1", "There is no -1"),
        ("", "is no video|holds no pictures"),
        ("/dev/null", "is no video"),
    ],
)
def test_what_cannot_be_watched_is_said_in_one_sentence(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=words) as caught:
        parse_source(text)
    assert "\n" not in str(caught.value)


def test_an_empty_file_and_an_empty_directory_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "none").mkdir()
    with pytest.raises(SourceError, match="is empty"):
        parse_source(str(tmp_path / "empty.mp4"))
    with pytest.raises(SourceError, match="holds no pictures"):
        parse_source(str(tmp_path / "none"))


def test_a_named_pipe_is_live(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert parse_source(str(tmp_path / "pipe")).live
