"""Ingest that dies at every point between reading a batch and receipting it; the broker hands over again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from contract.codec import encode
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import Event
from contract.topics import TOPICS, Channel
from control_plane.domain.letters import open_letter
from control_plane.storage import reads
from control_plane.storage.database import Database
from control_plane.storage.intake import take_in
from tests.chaos_runs import seeds
from tests.cloud_fakes import match_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_plane.domain.letters import Letter

LEFT = DeviceId("left")


class DiedError(Exception):
    """The process is gone: whatever was not committed is not there."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path_factory.mktemp('chaos')}/x.db")
    made.migrate()
    yield made
    made.close()


def letters_of(boot: BootId, matches: list[MatchId], random: Random) -> list[Letter]:
    """A device's evening, with a clock that jumps by hours."""
    now, found = datetime.now(UTC), []
    bodies = [body for match in matches for body in match_bodies(match, 6)]
    for seq, body in enumerate(bodies, 1):
        now += timedelta(hours=random.uniform(-20, 20)) if random.random() < 0.1 else timedelta(seconds=1)
        event = Event(boot_id=boot, seq=seq, time=now, oldest=1, body=body)
        topic = TOPICS.build(LEFT, Channel.EVENTS)
        found.append(open_letter(TOPICS, topic, encode(event), datetime.now(UTC), retained=False))
    return found


def write(database: Database, batch: list[Letter], dies: str) -> int:
    """Take a batch in and die where it says; returns the receipt."""
    with database.write() as connection:
        intake = take_in(connection, batch)
        if dies == "before the commit":
            raise DiedError
    if dies == "after the commit":
        raise DiedError
    return max((receipt.seq for _, receipt in intake.receipts), default=0)


@pytest.mark.parametrize("seed", seeds(30))
def test_nothing_is_lost_doubled_or_out_of_order(database: Database, seed: int) -> None:
    random, boot = Random(seed), BootId.mint()
    matches = [MatchId.mint() for _ in range(3)]
    letters = letters_of(boot, matches, random)
    waiting, receipted = list(letters), 0
    while waiting:
        size = random.randint(1, 9)
        batch = waiting[:size]
        if random.random() < 0.3:  # the broker's memory is gone too: the device sends from its last receipt on
            waiting = letters[receipted:]
            batch = waiting[:size]
        dies = random.choice(["", "", "before the commit", "after the commit"])
        try:
            receipted = max(receipted, write(database, batch, dies))
        except DiedError:
            random.shuffle(waiting)  # and hands over what was not acknowledged in whatever order
            continue
        if not dies:
            waiting = [letter for letter in waiting if letter not in batch]
    for _ in range(2):  # until the receipt says so, the device goes on sending
        receipted = max(receipted, write(database, letters, ""))
    assert receipted == len(letters)
    with database.read() as connection:
        for match in matches:
            row, samples = reads.match(connection, match), reads.samples(connection, match)
            assert row is not None
            assert (row["finished"] is not None, row["p1_final"], row["winner"]) == (True, 900_000, 1)
            assert [sample["p1"] for sample in samples] == sorted(sample["p1"] for sample in samples)
            assert len(samples) == 6
        assert reads.dead_letters(connection, 1)[1] == 0
