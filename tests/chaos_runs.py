"""How often chaos is tried: some times in the suite, and a hundred times in `make chaos`."""

from __future__ import annotations

import os

LONG = "KUBEDDR_CHAOS" in os.environ


def seeds(short: int, long: int = 100) -> range:
    """Seeds of the runs."""
    return range(long if LONG else short)
