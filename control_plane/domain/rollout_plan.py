"""The file that describes a rollout: what goes where, in which steps, and what has to hold."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from control_plane.domain.gate import Terms
from control_plane.errors import RefusedError

MAX_FILE = 64 << 10  # characters
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BOUNDS = {"log_loss": 0.5, "exact_reads": 0.25, "abstentions": 0.25}  # what one match counts for at most
ALL = 100.0  # percent


@dataclass(frozen=True, slots=True)
class Amount:
    """A count of devices, or a percentage of them."""

    number: float
    percent: bool

    def of(self, total: int) -> int:
        """How many of so many; of a percentage at least one."""
        share = math.ceil(self.number * total / ALL - 1e-9) if self.percent else int(self.number)
        return min(total, share)

    def within(self, total: int) -> int:
        """How many of so many are not yet more than this."""
        return int(self.number * total / ALL + 1e-9) if self.percent else int(self.number)

    def __str__(self) -> str:
        return f"{self.number:g}{'%' if self.percent else ''}"


def _amount(given: object) -> Amount:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", str(given).strip()) if not isinstance(given, bool) else None
    if found is None:
        raise ValueError(f"give a number of devices, such as 5, or a share, such as 10%, and not {given!r}")
    amount = Amount(float(found[1]), found[2] == "%")
    if amount.percent and amount.number > ALL:
        raise ValueError(f"{given} is more than all")
    if not amount.percent and amount.number % 1:
        raise ValueError(f"{given} is no whole number of devices")
    return amount


def _some(amount: Amount) -> Amount:
    if not amount.number:
        raise ValueError("none is too few")
    return amount


def _duration(given: object) -> timedelta:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", str(given).strip())
    if found is None or not float(found[1]):
        raise ValueError(f"give a time such as 45s, 30m, 12h or 3d, and not {given!r}")
    return timedelta(seconds=float(found[1]) * UNITS[found[2]])


def _clock(given: object) -> time:
    # YAML reads an unquoted 02:30 as a number to the base of sixty
    text = f"{given // 60:02}:{given % 60:02}" if isinstance(given, int) else str(given)
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f'give a time of day such as "02:30", and not {given!r}') from None


Anything = Annotated[Amount, BeforeValidator(_amount)]
Some = Annotated[Anything, AfterValidator(_some)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Clock = Annotated[time, BeforeValidator(_clock)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
NAMED = r"[a-z0-9][a-z0-9._-]{0,63} [0-9A-Za-z][0-9A-Za-z.+_-]{0,63}"
ModelName = Annotated[str, StringConstraints(pattern=rf"^({NAMED}|[0-9a-f]{{12,64}})$")]


class Part(BaseModel):
    """The root of the file's parts: nothing unknown is in it, so that no misspelt threshold is passed over."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Targets(Part):
    """Which devices: those that have all `tags`, stand at one of `sites`, and are among `devices`; empty: any."""

    tags: tuple[Word, ...] = ()
    sites: tuple[Word, ...] = ()
    devices: tuple[Word, ...] = ()


class Limits(Part):
    """What besides the gate ends a rollout, in the mean of the devices; None: whatever it is.

    Attributes:
        latency_ms: of the challenger, at most.
        exact_reads: by how much its share of exact reads may be lower than the champion's.
        abstentions: by how much its share of abstentions may be higher.
    """

    latency_ms: Annotated[float | None, Field(gt=0)] = None
    exact_reads: Annotated[float | None, Field(ge=0, le=1)] = None
    abstentions: Annotated[float | None, Field(ge=0, le=1)] = None


class Gate(Part):
    """What the canary has to prove.

    Attributes:
        margin: by how much the challenger may be worse, in the metric's unit.
        confidence: with which a verdict is right, whenever it falls.
        devices: the fewest that can decide.
        least: the fewest matches of a device before it has a say.
        matches: of each device; with all of them in, an open question is inconclusive.
        horizon: the same, after this time.
    """

    metric: Literal["log_loss", "exact_reads", "abstentions"] = "log_loss"
    margin: Annotated[float, Field(gt=0, le=1)]
    confidence: Annotated[float, Field(ge=0.8, le=0.999)] = 0.95
    devices: Annotated[int, Field(ge=3, le=10_000)] = 4
    least: Annotated[int, Field(ge=2, le=1_000)] = 8
    matches: Annotated[int, Field(ge=2, le=100_000)] = 60
    horizon: Duration = timedelta(days=3)
    limits: Limits = Limits()

    @property
    def terms(self) -> Terms:
        """As the judgement takes them."""
        bound = BOUNDS[self.metric]
        return Terms(self.margin, 1.0 - self.confidence, bound, self.devices, self.least)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.matches < self.least:
            raise ValueError(f"{self.matches} matches at most are fewer than the {self.least} that a device needs")
        return self


