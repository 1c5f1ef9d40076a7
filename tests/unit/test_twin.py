"""Settings from afar on the device, with hand-written controls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from contract.messages import PageStyle, Settings, SettingsWish
from edge_agent.condition import NEARLY_FULL, Signs, problems, throttled
from edge_agent.twin import STARTS, Controls, Twin
from tests.device_broker import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_agent.capture.source import Source


class Device:
    """What settings are applied to."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "settings.json"
        self.applied: list[Settings] = []
        self.watched: list[str | None] = []
        self.sees = True
        self.breaks = False
        self.changed = threading.Event()

    def apply(self, values: Settings) -> None:
        if self.breaks and values.rate is not None:
            raise RuntimeError("no such rate")
        self.applied.append(values)

    def watch(self, source: Source | None) -> None:
        self.watched.append(None if source is None else source.name)

    def twin(self, *, steady: float = 60.0) -> Twin:
        controls = Controls(self.apply, self.watch, lambda: self.sees, self.changed.set)
        return Twin(self.path, controls, steady=steady, trial=0.3)

    def wait(self) -> None:
        assert self.changed.wait(10)
        self.changed.clear()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


@pytest.fixture
def twin(device: Device) -> Iterator[Twin]:
    made = device.twin()
    made.start()
    yield made
    made.close(2)


def wish(asked: int, **values: object) -> SettingsWish:
    return SettingsWish(asked=asked, values=Settings.model_validate(values))


def test_settings_are_applied_while_it_runs_and_outlast_a_restart(device: Device, twin: Twin) -> None:
    wanted = wish(3, name="Left", players=("Ada", "Bo"), rate=30, page="scores", source="http://127.0.0.1:9/x.mjpg")
    twin.offer(wanted)
    device.wait()
    assert (twin.report.settled, twin.report.values, twin.report.refused) == (3, wanted.values, "")
    assert device.applied[-1].players == ("Ada", "Bo")
    assert device.watched == ["http://127.0.0.1:9/x.mjpg"]
    twin.offer(wish(2, name="older"))
    twin.close(2)
    again = device.twin()
    again.start()
    assert device.applied[-1] == wanted.values
    source = again.source()
    assert source is not None
    assert source.name == "http://127.0.0.1:9/x.mjpg"
    again.close(2)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"source": "/nowhere/clip.mp4"}, "There is no /nowhere/clip.mp4"),
        ({"source": "gopher://x"}, "gopher"),
        ({"page": "hologram"}, "knows no such page"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(
    device: Device, twin: Twin, values: dict[str, object], reason: str
) -> None:
    twin.offer(wish(1, name="good"))
    device.wait()
    twin.offer(wish(2, **values))
    device.wait()
    assert reason in twin.report.refused
    assert (twin.report.settled, twin.report.values.name) == (2, "good")
    assert device.applied[-1].name == "good"


def test_a_source_without_a_picture_is_taken_back(device: Device, twin: Twin) -> None:
    twin.offer(wish(1, source="http://127.0.0.1:9/good.mjpg"))
    device.wait()
    device.sees = False
    twin.offer(wish(2, source="http://user:secret@127.0.0.1:9/bad.mjpg"))
    device.wait()
    assert "gave no picture" in twin.report.refused
    assert "secret" not in twin.report.refused
    assert device.watched[-2:] == ["http://user:secret@127.0.0.1:9/bad.mjpg", "http://127.0.0.1:9/good.mjpg"]


def test_an_error_in_applying_leaves_the_device_as_it_was(device: Device, twin: Twin) -> None:
    device.breaks = True
    twin.offer(wish(1, rate=10))
    device.wait()
    assert "no such rate" in twin.report.refused
    assert twin.report.values == Settings()


def test_a_device_that_does_not_come_up_comes_up_in_safe_mode(device: Device, twin: Twin) -> None:
    twin.offer(wish(5, name="bad", source="http://127.0.0.1:9/x.mjpg"))
    device.wait()
    twin.close(2)
    crashed = [device.twin() for _ in range(STARTS)]  # made, and never came up
    assert not any(each.report.safe for each in crashed)
    safe = device.twin()
    assert safe.report.safe
    assert safe.report.values == Settings()
    assert safe.source() is None
    assert "did not come up 3 times" in safe.report.refused
    safe.start()
    safe.offer(wish(6, name="better"))
    device.wait()
    assert (safe.report.safe, safe.report.values.name) == (False, "better")
    safe.close(2)


def test_a_start_that_lasts_counts_as_one_that_came_up(device: Device) -> None:
    for _ in range(STARTS + 2):
        made = device.twin(steady=0.01)
        made.start()
        eventually(lambda: '"starts":0' in device.path.read_text())
        made.close(2)
    assert not device.twin().report.safe


def test_a_damaged_file_is_no_end(device: Device) -> None:
    device.path.write_bytes(b"\0" * 50)
    assert device.twin().report.safe
    assert device.twin().report.values == Settings()


@pytest.mark.parametrize(
    ("signs", "codes"),
    [
        (Signs(), []),
        (Signs(no_picture="unplugged"), ["no_picture"]),
        (Signs(confidence=0.3), ["low_confidence"]),
        (Signs(confidence=0.9, temperature=50.0, throttled=False, disk_free=NEARLY_FULL, clock_off=-3.0), []),
        (Signs(temperature=85.0, throttled=True), ["hot", "throttled"]),
        (Signs(disk_free=1000), ["disk_full"]),
        (Signs(clock_off=-7200.0), ["clock_off"]),
        (Signs(silent=60.0, failing=50, lost=2), ["stuck", "unreadable", "events_lost"]),
        (Signs(safe="it did not come up"), ["safe_mode"]),
    ],
)
def test_what_is_wrong(signs: Signs, codes: list[str]) -> None:
    found = problems(signs)
    assert [problem.code.value for problem in found] == codes
    assert all(problem.text for problem in found)


def test_a_board_says_that_it_slows_itself_down(tmp_path: Path) -> None:
    file = tmp_path / "get_throttled"
    assert throttled(file) is None
    for text, slow in (("0x0", False), ("0x50000", False), ("0x50005", True), ("rubbish", None)):
        file.write_text(text)
        assert throttled(file) is slow


def test_a_page_of_a_later_version_is_unknown_and_not_an_error() -> None:
    assert Settings.model_validate({"page": "hologram"}).page is PageStyle.UNKNOWN
