"""How fast bytes must come for a download to go on: a trickle would keep it busy for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 15.0  # seconds before anybody is called slow


class TooSlowError(Exception):
    """Bytes come more slowly than they must; the text gives the figures."""


class Pace:
    """Counts bytes against a clock.

    Args:
        slowest: bytes a second, on average since the beginning.
        clock: monotonic seconds.
    """

    def __init__(self, slowest: float, clock: Callable[[], float]) -> None:
        self._slowest, self._clock = slowest, clock
        self._began, self._bytes = clock(), 0

    def came(self, count: int) -> None:
        """So many more bytes are here.

        Raises:
            TooSlowError: that is too few by now.
        """
        self._bytes += count
        took = self._clock() - self._began
        if took > GRACE and self._bytes < self._slowest * took:
            raise TooSlowError(f"{self._bytes} bytes in {took:.0f} s, at least {self._slowest * took:.0f} are wanted")
