"""Programs that live and die with this one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

GRACE = 8.0  # seconds that all of them together have to end in good order


@dataclass(frozen=True, slots=True)
class Child:
    """A running `kubeddr` verb.

    Attributes:
        name: what a person calls it.
        log: where all that it says goes.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def code(self) -> int | None:
        """Its exit code, None while it runs."""
        return self.process.poll()

    def last_words(self, lines: int = 12) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-lines:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it started; nothing happens when they have ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Children:
    """Started one by one, ended together. A context manager: leaving it leaves nothing running.

    Each is in a session of its own, so that Ctrl-C reaches this program alone and the end has an order; and on a leash,
    so that it ends even when this program is killed.

    Args:
        logs: the folder for what they say.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._all: list[Child] = []

    def start(
        self, name: str, slug: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> Child:
        """Start `kubeddr ARGUMENTS`; `slug` names its log file, `environment` adds to ours."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{slug}.log"
        command = [sys.executable, "-m", "kubeddr", *arguments]
        if leash := shutil.which("setpriv"):  # of util-linux: there on every Debian and its relatives
            command = [leash, "--pdeathsig", "TERM", "--", *command]
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - our own command line
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
        child = Child(name, process, log)
        self._all.append(child)
        return child

    def ended(self) -> Child | None:
        """The first that is no longer running."""
        return next((child for child in self._all if child.code is not None), None)

    def stop(self) -> None:
        """End all, the newest first; who has not ended after `GRACE` seconds is killed."""
        deadline = time.monotonic() + GRACE
        for child in reversed(self._all):
            if child.code is None:
                child.process.terminate()
        for child in reversed(self._all):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            child.signal(signal.SIGKILL)
            child.process.wait()
        self._all.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
