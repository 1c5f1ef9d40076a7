"""What is danced to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Song:
    """A song as far as the screen tells.

    Attributes:
        difficulty: the name of the chart's difficulty, or its number; None when neither was seen.
    """

    title: str | None = None
    difficulty: str | None = None
