from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.device_broker import MOSQUITTO
from tests.e2e_stage import Clip, Device, Stage, film

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One control plane with its broker for all tests; each brings devices of its own."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed (sudo apt install mosquitto)")
    with Stage(tmp_path_factory.mktemp("house")) as stage:
        yield stage


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A short match."""
    return film(tmp_path_factory.mktemp("clip") / "match.mp4", song=9.0)


@pytest.fixture
def device(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Callable[[Path | str], Device]]:
    """Starts the test's device on a source."""
    started: list[Device] = []

    def start(source: Path | str) -> Device:
        started.append(Device(stage, request.node.name.replace("_", "-")[5:45].strip("-"), str(source)))
        return started[-1]

    yield start
    for each in started:
        each.close()
