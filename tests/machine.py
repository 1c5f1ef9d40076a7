"""A machine with systemd of its own, booted by systemd-nspawn; all that it writes is gone afterwards."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 120.0  # seconds: booting and installing beside other work
INSIDE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """A booted machine; `leader` is its systemd's number on the host."""

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def run(self, command: str, *, check: bool = True) -> str:
        """Run a shell command inside as root, and return what it printed."""
        environment = ["env", "-i", f"PATH={INSIDE}", "HOME=/root", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels"]
        enter = ["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-p", "-r", "-w", "--"]
        said = subprocess.run(
            [*enter, *environment, "bash", "-c", command], capture_output=True, text=True, check=False
        )
        assert said.returncode == 0 or not check, f"{command}\n{said.stdout}{said.stderr}"
        return said.stdout.strip()

    def shows(self, unit: str, name: str) -> str:
        """One of a unit's properties."""
        return self.run(f"systemctl show {shlex.quote(unit)} --property={name} --value")

    def eventually(self, check: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if check():
                return
            time.sleep(0.5)
        raise AssertionError(f"{what} did not happen within {PATIENCE} seconds")


@contextmanager
def machine(*shown: Path) -> Iterator[Machine]:
    """Boot one; the folders `shown` are at / inside, by their names, to be read."""
    if os.geteuid() != 0:
        pytest.skip("booting a machine takes root")
    root = Path(os.environ.get("KUBEDDR_DEVICE_ROOT", ""))
    if not os.environ.get("KUBEDDR_DEVICE_ROOT"):
        pytest.skip("there is no root file system to boot: `make test-device` makes one")
    command = [needed("systemd-nspawn"), "--quiet", f"--directory={root}", "--volatile=overlay", "--boot"]
    command += ["--machine=kubeddr-test", "--register=no", "--keep-unit", "--console=pipe", "--link-journal=no"]
    command += [f"--bind-ro={root}.wheels:/wheels", *(f"--bind-ro={path}:/{path.name}" for path in shown)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        booted = Machine(_leader(process))
        booted.eventually(
            lambda: booted.run("systemctl is-system-running", check=False) in {"running", "degraded"}, "booting"
        )
        yield booted
    finally:
        process.terminate()  # an orderly end of the machine
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


def _leader(process: subprocess.Popen[bytes]) -> int:
    """The first process inside, once its init is at work."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            said = process.stderr.read().decode() if process.stderr else ""
            raise AssertionError(f"systemd-nspawn ended at once: {said}")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return int(child)
        time.sleep(0.1)
    raise AssertionError("the machine did not boot")
