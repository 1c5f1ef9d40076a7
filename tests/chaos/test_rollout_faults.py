"""The reconciler of rollouts killed at every statement, commit and message: it resumes, and tells the truth."""

from __future__ import annotations

import shutil
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from control_plane.domain.rollout_words import Word
from tests.chaos_runs import LONG, seeds
from tests.rollout_world import CHALLENGER, CHAMPION, FILE, CrashError, World

if TYPE_CHECKING:
    from pathlib import Path

SHORT = 3  # points of each story and seed that the suite tries; `make chaos` tries all
STORIES = {"good": "succeeded", "bad": "aborted", "breaks in the second wave": "aborted", "somebody ends it": "aborted"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a fleet in it, made once."""
    folder = tmp_path_factory.mktemp("template")
    World(folder, devices=12).close()
    return folder / "world.db"


def begin(story: str, folder: Path, template: Path, seed: int) -> World:
    folder.mkdir()
    shutil.copy(template, folder / "world.db")
    world = World(folder, devices=12, seed=seed, worse=0.2 if story == "bad" else 0.0)
    world.rollouts.apply(FILE, "ada")
    if story == "breaks in the second wave":
        members = [member.device for member in world.rollouts.get("trial")[0].members]
        for device in world.devices.values():
            if members.index(device.id) in {2, 4, 5}:
                device.refuses = frozenset({CHALLENGER})
    world.points = 0
    return world


def play(story: str, world: World) -> None:
    """One turn, and in one story a person who ends it in the first wave."""
    world.turn()
    rollout, _, _ = world.rollouts.get("trial")
    if story == "somebody ends it" and rollout.wave and rollout.outcome == "open":
        world.rollouts.say("trial", Word.ABORT, "ada", "enough")


def run(story: str, world: World, crashes: list[int]) -> int:
    """Until it has ended, dying at these points; returns how many points were passed."""
    died = 0
    world.crash_at = crashes[0] if crashes else None
    for _ in range(80):
        try:
            play(story, world)
            check_reach(world)
            if world.outcome() is not None:
                world.rollouts.tend()  # whatever is still to be asked of devices
                break
        except CrashError:
            died += 1
            world.crash_at = world.points + crashes[died] if died < len(crashes) else None
            world.restart()
            with world.unharmed():
                world.remind()
                world.live()
    return died


def check_reach(world: World) -> None:
    with world.unharmed():
        rollout, _, _ = world.rollouts.get("trial")
        asked = [world.desired(device) for device in world.devices]
        runs = sum(any(model.sha256 == CHALLENGER for model in each.models) for each in asked if each)
        if rollout.stage in {"canary", "waves"}:
            assert runs <= rollout.reach


def check_end(story: str, world: World) -> None:
    """It ended as it should, said so once, and every device is and runs what the rollout says."""
    with world.unharmed():
        assert world.outcome() == STORIES[story]
        rollout, _, rows = world.rollouts.get("trial")
        actions = Counter(row["action"] for row in rows)
        assert set(actions.values()) == {1}, actions
        assert rows[-1]["action"] == STORIES[story]
        for member in rollout.members:
            device = world.devices[member.device]  # type: ignore[index]
            desired = world.desired(device.id)
            assert device.shadow is None
            assert (device.desired or desired) == desired
            if STORIES[story] == "succeeded":
                assert (device.runs, member.want) == (CHALLENGER, "run")
            else:
                assert device.runs in {None, CHAMPION}
                assert member.want in {"champion", "nothing"}
        assert not world.rollouts.get("trial")[0].waits


@pytest.mark.parametrize("story", STORIES)
def test_killed_anywhere_it_resumes_and_tells_the_truth(story: str, tmp_path: Path, template: Path) -> None:
    world = begin(story, tmp_path / "clean", template, 1)
    run(story, world, [])
    check_end(story, world)
    points = world.points
    world.close()
    assert points > SHORT
    for seed in seeds(2, 3):
        chance = Random(seed)
        tried = range(1, points + 1) if LONG else sorted(chance.sample(range(1, points + 1), SHORT))
        for point in tried:
            world = begin(story, tmp_path / f"{seed}-{point}", template, seed + 1)
            crashes = [point, chance.randint(1, 60)] if chance.random() < 0.5 else [point]
            died = run(story, world, crashes)
            assert died or seed, f"point {point} of {points} was not reached"
            check_end(story, world)
            world.close()
            shutil.rmtree(tmp_path / f"{seed}-{point}")
