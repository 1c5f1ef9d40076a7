"""The device's unit, as systemd itself judges it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from edge_agent.packaging.steps import UNIT, text
from tests.cluster import ROOT, needed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST = 2.0  # of systemd's exposure score, which goes from 0 (safe) to 10
HELD = {
    "Type": "notify",
    "Restart": "always",
    "WatchdogSec": "30",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "DevicePolicy": "closed",
    "StartLimitIntervalSec": "0",
    "MemorySwapMax": "0",
}


def unit() -> str:
    return text(UNIT)


def analysed(folder: Path, unit: str, *command: str) -> subprocess.CompletedProcess[str]:
    path = folder / UNIT
    path.write_text(unit.replace("/opt/kubeddr/current/bin/kubeddr", "/bin/true"))  # which is there
    command = (needed("systemd-analyze"), *command, str(path))
    return subprocess.run(command, capture_output=True, text=True, check=False)


def own_faults(unit: str) -> list[str]:
    said = dict(re.findall(r"(?m)^(\w+)=(.*)$", unit))
    found = [f"{name} is {said.get(name)!r}" for name, value in HELD.items() if said.get(name) != value]
    found += [
        f"no {name}" for name in ("MemoryMax", "TasksMax", "TimeoutStopSec", "StateDirectory") if name not in said
    ]
    if said.get("User", "root") in {"root", "0"}:
        found.append("runs as root")
    return found


def complaints(said: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in said.stderr.splitlines() if UNIT in line]


def score(said: subprocess.CompletedProcess[str]) -> float:
    found = re.search(r"Overall exposure level.*?: ([0-9.]+)", said.stdout)
    assert found is not None, said.stdout + said.stderr
    return float(found[1])


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    assert complaints(analysed(tmp_path, unit(), "verify")) == []


def test_it_is_held_as_tightly_as_it_can_be(tmp_path: Path) -> None:
    assert own_faults(unit()) == []
    assert score(analysed(tmp_path, unit(), "security", "--offline=true")) <= MOST


@pytest.mark.parametrize(
    "slip",
    [
        lambda u: u.replace("WatchdogSec", "WachdogSec"),
        lambda u: u.replace("Restart=always", "Restart=allways"),
        lambda u: u.replace("MemoryMax=640M", "MemoryMax=640 Megabytes"),
    ],
)
def test_systemd_catches_a_slip(tmp_path: Path, slip: Callable[[str], str]) -> None:
    assert complaints(analysed(tmp_path, slip(unit()), "verify"))


@pytest.mark.parametrize(
    "slip",
    [
        lambda u: u.replace("User=kubeddr\n", ""),
        lambda u: u.replace("ProtectSystem=strict", "ProtectSystem=no"),
        lambda u: re.sub("(?m)^MemoryMax=.*\n", "", u),
        lambda u: u.replace("WatchdogSec=30\n", ""),
        lambda u: u.replace("CapabilityBoundingSet=\n", ""),
    ],
)
def test_a_planted_weakness_is_caught(slip: Callable[[str], str]) -> None:
    spoiled = slip(unit())
    assert spoiled != unit()
    assert own_faults(spoiled)


def test_a_unit_without_its_walls_scores_worse(tmp_path: Path) -> None:
    bare = re.sub(r"(?m)^(Protect|Restrict|SystemCall|Capability|Device|Private|NoNew|User|Group).*\n", "", unit())
    assert score(analysed(tmp_path, bare, "security", "--offline=true")) > MOST


@pytest.mark.parametrize("script", sorted(ROOT.glob("edge_agent/packaging/pi-gen/**/*.sh")), ids=lambda path: path.name)
def test_the_image_recipe_is_shell_and_can_be_run(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
