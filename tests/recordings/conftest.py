"""The recorded games: whichever there are, each a video with its truth beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("KUBEDDR_RECORDINGS", ROOT.parent / "shared" / "data" / "stepmania"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `truth` once for every recording."""
    if "truth" not in metafunc.fixturenames:
        return
    found = sorted(HOME.glob("*.jsonl"))
    reason = "no recorded games here; set KUBEDDR_RECORDINGS to the folder that holds them"
    absent = pytest.param(HOME, marks=pytest.mark.skip(reason=reason), id="none")
    metafunc.parametrize("truth", [pytest.param(path, id=path.stem) for path in found] or [absent])


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recordings."""
    if not any(HOME.glob("*.jsonl")):
        pytest.skip(f"no recorded games in {HOME}; set KUBEDDR_RECORDINGS to the folder that holds them")
    return HOME
