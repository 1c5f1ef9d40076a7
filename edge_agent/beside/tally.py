"""How one model did in one match: counts while it runs, figures when its result is known. Pure."""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean, median
from typing import TYPE_CHECKING

from contract.messages import ActiveModel, Contender, ModelKind, ModelUpdate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_agent.pipeline import StepResult
    from models.live import Said

SUREST = 1e-6  # no prediction is held surer than this, else one wrong would be infinitely bad
KEPT = 900  # readings at the end of a match: half a minute
EVEN = 0.5

Pair = tuple[int | None, int | None]


class Tally:
    """One model, one match."""

    def __init__(self) -> None:
        self._said: list[float] = []
        self._open = 0
        self._readings: deque[Pair] = deque(maxlen=KEPT)
        self._pictures = 0
        self._unread = 0

    def predicted(self, said: Iterable[Said]) -> None:
        """Predictions that were made before the result was known."""
        for each in said:
            p = each.prediction
            self._said.append(p.p1_win)
            self._open += p.low <= 0.0 and p.high >= 1.0

    def read(self, result: StepResult) -> None:
        """A picture was read on which there were scores."""
        pair = (result.reading.p1.value, result.reading.p2.value)
        self._readings.append(pair)
        self._pictures += 1
        self._unread += None in pair

    def readings(self) -> Sequence[Pair]:
        """The last ones, oldest first."""
        return tuple(self._readings)

    def figures(
        self,
        kind: ModelKind,
        model: ActiveModel | ModelUpdate,
        winner: int | None,
        standing: Sequence[bool],
        took: Sequence[float],
    ) -> Contender:
        """What became of it.

        Args:
            kind: of model.
            model: which one.
            winner: 1, 2, 0 for a tie, None when it could not be told.
            standing: of the pictures on which the final scores stood, which it read as just these.
            took: seconds of its runs.
        """
        reader = kind is ModelKind.READER
        total = self._pictures if reader else len(self._said)
        abstained = self._unread if reader else self._open
        return Contender(
            name=model.name,
            version=model.version,
            sha256=model.sha256,
            predictions=len(self._said),
            log_loss=None if winner is None or not self._said else fmean(loss(p, winner) for p in self._said),
            exact_reads=sum(standing) / len(standing) if reader and standing else None,
            abstentions=abstained / total if total else None,
            latency_ms=median(took) * 1000 if took else None,
        )


def loss(p: float, winner: int) -> float:
    """The log loss of a probability that player 1 wins, in nats; a tie is half a win of each.

    >>> round(loss(0.8, 1), 3), round(loss(0.8, 2), 3), round(loss(0.5, 0), 3)
    (0.223, 1.609, 0.693)
    """
    p = min(1 - SUREST, max(SUREST, p))
    share = {1: 1.0, 2: 0.0}.get(winner, EVEN)
    return -(share * math.log(p) + (1 - share) * math.log(1 - p))


def stood(label: Pair, counts: Sequence[Pair], other: Sequence[Pair]) -> tuple[list[bool], list[bool]]:
    """From the first picture to the last that was read as the final scores: which either model read as just these.

    Args:
        label: the final scores.
        counts: what the model that counts read, oldest first.
        other: what the one beside it read on the same pictures.
    """
    if None in label or label not in counts:
        return [], []
    standing = slice(counts.index(label), len(counts) - list(reversed(counts)).index(label))
    return [pair == label for pair in counts[standing]], [pair == label for pair in other[standing]]
