"""`make demo-bad-model` as a person runs it: with real processes, signatures, shadows and figures."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_it_is_caught_in_the_canary_and_undone_by_itself() -> None:
    command = [sys.executable, "-m", "kubeddr", "demo", "--bad-model"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=580)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wave 1" not in done.stdout
    back = re.search(r"goes back: the gate: .*margin ([\d.]+), mean ([\d.]+), low ([\d.]+)", done.stdout)
    assert back is not None, done.stdout
    margin, mean, low = (float(number) for number in back.groups())
    assert margin < low < mean
    assert "Caught and undone by itself" in done.stdout
