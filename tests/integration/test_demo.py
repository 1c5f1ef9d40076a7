"""`kubeddr demo` as a person runs it: it comes up, answers, and leaves nothing running however it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.people import SIGNED_IN, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None,
    reason="mosquitto is not installed (sudo apt install mosquitto)",
)
KUBEDDR = (sys.executable, "-m", "kubeddr")


MARK = "KUBEDDR_TEST_MARK"


def relatives(folder: Path) -> list[int]:
    """Whatever the demo of this folder started: all inherit the mark from it, the broker too."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = entry.read_bytes().split(b"\0")
        except OSError:  # it ended while we looked
            continue
        if mark in environment:
            found.append(int(entry.parent.name))
    return found


def eventually_nothing(folder: Path, within: float = 15.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not relatives(folder):
            return True
        time.sleep(0.1)
    return False


class Demo:
    """A running demo with all that it has said so far."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.said = folder.parent / "said"
        self.process = subprocess.Popen(
            [*KUBEDDR, "demo", "--data", str(folder), *more],
            stdout=self.said.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, MARK: str(folder)},
        )

    @property
    def text(self) -> str:
        return self.said.read_text()

    def until(self, words: str, within: float = 90.0) -> None:
        end = time.monotonic() + within
        while words not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            time.sleep(0.1)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Demo, Path]]:
    folder = tmp_path / "data"
    demo = Demo(folder)
    try:
        demo.until("Ctrl-C ends it")
        yield demo, folder
    finally:
        demo.process.kill()
        demo.process.wait()
        for pid in relatives(folder):
            os.kill(pid, signal.SIGKILL)


def test_everything_answers_and_ctrl_c_ends_it_all(running: tuple[Demo, Path]) -> None:
    demo, folder = running
    urls = re.findall(r"http://127\.0\.0\.1:\d+(?= +│)", demo.text)
    assert len(urls) == 5
    assert f"{urls[0]}/sign-in#{TOKEN}" in demo.text
    for url in urls:
        assert httpx.get(f"{url}/", trust_env=False).is_success
        assert httpx.get(f"{url}/healthz", trust_env=False).is_success
    devices = httpx.get(f"{urls[0]}/api/v1/devices", trust_env=False, headers=SIGNED_IN).json()["items"]
    assert {device["id"]: device["presence"] for device in devices} == {"cabinet-a": "online", "cabinet-b": "online"}
    assert len(relatives(folder)) == 7  # itself, broker, control plane, two cabinets, two devices

    os.killpg(demo.process.pid, signal.SIGINT)  # as a terminal does
    assert demo.process.wait(20) == 0
    assert "nothing is left running" in demo.text
    assert relatives(folder) == []


def test_killed_it_takes_its_children_along(running: tuple[Demo, Path]) -> None:
    demo, folder = running
    demo.process.kill()
    demo.process.wait()
    assert eventually_nothing(folder)


def test_a_child_that_dies_ends_the_demo_with_a_clear_word(running: tuple[Demo, Path]) -> None:
    demo, folder = running
    (victim, *_) = [
        pid for pid in relatives(folder) if b"agent" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
    os.kill(victim, signal.SIGKILL)
    assert demo.process.wait(20) == 1
    assert "These are the last words of the device at Cabinet" in demo.text
    assert "Traceback" not in demo.text
    assert relatives(folder) == []


def test_a_source_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "absent.mp4"
    done = subprocess.run(
        [*KUBEDDR, "demo", "--source", str(missing), "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, MARK: str(tmp_path)},
    )
    assert done.returncode == 1
    assert str(missing) in done.stderr
    assert "Traceback" not in done.stderr
    assert relatives(tmp_path) == []


def test_it_ends_by_itself_and_cleans_up(tmp_path: Path) -> None:
    done = subprocess.run(
        [*KUBEDDR, "demo", "--seconds", "1.5"],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        env={**os.environ, "TMPDIR": str(tmp_path), MARK: str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Cabinet A:" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert relatives(tmp_path) == []
