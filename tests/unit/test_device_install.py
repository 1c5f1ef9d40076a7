from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.errors import InstallError
from edge_agent.packaging import cameras, steps
from edge_agent.packaging.cameras import Kind
from edge_agent.supervision import Supervisor
from kubeddr.cli import app

PLACE = steps.Place(Path("/x/kubeddr.whl"), Path("/x/runtime.txt"), Path("/opt/kubeddr/agent-2"))


def sysfs(folder: Path, *nodes: tuple[str, int]) -> Path:
    for number, (name, index) in enumerate(nodes):
        node = folder / f"video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(f"{name}\n")
        (node / "index").write_text(f"{index}\n")
    return folder


def test_a_capture_card_comes_before_a_camera_and_a_ribbon_cable_last(tmp_path: Path) -> None:
    nodes = (("unicam-image", 0), ("HD Pro Webcam C920", 0), ("HD Pro Webcam C920", 1), ("USB Video: USB Video", 0))
    found = cameras.find(sysfs(tmp_path, *nodes))
    assert [(camera.path, camera.kind) for camera in found] == [
        ("/dev/video3", Kind.CARD),
        ("/dev/video1", Kind.CAMERA),
        ("/dev/video0", Kind.CSI),
    ]


@pytest.mark.parametrize("name", ["bcm2835-codec-decode", "bcm2835-isp-capture0", "rpi-hevc-dec", "pispbe-input"])
def test_what_gives_no_pictures_is_no_camera(tmp_path: Path, name: str) -> None:
    assert cameras.find(sysfs(tmp_path, (name, 0))) == ()


def test_many_nodes_are_ordered_by_number(tmp_path: Path) -> None:
    found = cameras.find(sysfs(tmp_path, *(("Webcam", 0) for _ in range(12))))
    assert [camera.path for camera in found] == [f"/dev/video{number}" for number in range(12)]


def test_a_machine_without_cameras_has_none(tmp_path: Path) -> None:
    assert cameras.find(tmp_path / "nothing") == ()


def test_the_udev_rule_and_the_installer_mean_the_same_devices() -> None:
    rule = steps.text("70-kubeddr.rules")
    ignored, cards = re.findall(r'ATTR\{name\}=="([^"]*)"', rule)
    assert tuple(ignored.split("|")) == cameras.NO_PICTURES
    assert tuple(cards.split("|")) == cameras.CARDS


def test_the_program_is_whole_before_anything_is_switched() -> None:
    plan = [str(step) for step in steps.install(PLACE, "/usr/bin/python3", running=True, csi=False)]
    switch = next(n for n, step in enumerate(plan) if step.startswith("link /opt/kubeddr/current"))
    installs = [n for n, step in enumerate(plan) if "pip install" in step]
    assert len(installs) == 2
    assert max(installs) < switch < plan.index("run systemctl restart kubeddr-agent.service")
    assert "--require-hashes" in plan[installs[0]]
    assert "--no-index" in plan[installs[1]]


def test_in_an_image_nothing_is_started() -> None:
    plan = [str(step) for step in steps.install(PLACE, "/usr/bin/python3", running=False, csi=True)]
    assert plan[-1] == "run systemctl enable kubeddr-agent.service"
    assert not any("restart" in step or "reload" in step or "configure" in step for step in plan)
    assert any(step.startswith(f"write {steps.LIBCAMERA}") for step in plan)


def test_uninstalling_takes_back_every_file_that_installing_writes() -> None:
    wrote = {
        step.path for step in steps.install(PLACE, "python3", running=True, csi=True) if isinstance(step, steps.Write)
    }
    linked = {
        step.path for step in steps.install(PLACE, "python3", running=True, csi=True) if isinstance(step, steps.Link)
    }
    removed = {step.path for step in steps.uninstall(running=True, purge=False) if isinstance(step, steps.Remove)}
    assert all(any(path == gone or gone in path.parents for gone in removed) for path in wrote | linked)
    assert steps.STATE not in removed
    purged = {step.path for step in steps.uninstall(running=True, purge=True) if isinstance(step, steps.Remove)}
    assert {steps.STATE, steps.ENVIRONMENT.parent} <= purged


