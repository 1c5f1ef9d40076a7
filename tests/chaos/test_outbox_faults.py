"""The outbox under a process that is killed, a disk that is full, and a clock that jumps: no result is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from contract.ids import BootId
from edge_agent.reporting.outbox import Outbox
from tests.chaos_runs import seeds

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.reporting.outbox import Stored

# Writes results and samples for ever and says the number of each result once `put` has returned.
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from contract.ids import BootId
from edge_agent.reporting.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]), BootId(sys.argv[2]), limit=int(sys.argv[3]))
number = 0
while number < int(sys.argv[4]):
    number += 1
    keep = number % 3 == 0
    seq = outbox.put('{"number": %d}' % number, datetime.now(UTC), keep=keep)
    if number % 17 == 0:
        outbox.receipt(outbox.boot_id, seq - 10)
    if keep:
        print(seq, flush=True)
"""


def all_of(outbox: Outbox) -> list[Stored]:
    """Everything in it, as it would be sent, each run receipted before the next."""
    found: list[Stored] = []
    while run := outbox.following(None, 1000):
        found += run
        outbox.receipt(run[-1].boot_id, run[-1].seq)
    return found


def check(path: Path, boot: BootId, said: list[int]) -> None:
    """Every result that `put` has promised is there, once and in order, unless it was receipted."""
    receipted = max((number // 17 * 17 - 10 for number in (max(said, default=0),)), default=0)
    outbox = Outbox(path, BootId.mint())
    held = [stored.seq for stored in all_of(outbox) if stored.boot_id == boot]
    outbox.close()
    assert held == sorted(set(held))
    assert {seq for seq in said if seq > receipted + 17} <= set(held)
    assert len(held) >= len([seq for seq in said if seq > receipted + 17])


@pytest.mark.parametrize("batch", range(5))
def test_killed_at_any_moment(tmp_path: Path, batch: int) -> None:
    for seed in range(batch * len(seeds(4)), (batch + 1) * len(seeds(4))):
        path, boot, random = tmp_path / f"{seed}.db", BootId.mint(), Random(seed)
        command = [sys.executable, "-c", WRITER, str(path), boot, str(2**26), "1000000"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = [int(process.stdout.readline())]  # it is at work
        time.sleep(random.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        said += [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        check(path, boot, said)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (sudo apt install strace)")
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "write"])
def test_killed_at_every_write(tmp_path: Path, call: str) -> None:
    for when in range(1, 2 + len(seeds(2, 100))):
        path, boot = tmp_path / f"{when}.db", BootId.mint()
        fault = [
            "strace",
            "-f",
            "-o",
            "/dev/null",
            "-e",
            f"trace={call}",
            "-e",
            f"inject={call}:signal=KILL:when={when}",
        ]
        command = [*fault, sys.executable, "-c", WRITER, str(path), boot, str(2**26), "60"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        check(path, boot, [int(line) for line in done.stdout.splitlines(keepends=True) if line.endswith("\n")])


@pytest.mark.parametrize("seed", seeds(8))
def test_a_full_disk_costs_samples_and_no_result(tmp_path: Path, seed: int) -> None:
    random, boot = Random(seed), BootId.mint()
    outbox = Outbox(tmp_path / "x.db", boot)
    outbox._db.execute("PRAGMA max_page_count = 40")  # the disk ends here
    results, lost = [], 0
    for number in range(1200):
        keep = random.random() < 0.03
        try:
            seq = outbox.put(f'{{"number": {number}, "x": "{"x" * 80}"}}', datetime.now(UTC), keep=keep)
        except sqlite3.Error:
            assert not keep, "a result was refused while samples could have gone"
            lost += 1
        else:
            if keep:
                results.append(seq)
    outbox.close()
    again = Outbox(tmp_path / "x.db", BootId.mint())
    held = [stored.seq for stored in all_of(again)]
    again.close()
    assert set(results) <= set(held)
    assert held == sorted(set(held))
    assert len(held) < 1200


@pytest.mark.parametrize("seed", seeds(8))
def test_a_clock_that_jumps_changes_no_order(tmp_path: Path, seed: int) -> None:
    random, now = Random(seed), datetime.now(UTC)
    outbox = Outbox(tmp_path / "x.db", BootId.mint())
    times = []
    for number in range(60):
        now += timedelta(hours=random.uniform(-30, 30)) if random.random() < 0.2 else timedelta(seconds=1)
        times.append(now)
        outbox.put(f'{{"number": {number}}}', now, keep=random.random() < 0.3)
    found = all_of(outbox)
    outbox.close()
    assert [stored.body for stored in found] == [f'{{"number": {number}}}' for number in range(60)]
    assert all(abs(stored.time - time) < timedelta(milliseconds=1) for stored, time in zip(found, times, strict=True))
