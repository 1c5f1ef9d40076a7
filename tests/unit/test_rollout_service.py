"""Rollouts through the database, with devices that obey, refuse, fall silent, or are asked for something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from contract.ids import DeviceId
from control_plane.domain.rollout import Standing
from control_plane.domain.rollout_words import Word
from control_plane.errors import ConflictError, NotFoundError, RefusedError
from control_plane.storage.reads import DEVICES
from tests.rollout_world import CHALLENGER, CHAMPION, FILE, OTHER, FakeCatalog, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = (None, CHAMPION)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_a_good_model_reaches_all_in_waves(world: World) -> None:
    assert world.rollouts.apply(FILE, "ada") == ("trial", True)
    reach = []
    for _ in range(30):
        world.turn()
        reach.append(sum(device.runs == CHALLENGER for device in world.devices.values()))
    assert world.outcome() == "succeeded"
    assert sorted(set(reach)) == [0, 3, 10, 20]
    assert reach == sorted(reach)
    _, _, decisions = world.rollouts.get("trial")
    actions = [each["action"] for each in decisions]
    waves = [f"wave {number} of 3 begins" for number in (1, 2, 3)]
    assert actions == ["created", "canary begins", *waves, "succeeded"]
    assert '"high": ' in decisions[2]["numbers"]


def test_a_bad_model_is_undone_by_itself(tmp_path: Path) -> None:
    world = World(tmp_path, worse=0.2)
    world.rollouts.apply(FILE, "ada")
    assert world.until_ended() == "aborted"
    assert all(device.runs in GOOD and device.shadow is None for device in world.devices.values())
    assert not any(CHALLENGER in device.ran for device in world.devices.values())
    world.close()


def test_a_model_that_does_not_start_in_a_wave_takes_all_back(world: World) -> None:
    for device in list(world.devices.values())[:12]:
        device.refuses = frozenset({CHALLENGER})
    world.rollouts.apply(FILE, "ada")
    assert world.until_ended() == "aborted"
    assert all(device.runs in GOOD for device in world.devices.values())
    said = [each["reason"] for each in world.rollouts.get("trial")[2]]
    assert any("devices failed; 20% may" in reason for reason in said)


def test_the_same_file_again_changes_nothing_and_another_one_is_refused(world: World) -> None:
    world.rollouts.apply(FILE, "ada")
    assert world.rollouts.apply(FILE + "# a remark\n", "ada") == ("trial", False)
    with pytest.raises(ConflictError, match="a name of its own"):
        world.rollouts.apply(FILE.replace("80%", "90%"), "ada")
    with pytest.raises(ConflictError, match="The rollout trial of a winner is under way"):
        world.rollouts.apply(FILE.replace("rollout: trial", "rollout: other"), "ada")
    world.rollouts.say("trial", Word.ABORT, "ada", "")
    world.until_ended()
    assert world.rollouts.apply(FILE.replace("rollout: trial", "rollout: other"), "ada") == ("other", True)


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("winner 2", "winner 9", NotFoundError, "There is no model winner 9"),
        ("canary: 6", "canary: 6\ntargets: {tags: [none-such]}", RefusedError, "No device is among the targets"),
        ("canary: 6", "canary: 10%", RefusedError, "A canary of 2 out of 20 devices cannot decide"),
    ],
)
def test_what_cannot_be_is_refused_before_it_begins(
    world: World, old: str, new: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        world.rollouts.apply(FILE.replace(old, new), "ada")
    assert world.rollouts.page(10, 0)[1] == 0


def test_the_difference_that_can_be_told_is_shown_before_it_begins(world: World) -> None:
    usual = world.rollouts.preview(FILE)
    assert (usual.canary, usual.waves, usual.measured) == (6, (3, 10, 20), False)
    assert usual.detectable > 0.05
    world.rollouts.apply(FILE, "ada")
    world.until_ended()
    assert world.rollouts.preview(FILE).measured
    assert world.rollouts.preview(FILE).detectable < usual.detectable


def test_a_device_that_a_person_asks_for_another_model_is_left_alone(world: World) -> None:
    world.rollouts.apply(FILE.replace("matches: 12", "matches: 40"), "ada")
    for _ in range(3):
        world.turn()
    mine = next(member.device for member in world.rollouts.get("trial")[0].members if member.canary)
    world.fleet.assign(DeviceId(mine), FakeCatalog().assignment(OTHER))
    assert world.until_ended() == "succeeded"
    assert world.devices[DeviceId(mine)].runs == OTHER
    stands = {member.device: standing for member, _, standing, _ in world.rollouts.stands("trial")}
    assert stands.pop(mine) is Standing.LEFT
    assert set(stands.values()) == {Standing.DONE}


def test_silence_counts_from_when_we_began_to_listen(world: World) -> None:
    world.rollouts.apply(FILE, "ada")
    world.turn()
    now = datetime.now(UTC)
    members = world.rollouts.get("trial")[0].members
    mute = [member.device for member in members if member.canary][:3]
    for device in mute:
        world.devices[DeviceId(device)].deaf = True
    with world.unharmed(), world.database.write() as connection:
        connection.execute(update(DEVICES).where(DEVICES.c.id.in_(mute)).values(heard=now - timedelta(hours=1)))
        connection.exec_driver_sql("update rollout_device set since = '2020-01-01' where since is not null")
    world.since = now - timedelta(minutes=29)  # the control plane was away for a day, and has just come back
    world.rollouts.tend()
    assert world.rollouts.get("trial")[0].stage == "canary"
    world.since = None  # and now the broker is
    world.rollouts.tend()
    assert world.rollouts.get("trial")[0].stage == "canary"
    world.since = now - timedelta(minutes=31)
    world.rollouts.tend()
    rollout, _, decisions = world.rollouts.get("trial")
    assert (rollout.stage, decisions[-1]["reason"]) == ("back", "3 of 6 devices failed; 20% may")


def test_a_person_may_pause_go_on_and_end_it(world: World) -> None:
    world.rollouts.apply(FILE, "ada")
    world.turn()
    world.rollouts.say("trial", Word.PAUSE, "bo", "lunch")
    for _ in range(15):
        world.turn()
    assert world.rollouts.get("trial")[0].waits == "the gate lets it through; it is paused"
    world.rollouts.say("trial", Word.RESUME, "bo", "")
    world.turn()
    assert world.rollouts.get("trial")[0].wave == 1
    world.rollouts.say("trial", Word.ABORT, "bo", "a bad feeling")
    assert world.until_ended() == "aborted"
    assert all(device.runs in GOOD for device in world.devices.values())
    told = [(each["action"], each["decided_by"], each["reason"]) for each in world.rollouts.get("trial")[2]]
    assert ("paused", "bo", "lunch") in told
    assert ("goes back", "bo", "a bad feeling") in told
    with pytest.raises(ConflictError, match="has ended: aborted"):
        world.rollouts.say("trial", Word.RESUME, "bo", "")


def test_a_challenger_that_is_retired_on_the_way_goes_back(world: World) -> None:
    world.rollouts.apply(FILE, "ada")
    for _ in range(16):
        world.turn()
        if world.rollouts.get("trial")[0].wave:
            break
    world.catalog.retired.add(CHALLENGER)
    assert world.until_ended() == "aborted"
    assert all(device.runs in GOOD for device in world.devices.values())
    assert "winner 2 is retired" in [each["reason"] for each in world.rollouts.get("trial")[2]]