def test_the_installation_before_is_kept(tmp_path: Path) -> None:
    for name in ("agent-1", "agent-2", "agent-3"):
        (tmp_path / name).mkdir()
    for step in steps.old(tmp_path / "agent-3", tmp_path):
        step.do()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent-2", "agent-3"]


def test_steps_do_what_they_say(tmp_path: Path) -> None:
    steps.Write(tmp_path / "a" / "file", "text\n", 0o600).do()
    steps.Link(tmp_path / "name", tmp_path / "a").do()
    steps.Link(tmp_path / "name", tmp_path / "a").do()  # again, over itself
    assert (tmp_path / "name" / "file").read_text() == "text\n"
    assert (tmp_path / "a" / "file").stat().st_mode & 0o777 == 0o600
    steps.Remove(tmp_path / "name").do()
    assert (tmp_path / "a" / "file").exists()
    steps.Remove(tmp_path / "a").do()
    steps.Remove(tmp_path / "a").do()
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_fails_says_what_to_do() -> None:
    with pytest.raises(InstallError, match="run this again"):
        steps.Run(("false",)).do()
    steps.Run(("false",), may_fail=True).do()
    steps.Run(("there-is-no-such-program",), may_fail=True).do()


def test_settings_that_stand_stay() -> None:
    known = "# mine\nKUBEDDR_SOURCE=/dev/video2\nKUBEDDR_URL=http://old\n"
    new = steps.environment(known, {"KUBEDDR_URL": "http://new"}, {"KUBEDDR_SOURCE": "/x", "KUBEDDR_DEVICE": "d"})
    assert new == "# mine\nKUBEDDR_SOURCE=/dev/video2\nKUBEDDR_URL=http://new\nKUBEDDR_DEVICE=d\n"
    assert steps.environment(new, {}, {"KUBEDDR_DEVICE": "other"}) == new


def test_a_dry_run_shows_all_and_does_nothing() -> None:
    before = steps.ENVIRONMENT.exists(), steps.PROGRAMS.exists()
    said = CliRunner().invoke(app, ["device", "install", "kubeddr.whl", "--device", "left", "--dry-run"])
    assert said.exit_code == 0, said.output
    for part in (str(steps.ENVIRONMENT), "70-kubeddr.rules", steps.UNIT, "systemctl enable", "--require-hashes"):
        assert part in said.output
    assert (steps.ENVIRONMENT.exists(), steps.PROGRAMS.exists()) == before


def test_only_root_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "is_root", lambda: False)
    said = CliRunner().invoke(app, ["device", "uninstall"])
    assert said.exit_code == 1
    assert "sudo" in said.output


def test_a_wheel_that_is_not_there_is_told_before_anything_is_done() -> None:
    said = CliRunner().invoke(app, ["device", "install", "nowhere.whl"])
    assert said.exit_code == 1
    assert "There is no nowhere.whl" in said.output


@pytest.fixture
def systemd(tmp_path: Path) -> tuple[socket.socket, dict[str, str]]:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(str(tmp_path / "notify"))
    line.settimeout(2)
    return line, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}


def test_systemd_hears_that_it_is_up_and_works_and_ends(systemd: tuple[socket.socket, dict[str, str]]) -> None:
    line, environment = systemd
    supervisor = Supervisor(environment)
    supervisor.ready()
    for _ in range(50):
        supervisor.alive()  # more often than it is wanted
    supervisor.stopping()
    assert [line.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_the_sign_of_life_comes_three_times_in_the_time_that_is_given(
    systemd: tuple[socket.socket, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, environment = systemd
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    supervisor = Supervisor(environment)
    for _ in range(31):
        supervisor.alive()
        now[0] += 0.01
    line.settimeout(0)
    heard = 0
    try:
        while line.recv(100):
            heard += 1
    except BlockingIOError:
        pass
    assert heard in (3, 4)


def test_without_systemd_nothing_is_said_and_nothing_fails() -> None:
    for environment in ({}, {"NOTIFY_SOCKET": "/there/is/none", "WATCHDOG_USEC": "1"}):
        supervisor = Supervisor(environment)
        supervisor.ready()
        supervisor.alive()
        supervisor.stopping()
