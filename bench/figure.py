"""A figure that was measured, and what it is measured against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: what was measured.
        value: how much, in `unit`; None when it could not be measured here.
        goal: the most it may be, in `unit`; None when it is told for information.
        least: the goal is the least it may be, and more is better than the baseline.
        baseline: what the same takes otherwise, measured in the same run, in `unit`.
    """

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    baseline: float | None = None
    least: bool = False

    @property
    def ok(self) -> bool | None:
        """Whether the goal is reached; None when there is none, or no value."""
        if self.value is None or self.goal is None:
            return None
        return self.value >= self.goal if self.least else self.value <= self.goal

    @property
    def ratio(self) -> float | None:
        """How many times the baseline is the value; of what should be much, the value is the baseline so many times."""
        if self.least:
            return self.value / self.baseline if self.value is not None and self.baseline else None
        return self.baseline / self.value if self.value and self.baseline is not None else None

    def line(self) -> dict[str, object]:
        """As machines read it."""
        return {
            "name": self.name,
            "value": _short(self.value),
            "unit": self.unit,
            "goal": _short(self.goal),
            "ok": self.ok,
            "baseline": _short(self.baseline),
            "ratio": _short(self.ratio),
        }


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
