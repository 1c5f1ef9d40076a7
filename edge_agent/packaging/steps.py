"""What installing a device does to a machine, as a list that can be shown before it is done."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from edge_agent.errors import InstallError

UNIT = "kubeddr-agent.service"
PROGRAMS = Path("/opt/kubeddr")
STATE = Path("/var/lib/kubeddr")
ENVIRONMENT = Path("/etc/kubeddr/agent.env")
COMMAND = Path("/usr/local/bin/kubeddr")
FILES = {
    "sysusers.conf": Path("/etc/sysusers.d/kubeddr.conf"),
    "70-kubeddr.rules": Path("/etc/udev/rules.d/70-kubeddr.rules"),
    "journald.conf": Path("/etc/systemd/journald.conf.d/kubeddr.conf"),
    UNIT: Path("/etc/systemd/system") / UNIT,
}
LIBCAMERA = Path("/etc/systemd/system") / f"{UNIT}.d" / "libcamera.conf"


@dataclass(frozen=True, slots=True)
class Write:
    """Put a file in place, whole."""

    path: Path
    text: str
    mode: int = 0o644

    def __str__(self) -> str:
        return f"write {self.path} ({len(self.text.encode())} bytes, mode {self.mode:o})"

    def do(self) -> None:
        """Do it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.new")
        new.write_text(self.text, encoding="utf-8")
        new.chmod(self.mode)
        new.replace(self.path)


@dataclass(frozen=True, slots=True)
class Link:
    """Let a name point to something, at once and for all who look."""

    path: Path
    target: Path

    def __str__(self) -> str:
        return f"link {self.path} -> {self.target}"

    def do(self) -> None:
        """Do it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(self.target)
        new.replace(self.path)


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete a file or a folder, where it is there."""

    path: Path

    def __str__(self) -> str:
        return f"remove {self.path}"

    def do(self) -> None:
        """Do it."""
        if self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path)
        else:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Run:
    """Run a program.

    Attributes:
        may_fail: whether the rest goes on without it.
    """

    command: tuple[str, ...]
    may_fail: bool = False

    def __str__(self) -> str:
        return f"run {shlex.join(self.command)}"

    def do(self) -> None:
        """Do it.

        Raises:
            InstallError: the program is not there, or says that it failed.
        """
        try:
            subprocess.run(self.command, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command lines
        except (OSError, subprocess.CalledProcessError) as error:
            if not self.may_fail:
                raise InstallError(
                    f"`{shlex.join(self.command)}` failed ({error}). Mend that and run this again."
                ) from error


Step = Write | Link | Remove | Run


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program is put.

    Attributes:
        wheel: kubeddr's own; what it needs comes from its lock, by pip's own index.
        lock: pip's requirements with hashes.
        folder: of this installation, beside those before it.
    """

    wheel: Path
    lock: Path
    folder: Path


def install(place: Place, python: str, *, running: bool, csi: bool) -> tuple[Step, ...]:
    """The steps: the program first and beside what runs, then the user, the files, and only then the switch.

    Args:
        place: where the program goes, and from what.
        python: the interpreter that the program is to run on.
        running: whether systemd runs here; otherwise, as in an image that is being made, it starts with the first boot.
        csi: a camera on a ribbon cable, which speaks V4L2 only through libcamera.
    """
    pip = (str(place.folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    steps: list[Step] = [
        Run((python, "-m", "venv", "--clear", str(place.folder))),
        Run((*pip, "--require-hashes", "-r", str(place.lock))),
        Run((*pip, "--no-deps", "--no-index", str(place.wheel))),
        *(Write(path, text(name)) for name, path in FILES.items()),
        Run(("systemd-sysusers", str(FILES["sysusers.conf"]))),
        Link(PROGRAMS / "current", place.folder),
        Link(COMMAND, PROGRAMS / "current" / "bin" / "kubeddr"),
    ]
    steps.append(Write(LIBCAMERA, LIBCAMERA_TEXT) if csi else Remove(LIBCAMERA))
    if not running:
        return (*steps, Run(("systemctl", "enable", UNIT)))
    return (
        *steps,
        Run((str(COMMAND), "device", "configure")),
        Run(("systemctl", "daemon-reload")),
        Run(("systemctl", "try-restart", "systemd-journald.service"), may_fail=True),
        Run(("udevadm", "control", "--reload"), may_fail=True),
        Run(("udevadm", "trigger", "--subsystem-match=video4linux"), may_fail=True),
        Run(("systemctl", "enable", UNIT)),
        Run(("systemctl", "restart", UNIT)),
    )


def uninstall(*, running: bool, purge: bool) -> tuple[Step, ...]:
    """The steps back; `purge` also removes what the device was told and what it knows, its keys among it."""
    steps: list[Step] = [Run(("systemctl", "disable", *(["--now"] if running else []), UNIT), may_fail=True)]
    steps += [Remove(path) for path in (LIBCAMERA, *FILES.values(), COMMAND, PROGRAMS)]
    if purge:
        steps += [Remove(ENVIRONMENT.parent), Remove(STATE), Run(("userdel", "kubeddr"), may_fail=True)]
    if running:
        steps += [Run(("systemctl", "daemon-reload")), Run(("udevadm", "control", "--reload"), may_fail=True)]
    return tuple(steps)


def old(folder: Path, programs: Path = PROGRAMS) -> tuple[Step, ...]:
    """Forget installations, but for `folder` and the newest before it."""
    others = sorted((path for path in programs.glob("agent-*") if path != folder), key=lambda path: path.name)
    return tuple(Remove(path) for path in others[:-1])


def text(name: str) -> str:
    """One of the files of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def environment(known: str, given: dict[str, str], otherwise: dict[str, str]) -> str:
    r"""The settings' file: what it says stays, except for what is `given`; `otherwise` is for what nobody said.

    >>> environment("KUBEDDR_DEVICE=left\n# mine\n", {"KUBEDDR_URL": "discover"}, {"KUBEDDR_DEVICE": "x"})
    'KUBEDDR_DEVICE=left\n# mine\nKUBEDDR_URL=discover\n'
    """
    lines = known.splitlines()
    names = {line.partition("=")[0].strip() for line in lines}
    kept = [line for line in lines if line.partition("=")[0].strip() not in given]
    new = given | {name: value for name, value in otherwise.items() if name not in names and name not in given}
    return "\n".join([*kept, *(f"{name}={value}" for name, value in new.items())]) + "\n"


def systemd_runs() -> bool:
    """Whether systemd is what started this machine."""
    return Path("/run/systemd/system").is_dir()


def is_root() -> bool:
    """Whether we may do any of it."""
    return os.geteuid() == 0


LIBCAMERA_TEXT = """\
# Cameras on a ribbon cable give raw pictures; libcamera makes them ones that a V4L2 program understands.
[Service]
ExecStart=
ExecStart=/usr/bin/libcamerify /opt/kubeddr/current/bin/kubeddr agent
DeviceAllow=char-dma_heap rw
"""
