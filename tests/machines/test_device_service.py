"""The installer and the unit on a real systemd: how the service starts, what it may do, and how it comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_agent.packaging.steps import COMMAND, ENVIRONMENT, FILES, PROGRAMS, STATE, UNIT
from tests.cluster import ROOT
from tests.machine import Machine, machine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    wheel = tmp_path_factory.mktemp("built") / "wheel"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheel)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with machine(wheel) as booted:
        booted.run("python3 -m venv /opt/from && /opt/from/bin/pip install -q --no-index /wheel/*.whl")
        booted.run("/opt/from/bin/kubeddr device install /wheel/*.whl --device left --url http://127.0.0.1:9")
        booted.run("rm -rf /opt/from")
        yield booted


def main_pid(device: Machine) -> str:
    return device.shows(UNIT, "MainPID")


def is_up(device: Machine) -> bool:
    return device.shows(UNIT, "ActiveState") == "active" and main_pid(device) != "0"


def test_it_runs_and_shows_its_page_though_no_camera_is_there_yet(device: Machine) -> None:
    assert is_up(device)
    assert device.shows(UNIT, "NRestarts") == "0"
    said = json.loads(device.run("kubeddr device status --json", check=False))
    assert said["ActiveState"] == "active"
    assert "no picture" in said["health"]
    assert device.run("systemctl is-enabled kubeddr-agent") == "enabled"


def test_it_is_nobody_and_may_do_nothing_but_its_work(device: Machine) -> None:
    pid = main_pid(device)
    status = dict(line.split(":\t", 1) for line in device.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert status["Uid"].split()[0] == device.run("id -u kubeddr") != "0"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")
    assert device.run("id -nG kubeddr").split() == ["kubeddr", "video"]
    limits = device.run(f"cat /proc/{pid}/limits")
    assert "Max open files            1024" in limits


def test_it_writes_to_its_own_folder_and_nowhere_else(device: Machine) -> None:
    inside = f"nsenter -t {main_pid(device)} -m --"
    for folder in ("/usr", "/etc", "/opt/kubeddr", "/var", "/home"):
        assert device.run(f"{inside} touch {folder}/try 2>&1 || echo no", check=False).endswith("no"), folder
    device.run(f"{inside} touch {STATE}/try && rm {STATE}/try")
    assert device.run(f"stat -c %a:%U {STATE}") == "700:kubeddr"
    assert device.run(f"stat -c %a:%U {ENVIRONMENT}") == "600:root"


def test_killed_it_comes_back(device: Machine) -> None:
    before = main_pid(device)
    device.run(f"kill -KILL {before}")
    device.eventually(lambda: is_up(device) and main_pid(device) != before, "coming back")


def test_hung_it_is_ended_and_comes_back(device: Machine) -> None:
    device.run(f"mkdir -p /run/systemd/system/{UNIT}.d")
    device.run(f"printf '[Service]\\nWatchdogSec=5\\n' > /run/systemd/system/{UNIT}.d/soon.conf")
    device.run(f"systemctl daemon-reload && systemctl restart {UNIT}")
    before = main_pid(device)
    device.run("sleep 12")
    assert main_pid(device) == before  # it says that it works, so it is left alone
    device.run(f"kill -STOP {before}")
    device.eventually(lambda: is_up(device) and main_pid(device) != before, "coming back")
    assert "Watchdog timeout" in device.run(f"journalctl --no-pager -u {UNIT}")


def test_its_name_and_settings_outlast_a_new_start_and_another_installation(device: Machine) -> None:
    before = device.run(f"cat {ENVIRONMENT}")
    assert "KUBEDDR_DEVICE=left\n" in before
    first = device.run("readlink /opt/kubeddr/current")
    device.run("kubeddr device install /wheel/*.whl")
    device.eventually(lambda: is_up(device), "coming back")
    assert device.run(f"cat {ENVIRONMENT}") == before
    assert device.run("readlink /opt/kubeddr/current") != first
    assert device.run(f"test -d {first} && echo kept") == "kept"


def test_purged_nothing_of_it_is_left(device: Machine) -> None:
    device.run("kubeddr device uninstall --purge")
    for path in (COMMAND, PROGRAMS, STATE, ENVIRONMENT, *FILES.values()):
        assert device.run(f"test -e {path} && echo there", check=False) == "", path
    assert device.run("id kubeddr 2>&1 || echo gone", check=False).endswith("gone")
    assert device.run(f"systemctl is-active {UNIT}", check=False) != "active"
