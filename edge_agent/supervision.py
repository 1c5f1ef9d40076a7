"""What systemd wants to hear of a service: that it is up, and again and again that it works (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Supervisor:
    """Talks to whoever started us; where that is not systemd, nothing is said.

    Args:
        environment: NOTIFY_SOCKET, and WATCHDOG_USEC where a sign of life is wanted.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        wanted = environment.get("WATCHDOG_USEC", "")
        self._every = int(wanted) / 1e6 / 3 if wanted.isdecimal() else None
        self._due = 0.0

    def ready(self) -> None:
        """The service is up."""
        self._say("READY=1")

    def alive(self) -> None:
        """It works; may be called as often as one likes."""
        now = time.monotonic()
        if self._every is not None and now >= self._due:
            self._due = now + self._every
            self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """It is about to end."""
        self._say("STOPPING=1")

    def _say(self, text: str) -> None:
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.connect(self._address)
                line.sendall(text.encode())
