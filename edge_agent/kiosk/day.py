"""The matches of today, for the page between two songs; they outlive a restart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MORNING = timedelta(hours=6)  # an evening that goes on past midnight is still the same day
KEPT = 500
OUTSIDER = 0.35

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Played:
    """A match between two players.

    Attributes:
        at: when it ended, seconds since the epoch.
        winner: 1, 2, or 0 for a tie.
        low: the smallest chance that the winner had.
    """

    at: float
    names: tuple[str, str]
    p1: int
    p2: int
    winner: int
    unit: str
    low: float


def local() -> datetime:
    """The time of day here."""
    return datetime.now().astimezone()


class Day:
    """Remembers today's matches in a small file; without one it forgets them at a restart.

    Args:
        now: the time of day here.
    """

    def __init__(self, file: Path | None = None, now: Callable[[], datetime] = local) -> None:
        self._file, self._now = file, now
        self._played = _read(file)

    def add(self, played: Played) -> None:
        """Remember a match; a disk that does not take it is logged, and the show goes on."""
        self._played = [*self._today(), played][-KEPT:]
        if self._file is None:
            return
        new = self._file.with_suffix(".new")
        try:
            new.write_text(json.dumps([asdict(each) for each in self._played]), encoding="utf-8")
            new.replace(self._file)
        except OSError as error:
            log.warning("the day's matches are not kept", reason=str(error))

    def best(self) -> list[dict[str, Any]]:
        """Today's best matches, each with what it is best at; one match is named once."""
        played = _alike(self._today())
        if not played:
            return []
        decided = [each for each in played if each.winner]
        close = [each for each in played if max(each.p1, each.p2) > 0]
        comebacks = [each for each in decided if each.low < OUTSIDER]
        picks = [
            ("Highest score", max(played, key=lambda each: max(each.p1, each.p2))),
            ("Closest finish", min(close, key=_gap, default=None)),
            ("Greatest comeback", min(comebacks, key=lambda each: each.low, default=None)),
        ]
        best: dict[Played, list[str]] = {}
        for name, match in picks:
            if match is not None:
                best.setdefault(match, []).append(name)
        return [asdict(match) | {"best": " · ".join(names)} for match, names in best.items()]

    @property
    def count(self) -> int:
        """How many matches were played today."""
        return len(self._today())

    def _today(self) -> list[Played]:
        now = self._now()
        morning = (now - MORNING).replace(hour=0, minute=0, second=0, microsecond=0) + MORNING
        return [each for each in self._played if morning.timestamp() <= each.at <= now.timestamp() + 1]


def _gap(played: Played) -> float:
    return abs(played.p1 - played.p2) / max(played.p1, played.p2)


def _alike(played: Sequence[Played]) -> list[Played]:
    """Those that count what most of them count: points and percents are not compared."""
    if not played:
        return []
    usual = Counter(each.unit for each in played).most_common(1)[0][0]
    return [each for each in played if each.unit == usual]


def _read(file: Path | None) -> list[Played]:
    if file is None:
        return []
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return [Played(**{**row, "names": tuple(row["names"])}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("the day's matches cannot be read", reason=str(error))
        return []
