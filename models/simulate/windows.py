"""Timing windows: how far off a step may be, seconds either side, for W1 to W5."""

from __future__ import annotations

STEPMANIA = (0.0225, 0.045, 0.090, 0.135, 0.180)
"""StepMania 5, judge difficulty 4."""

DDR = (0.01667, 0.03333, 0.09167, 0.14167, 0.225)
"""DDR, by the community's measurements."""

ITG = (0.0215, 0.043, 0.102, 0.135, 0.180)
"""In The Groove, before the 1.5 ms it adds to each."""
