"""The network is pulled for a whole minute of a match."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.device_broker import eventually
from tests.e2e_checks import as_the_device_showed_it, course_of, nothing_missing_or_doubled
from tests.e2e_stage import PATIENCE, film, finished, presence, running_match

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e_stage import Device, Stage

MINUTE = 60.0
PAGE_STANDS_STILL = 2.0  # seconds: twice the heartbeat of its stream


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_device_without_a_network_for_a_minute(
    stage: Stage, device: Callable[[Path | str], Device], tmp_path: Path
) -> None:
    clip = film(tmp_path / "long.mp4", song=85.0)
    it = device(clip.path)
    view = it.phase("match")
    match = running_match(stage, it)
    it.goes_on(8)

    it.wire.pull()
    pulled, heard, course = time.time(), len(it.ear.heard()), it.ear.view["course"]
    eventually(lambda: time.time() - pulled >= MINUTE, 2 * MINUTE)
    alone = it.ear.heard()[heard:]
    gaps = [after.at - before.at for before, after in pairwise(alone)]
    assert max(gaps) < PAGE_STANDS_STILL
    grown = [point for point in it.ear.view["course"] if point[0] > course[-1][0]]
    assert grown[-1][0] - course[-1][0] > MINUTE - 2
    assert max(after[0] - before[0] for before, after in pairwise(grown)) <= 0.5 + 1e-6
    assert presence(stage, it) == "offline"
    assert it.health() == []  # to be alone is no illness
    it.wire.plug()

    row = finished(stage, match)
    assert (row["p1_final"], row["p2_final"], row["winner"]) == clip.finals
    assert row["historical"]
    it.settled()
    events = nothing_missing_or_doubled(stage, it)
    as_the_device_showed_it(stage, match, course_of(view, it.ear.heard()))
    late = [event for event in events if event["historical"]]
    assert len(late) > MINUTE / 0.5
    eventually(lambda: presence(stage, it) == "online", PATIENCE)
