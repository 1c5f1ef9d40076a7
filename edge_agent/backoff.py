"""How long to wait before the next try: longer each time, up to a cap, and not all devices at once."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Backoff:
    """Doubles from `first` to `last` seconds; each wait is shortened by up to `jitter` of itself.

    Args:
        uniform: a number in [0, 1); injected by tests.
    """

    __slots__ = ("_first", "_jitter", "_last", "_next", "_uniform")

    def __init__(
        self, first: float, last: float, jitter: float = 0.0, uniform: Callable[[], float] = random.random
    ) -> None:
        self._first, self._last, self._jitter, self._uniform = first, last, jitter, uniform
        self._next = first

    def next(self) -> float:
        """Seconds to wait now; the next wait will be longer."""
        wait = self._next * (1.0 - self._jitter * self._uniform())
        self._next = min(self._last, self._next * 2.0)
        return wait

    def reset(self) -> None:
        """It worked: begin from the shortest wait again."""
        self._next = self._first
