"""A crowd of devices while their broker, their control plane and their network are taken away, with real processes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest

from kubeddr.crowd.crowd import Plan, run
from kubeddr.crowd.device import SONG, Manner
from kubeddr.demo_plan import free_ports
from kubeddr.processes import Children
from tests.chaos_runs import LONG, seeds
from tests.device_broker import Broker, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from kubeddr.crowd.crowd import Outcome
    from kubeddr.processes import Child

DEVICES = 200 if LONG else 40
SECONDS = 8.0


class House:
    """A broker without a memory, a line to it that can be cut, and a control plane; each can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = Broker(folder)
        self.broker.start()
        self.wire = Wire(self.broker.port)
        self.children = Children(folder / "logs")
        port, devices = free_ports(2)
        where = ("--port", str(port), "--device-port", str(devices), "--broker", f"127.0.0.1:{self.broker.port}")
        self._words = ("control-plane", *where, "--data", str(folder / "cloud"))
        self._starts = 0
        self.plane = self.start()

    def start(self) -> Child:
        self._starts += 1
        self.plane = self.children.start("the control plane", f"plane-{self._starts}", self._words)
        return self.plane

    def kill_plane(self) -> None:
        self.plane.process.kill()
        self.plane.process.wait()
        self.start()

    def kill_broker(self) -> None:
        self.broker.stop()  # what it kept is gone: it keeps nothing on the disk
        self.broker.start()

    def cut(self) -> None:
        self.wire.break_now()
        self.wire.mend()

    def close(self) -> None:
        self.wire.close()
        self.children.stop()
        self.broker.stop()

    def check(self, outcome: Outcome) -> None:
        """No finished match lost, none doubled, and every boot's events whole."""
        assert outcome.waiting == 0
        assert sum(map(len, outcome.tally.matches.values())) > 0
        with closing(sqlite3.connect(self.folder / "cloud" / "kubeddr.db")) as db:
            seqs: dict[tuple[str, str], list[int]] = defaultdict(list)
            for device, boot, seq in db.execute(
                "select device_id, boot_id, seq from event order by device_id, boot_id, seq"
            ):
                seqs[device, boot].append(seq)
            for numbers in seqs.values():
                assert numbers == list(range(1, len(numbers) + 1))
            known = defaultdict(list)
            for device, match in db.execute("select device_id, id from matches where finished is not null"):
                known[device].append(match)
            for device, matches in outcome.tally.matches.items():
                assert sorted(known[device]) == sorted(matches)
            counts = dict(db.execute("select match_id, count(*) from sample group by match_id"))
            for matches in outcome.tally.matches.values():
                assert {counts[match] for match in matches} == {SONG - 2}
            falling = "select count(*) from sample a join sample b on a.match_id = b.match_id and b.seq = a.seq + 1"
            assert db.execute(f"{falling} where b.p1 < a.p1").fetchone() == (0,)


FAULTS = ["plane", "broker", "network"] if LONG else ["plane"]  # half a minute each


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


async def played(house: House, seed: int, faults: Callable[[Random], Coroutine[None, None, None]]) -> None:
    """A crowd plays through the line while faults happen, and hands in what is left."""
    names = [f"chaos-{number:04}" for number in range(DEVICES)]
    manner = Manner(pause=0.15, drop=0.01, away=1.0)
    plan = Plan(("127.0.0.1", house.wire.port), names, manner, SECONDS, seed)
    trouble = asyncio.create_task(faults(Random(seed)))
    outcome = await run(plan, lambda *_: None)
    await trouble
    house.check(outcome)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", seeds(1, 34))
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_is_killed_no_match_is_lost(house: House, fault: str, seed: int) -> None:
    async def faults(random: Random) -> None:
        for _ in range(2):
            await asyncio.sleep(1 + random.random() * 3)
            await asyncio.to_thread(
                {"plane": house.kill_plane, "broker": house.kill_broker, "network": house.cut}[fault]
            )

    await played(house, seed, faults)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", seeds(1, 10))
async def test_all_come_back_at_once(house: House, seed: int) -> None:
    async def faults(_random: Random) -> None:
        await asyncio.sleep(2)
        for _ in range(3):
            house.cut()
            await asyncio.sleep(1.5)

    await played(house, seed, faults)
