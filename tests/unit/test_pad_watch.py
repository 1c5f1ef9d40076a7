"""A second camera beside the screen: what it adds, and that it changes nothing else."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edge_agent.capture.source import parse_source
from edge_agent.errors import SourceError
from edge_agent.pipeline import Pipeline
from edge_agent.watch import Watch
from kubeddr.cli import app
from models import predictor
from models.simulate.pads.scene import Order, draw_scene
from tests.device_fakes import LevelReader, song, write_clip
from tests.pad_fakes import Faultless, seen
from tests.unit.test_watch import Quiet
from vision.pad.reader import PadReader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ADDED = {"press", "dancers", "danced", "disagreement"}


class Danced(Faultless):
    """Sees a rendered dance, a picture later at every call."""

    def __init__(self) -> None:
        super().__init__(320)
        self._scene = draw_scene(2, Order(seconds=8.0, pads=2, dancers=True, double=False, calm=True))
        self._calls = 0

    def __call__(self, values: NDArray[Any]) -> NDArray[np.float32]:
        self.found = seen(self._scene.truth(self._calls / 10))
        self._calls += 1
        return super().__call__(values)


def watched(screen: Path, pad: Path | None) -> list[dict[str, Any]]:
    out = io.StringIO()
    beside = None if pad is None else (PadReader(Danced()), parse_source(str(pad)))
    Watch(Pipeline(LevelReader(), predictor.default()), out, Quiet(), pad=beside).run(parse_source(str(screen)))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_pads_add_lines_and_change_none(tmp_path: Path) -> None:
    screen = write_clip(tmp_path / "song.mp4", song())
    pad = write_clip(tmp_path / "pad.mp4", [np.zeros((96, 128, 3), np.uint8)] * len(song()))
    plain = watched(screen, None)
    both = watched(screen, pad)
    assert [line for line in both if line["type"] not in ADDED] == plain
    added = [line for line in both if line["type"] in ADDED]
    assert {line["type"] for line in added} == {"press", "dancers", "danced"}
    (danced,) = [line for line in added if line["type"] == "danced"]
    assert (danced["p1"], danced["p2"]) == (True, True)
    assert all(line["panel"] and line["pad"] in {1, 2} for line in added if line["type"] == "press")


def test_a_pad_recording_may_end_early(tmp_path: Path) -> None:
    screen = write_clip(tmp_path / "song.mp4", song())
    pad = write_clip(tmp_path / "pad.mp4", [np.zeros((96, 128, 3), np.uint8)] * 3)
    both = watched(screen, pad)
    assert [line for line in both if line["type"] not in ADDED] == watched(screen, None)


def test_a_pad_source_that_is_no_video_is_told(tmp_path: Path) -> None:
    screen = write_clip(tmp_path / "song.mp4", song())
    broken = tmp_path / "pad.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(SourceError, match=r"pad\.mp4 is not a video"):
        watched(screen, broken)


def test_read_pad_tells_of_files_that_are_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    told = CliRunner().invoke(app, ["read-pad", str(tmp_path / "text.png"), str(tmp_path / "gone.png"), "--json"])
    assert told.exit_code == 1
    assert "text.png is not a picture" in told.stderr
    assert "Cannot read" in told.stderr
    assert "Traceback" not in told.output
