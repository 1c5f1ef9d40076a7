"""A whole device: a clip in, its own page and the broker out."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from edge_agent.errors import SettingsError
from tests.agent_running import NervousReader, Running
from tests.device_broker import Broker, FakeControlPlane, eventually
from tests.device_fakes import UNIT, song, write_clip
from vision.geometry import TextLine
from vision.layout import Display, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from game.reading import ScreenReading
    from vision.frame import Frame


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A song of two seconds at many frames a second, so that a test need not wait for it."""
    return write_clip(tmp_path / "clip.mp4", song(2.0, fps=10), fps=10)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


def ours() -> set[str]:
    return {thread.name for thread in threading.enumerate()} & {"worker", "capture", "link", "updates"}


def test_a_clip_becomes_a_match_on_the_page_and_at_the_broker(clip: Path, broker: Broker, tmp_path: Path) -> None:
    plane = FakeControlPlane(broker.port, "cabinet-1")
    running = Running(tmp_path, str(clip), f"127.0.0.1:{broker.port}")
    eventually(lambda: running.view()["phase"] == "match", 15)
    with httpx.stream("GET", running.agent.page + "/events") as stream:
        shown = next(json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
    assert shown["device"] == "First cabinet"
    eventually(lambda: plane.bodies("match_progress"))
    eventually(lambda: plane.bodies("match_finished"), 15)
    result = plane.bodies("match_finished")[0]
    assert (result["p1_final"], result["p2_final"], result["winner"]) == (20 * UNIT, 16 * UNIT, 1)
    assert result["match_id"] == plane.bodies("match_started")[0]["match_id"]
    assert running.view()["result"] == {"p1": 20 * UNIT, "p2": 16 * UNIT, "winner": 1}
    reported = plane.seen["reported"][-1]
    assert (reported["name"], reported["models"][0]["name"]) == ("First cabinet", "fake")
    assert running.get("/snapshot.jpg").content[:2] == b"\xff\xd8"
    assert running.get("/healthz").json() == {"ok": True, "reasons": []}
    told = running.get("/metrics").text
    assert 'kubeddr_capture_state{state="live"} 1.0' in told
    assert 'kubeddr_link_state{state="connected"} 1.0' in told
    errors = next(line for line in told.splitlines() if line.startswith("kubeddr_pipeline_errors_total"))
    assert float(errors.split()[1]) > 0  # the reader had its bad moments, and the device went on
    running.stop()
    assert not ours()
    assert not eventually(lambda: plane.seen["status"][1:])[-1]["online"]
    plane.close()


def test_a_device_alone_shows_its_match_and_keeps_it_for_later(clip: Path, tmp_path: Path) -> None:
    dead = Broker(tmp_path)  # never started
    running = Running(tmp_path, str(clip), f"127.0.0.1:{dead.port}")
    eventually(lambda: running.view()["phase"] == "match", 15)
    eventually(lambda: running.view()["result"], 15)
    assert running.view()["link"] in ("waiting", "connecting")
    assert "kubeddr_outbox_events 0.0" not in running.get("/metrics").text
    running.stop()


def test_a_layout_that_a_match_was_read_with_is_known_after_a_restart(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = Display(TextLine(10.0, 110.0, 30.0, 16.0), (20.0, 40.0, 60.0, 80.0, 100.0))
    monkeypatch.setattr(NervousReader, "layout", Layout(display, None), raising=False)
    monkeypatch.setattr(NervousReader, "known", (), raising=False)
    running = Running(tmp_path, str(clip))
    eventually(lambda: running.view()["result"], 15)
    running.stop()
    again = Running(tmp_path, str(clip))
    eventually(lambda: again.view()["result"], 15)
    again.stop()
    reader = again.agent._worker._reader
    assert isinstance(reader, NervousReader)
    assert [known.layout for known in getattr(reader, "known", ())] == [Layout(display, None)]


def test_a_device_without_a_picture_says_so(tmp_path: Path) -> None:
    running = Running(tmp_path, "http://127.0.0.1:9/stream.mjpg")
    eventually(lambda: running.view()["picture"]["state"] == "lost")
    health = running.get("/healthz")
    assert health.status_code == 503
    assert health.json()["reasons"] == ["no picture: http://127.0.0.1:9/stream.mjpg does not open"]
    assert running.get("/snapshot.jpg").status_code == 503
    assert "kubeddr" in running.get("/").text
    running.stop()


def test_a_reader_that_fails_on_every_picture_is_told_once_and_makes_the_device_ill(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(_reader: NervousReader, _frame: Frame) -> ScreenReading:
        raise ValueError("a bad evening")

    monkeypatch.setattr(NervousReader, "read", broken)
    running = Running(tmp_path, str(clip))
    eventually(lambda: running.get("/healthz").json()["reasons"] == ["no picture can be read; the log says why"], 15)
    running.stop()
    said = "".join(capfd.readouterr())
    assert said.count("a frame failed") == said.count("ValueError: a bad evening") == 1


def test_two_agents_do_not_share_a_folder_or_a_port(clip: Path, tmp_path: Path) -> None:
    running = Running(tmp_path, str(clip))
    with pytest.raises(SettingsError, match="Another agent works in"):
        Running(tmp_path, str(clip))
    running.stop()


def test_the_end_comes_soon_in_the_middle_of_a_match_and_leaves_it_open(
    clip: Path, broker: Broker, tmp_path: Path
) -> None:
    plane = FakeControlPlane(broker.port, "cabinet-1")
    running = Running(tmp_path, str(clip), f"127.0.0.1:{broker.port}")
    eventually(lambda: plane.bodies("match_started"), 15)
    running.stop()
    (result,) = eventually(lambda: plane.bodies("match_finished"))
    assert (result["p1_final"], result["winner"]) == (None, None)
    assert not ours()
    plane.close()