class Window(Part):
    """When steps may begin: between two times of day, on the days on which that time begins."""

    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = DAYS  # type: ignore[assignment]
    timezone: str = "UTC"

    def open(self, now: datetime) -> bool:
        """Whether a step may begin now."""
        local = now.astimezone(ZoneInfo(self.timezone))
        clock, day = local.time(), local.weekday()
        if self.begin <= self.end:
            return self.begin <= clock < self.end and DAYS[day] in self.days
        if clock >= self.begin:
            return DAYS[day] in self.days
        return clock < self.end and DAYS[day - 1] in self.days

    @model_validator(mode="after")
    def _there(self) -> Self:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {self.timezone!r}; give one such as Europe/Berlin") from None
        if self.begin == self.end:
            raise ValueError("the window begins when it ends")
        return self


class Plan(Part):
    """A rollout as it is to be.

    Attributes:
        rollout: its name, which is used once.
        model: the challenger: `NAME VERSION`, or twelve digits or more of its SHA-256.
        champion: what devices run before, and go back to.
        canary: how many devices, drawn at random, run the challenger as a shadow until the gate decides.
        waves: up to how many devices each wave goes, the canary's first; the last one goes to all.
        success: the share of a wave that has to have committed the model before the next one begins.
        errors: a wave or canary in which more devices than this fail sends all back.
        silence: a device that is asked and not heard of for so long has failed.
        settle: as has one that has not come to an end in this time.
        approvals: what waits for a person.
        window: when the canary and waves may begin; going back never waits.
    """

    rollout: Name
    model: ModelName
    champion: ModelName
    targets: Targets = Targets()
    canary: Some
    gate: Gate
    waves: Annotated[tuple[Some, ...], Field(min_length=1, max_length=50)]
    success: Annotated[float, BeforeValidator(lambda given: _percent(given))] = 95.0  # noqa: PLW0108 - it comes after
    errors: Anything = Amount(5.0, percent=True)
    silence: Duration = timedelta(minutes=30)
    settle: Duration = timedelta(days=1)
    approvals: tuple[Literal["canary", "waves"], ...] = ()
    window: Window | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.model == self.champion:
            raise ValueError("the model and the champion are the same")
        if self.waves[-1] != Amount(ALL, percent=True):
            raise ValueError("the last of the waves has to be 100%")
        for kind in (True, False):
            sizes = [wave.number for wave in self.waves if wave.percent is kind]
            if sizes != sorted(set(sizes)):
                raise ValueError("waves have to grow: each says how many devices have the model after it")
        if not self.canary.percent and self.canary.number < self.gate.devices:
            raise ValueError(f"a canary of {self.canary} cannot decide: the gate needs {self.gate.devices} devices")
        return self


def _percent(given: object) -> float:
    amount = _amount(given)
    if not amount.percent:
        raise ValueError(f"give a share such as 95%, and not {given!r}")
    return amount.number


def read(text: str) -> Plan:
    """Read a file.

    Raises:
        RefusedError: it is not as it has to be; the text says where, and what to write instead.
    """
    if len(text) > MAX_FILE:
        raise RefusedError(f"A rollout's file may have {MAX_FILE} characters.")
    try:
        given: Any = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise RefusedError(f"This is no YAML: {place}{error.problem}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RefusedError(f"This is no YAML: {str(error)[:200]}.") from None
    if not isinstance(given, dict):
        raise RefusedError("This is no rollout: it begins with `rollout: NAME`; docs/rollouts.md shows a whole one.")
    try:
        return Plan.model_validate(given)
    except ValidationError as error:
        raise RefusedError("\n".join(_said(each) for each in error.errors(include_url=False)[:10])) from None


def _said(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    words = {
        "extra_forbidden": "there is no such field",
        "missing": "this is missing",
    }.get(error["type"], error["msg"].removeprefix("Value error, "))
    if error["type"] == "string_pattern_mismatch" and place in {"model", "champion"}:
        words = f"give NAME VERSION, or twelve digits or more of a SHA-256, and not {str(error['input'])[:80]!r}"
    return f"{place}: {words}." if place else f"{words[:1].upper()}{words[1:]}."
