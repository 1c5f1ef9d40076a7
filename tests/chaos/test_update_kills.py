"""The plug is pulled at every write and at every effect of an update: a verified model runs, and the device says which.

A kill is an exception that nothing catches, at a point that is counted: before and after each fsync and each rename,
also of the signed metadata, and before each thing that the updater does to the rest of the agent. As after a power cut,
what was not synced is torn at a random place, and a rename that was not synced may be gone.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.updates.machine import State
from tests.chaos_runs import seeds
from tests.model_shelf import Shelf, digest, model
from tests.update_bench import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from contract.messages import ModelAssignment

LEAST_POINTS = 60
STRIDE = 5


class Killed(BaseException):
    """The power is gone."""


@dataclass
class Plug:
    """Counts points, and pulls at one of them."""

    random: Random
    at: int | None = None
    points: list[str] = field(default_factory=list)

    def point(self, name: str) -> bool:
        """Whether it is pulled here."""
        self.points.append(name)
        return len(self.points) - 1 == self.at

    def fsync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if self.point(f"before fsync {_kind(path)}") and path.is_file():
            os.truncate(path, self.random.randrange(path.stat().st_size + 1))
            raise Killed
        if self.at is not None and len(self.points) - 1 == self.at:
            raise Killed
        if self.point(f"after fsync {_kind(path)}"):
            raise Killed

    def rename(self, old: Path, new: Path) -> None:
        before = new.read_bytes() if new.is_file() else None
        if self.point(f"before rename {_kind(new)}"):
            raise Killed
        _rename(old, new)
        if self.point(f"after rename {_kind(new)}"):
            if self.random.random() < 0.5:
                new.unlink() if before is None else new.write_bytes(before)
            raise Killed

    def effect(self, name: str) -> None:
        if self.point(f"before {name}"):
            raise Killed


_rename = os.rename


def _kind(path: Path) -> str:
    return path.name if path.suffix == ".json" else path.suffix or "folder"


@contextmanager
def plugged(plug: Plug) -> Iterator[None]:
    """Everything durable goes by the plug."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", plug.fsync)
        patch.setattr(os, "replace", lambda old, new, **_: plug.rename(Path(old), Path(new)))
        patch.setattr(Path, "replace", lambda old, new: plug.rename(old, Path(new)))
        yield


class Fragile(Bench):
    """A device on the plug."""

    plug: Plug | None = None

    def on(self, plug: Plug) -> None:
        """From here on every effect is a point."""
        self.plug = plug
        hands = self.updater._hands
        wrapped: dict[str, Any] = {
            name: self._before(name, getattr(hands, name)) for name in ("swap", "beside", "report", "changed")
        }
        self.updater._hands = replace(hands, **wrapped)

    def _before(self, name: str, action: Callable[..., Any]) -> Callable[..., Any]:
        def act(*given: Any) -> Any:
            assert self.plug is not None
            self.plug.effect(name)
            return action(*given)

        return act


@dataclass(frozen=True)
class Story:
    """What happens to a device, in the same way each time, and what must have become of it in the end."""

    live: Callable[[Fragile, Models], None]
    runs: str
    phase: str


@dataclass
class Models:
    shelf: Shelf
    one: ModelAssignment
    two: ModelAssignment
    bad: ModelAssignment

    def verified(self) -> set[str | None]:
        return {None, self.one.sha256, self.two.sha256}


def comes(bench: Fragile, models: Models) -> None:
    bench.want(1, models.one)
    bench.drive()
    bench.pass_time(20)


def is_replaced(bench: Fragile, models: Models) -> None:
    comes(bench, models)
    bench.want(2, models.two)
    bench.drive()
    bench.pass_time(20)


def is_taken_back(bench: Fragile, models: Models) -> None:
    bench.want(1, models.one)
    bench.drive()
    healthy, bench.healthy = bench.healthy, replace(bench.healthy, failing=10)
    if bench.sha256() == models.one.sha256:
        bench.pass_time(1)
    bench.healthy = healthy


def is_refused(bench: Fragile, models: Models) -> None:
    bench.want(1, models.bad)
    bench.drive()


def shadows_and_runs(bench: Fragile, models: Models) -> None:
    bench.want(1, shadow=models.one)
    bench.drive()
    bench.want(2, models.one)
    bench.drive()
    bench.pass_time(20)


STORIES = {
    "comes": Story(comes, "2.0", "committed"),
    "is replaced": Story(is_replaced, "3.0", "committed"),
    "is taken back": Story(is_taken_back, "0", "reverted"),
    "is refused": Story(is_refused, "0", "refused"),
    "shadows and runs": Story(shadows_and_runs, "2.0", "committed"),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    wrong = model("6.0", wrong=0.5)
    yield Models(
        shelf, shelf.add(model("2.0")), shelf.add(model("3.0"), "3.0"), shelf.add(wrong, "6.0", sha256=digest(wrong))
    )
    shelf.close()


def points(story: Story, models: Models, folder: Path) -> list[str]:
    """Where the plug can be pulled in a story."""
    plug, bench = Plug(Random(0)), Fragile(folder, models.shelf.source)
    bench.on(plug)
    with plugged(plug):
        story.live(bench, models)
    return plug.points


def is_sound(bench: Fragile, models: Models) -> None:
    """A verified model runs, it is whole, and the device says that it is this one."""
    running = bench.sha256()
    assert running in models.verified()
    if running is not None:
        assert digest(bench.store.path(running).read_bytes()) == running
    assert bench.model().sha256 == running
    assert State.model_validate_json(bench.store.state.model_dump_json()) == bench.store.state


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("seed", seeds(1, 20))  # the long form is at every point four times, the short one at some
def test_a_verified_model_runs_and_the_story_ends_as_it_must(
    name: str, seed: int, models: Models, tmp_path: Path
) -> None:
    story = STORIES[name]
    for at, where in list(enumerate(points(story, models, tmp_path / "dry")))[seed % STRIDE :: STRIDE]:
        folder = tmp_path / str(at)
        plug = Plug(Random(f"{seed} {at}"), at)
        bench = Fragile(folder, models.shelf.source)
        bench.on(plug)
        with plugged(plug), pytest.raises(Killed):
            story.live(bench, models)
        alone = Fragile(folder, None)  # at first without a network
        is_sound(alone, models)
        again = Fragile(folder, models.shelf.source)
        is_sound(again, models)
        story.live(again, models)
        is_sound(again, models)
        told = again.model()
        assert told.version == story.runs, where
        assert told.update is not None
        assert told.update.phase == story.phase, where
        wanted = again.updater._wanted
        assert wanted is None or again.updater.settled == wanted.version


def test_there_are_many_places_to_pull_it(models: Models, tmp_path: Path) -> None:
    found = {name: points(story, models, tmp_path / str(at)) for at, (name, story) in enumerate(STORIES.items())}
    assert sum(map(len, found.values())) >= LEAST_POINTS
    phases = {where for each in found.values() for where in each}
    assert {"before fsync .part", "after rename state.json", "before swap", "before rename timestamp.json"} <= phases
