"""What is wrong with the device: figures of the machine, and a pure judgement on them."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contract.messages import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

HOT = 80.0  # degrees Celsius; a Raspberry Pi begins to slow down here
NEARLY_FULL = 200 * 1024 * 1024  # bytes left
UNSURE = 0.6  # median confidence of a game's readings
OFF = 30.0  # seconds
STUCK = 10.0  # seconds without a turn of the worker
FAILING = 20  # pictures in a row that end in an error
_THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
_NOW = 0b1111  # the lower bits tell of now, the upper ones of some time since the start


@dataclass(frozen=True, slots=True)
class Signs:
    """What the judgement is made of; None is not known.

    Attributes:
        no_picture: why there is none; None while there is one.
        silent: seconds since the worker's last turn.
        failing: pictures in a row that ended in an error.
        lost: events that the disk did not take.
        clock_off: seconds before the control plane's clock.
        safe: why the device runs in safe mode; None when it does not.
    """

    no_picture: str | None = None
    silent: float = 0.0
    failing: int = 0
    lost: int = 0
    confidence: float | None = None
    temperature: float | None = None
    throttled: bool | None = None
    disk_free: int | None = None
    clock_off: float | None = None
    safe: str | None = None


def problems(signs: Signs) -> tuple[Problem, ...]:
    """What is wrong, the worst first. Being offline is no problem of the device.

    >>> [problem.code.value for problem in problems(Signs(no_picture="unplugged", temperature=91.0))]
    ['no_picture', 'hot']
    """
    return tuple(Problem(code=code, text=text[:500]) for code, text in _found(signs))


def _found(signs: Signs) -> Iterator[tuple[ProblemCode, str]]:  # noqa: C901 - a list of independent questions
    if signs.no_picture is not None:
        yield ProblemCode.NO_PICTURE, f"no picture: {signs.no_picture}"
    if signs.silent > STUCK:
        yield ProblemCode.STUCK, "the worker is stuck"
    if signs.failing >= FAILING:
        yield ProblemCode.UNREADABLE, "no picture can be read; the log says why"
    if signs.lost:
        yield ProblemCode.EVENTS_LOST, f"the disk did not take {signs.lost} events"
    if signs.confidence is not None and signs.confidence < UNSURE:
        yield ProblemCode.LOW_CONFIDENCE, f"the scores are read with a confidence of {signs.confidence:.2f} only"
    if signs.temperature is not None and signs.temperature >= HOT:
        yield ProblemCode.HOT, f"the processor has {signs.temperature:.0f} degrees"
    if signs.throttled:
        yield ProblemCode.THROTTLED, "the board slows itself down: look at its cooling and its power supply"
    if signs.disk_free is not None and signs.disk_free < NEARLY_FULL:
        yield ProblemCode.DISK_FULL, f"{signs.disk_free // 2**20} MiB are left on the disk"
    if signs.clock_off is not None and abs(signs.clock_off) > OFF:
        way = "ahead" if signs.clock_off > 0 else "behind"
        yield ProblemCode.CLOCK_OFF, f"the clock is {abs(signs.clock_off):.0f} s {way}"
    if signs.safe is not None:
        yield ProblemCode.SAFE_MODE, f"safe mode: {signs.safe}"


def disk_free(folder: Path) -> int | None:
    """Bytes left where `folder` is; None where nobody tells."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def throttled(path: Path = _THROTTLED) -> bool | None:
    """Whether a Raspberry Pi slows itself down now; None on other boards."""
    try:
        return bool(int(path.read_text().strip(), 16) & _NOW)
    except (OSError, ValueError):
        return None


class Cpu:
    """The share of all processors that this process used since it was asked last."""

    __slots__ = ("_at", "_used")

    def __init__(self) -> None:
        self._at, self._used = time.monotonic(), time.process_time()

    def share(self) -> float | None:
        """0 to 1; None when asked again too soon to tell."""
        now, used = time.monotonic(), time.process_time()
        passed, spent = now - self._at, used - self._used
        if passed < 1.0:
            return None
        self._at, self._used = now, used
        return round(spent / passed / (os.cpu_count() or 1), 4)
