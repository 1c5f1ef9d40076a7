"""Where the recorded games are, and what is read from their truth."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def recordings_dir() -> Path:
    return Path(os.environ.get("KUBEDDR_RECORDINGS", ROOT.parent / "shared" / "data" / "stepmania"))


@pytest.fixture(scope="session")
def recordings() -> Path:
    path = recordings_dir()
    if not any(path.glob("*.jsonl")):
        pytest.skip(f"no recorded games in {path}; set KUBEDDR_RECORDINGS to the folder that holds them")
    return path
