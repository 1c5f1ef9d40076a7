"""Video in, database row out, and the page live in between; with the network and without it."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from tests.device_broker import eventually
from tests.e2e_checks import arrivals, as_the_device_showed_it, course_of, nothing_missing_or_doubled
from tests.e2e_stage import Clip, Device, Ear, Stage, finished, presence, running_match, seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Starter = Callable[[Path | str], Device]


def test_a_match_is_on_the_page_within_a_second_and_outlives_a_cut_line(
    stage: Stage, device: Starter, clip: Clip
) -> None:
    it = device(clip.path)
    live = Ear(f"{stage.url}/api/v1/live?device={it.name}")
    view = it.phase("match")
    match = running_match(stage, it)
    it.goes_on(8)
    before = stage.events(it.name)[-1]["seq"]

    it.wire.break_now()
    eventually(lambda: presence(stage, it) == "offline")
    it.goes_on(10)  # four seconds in which it predicts and shows it all by itself
    assert it.ear.view["link"] != "connected"
    it.wire.mend()

    row = finished(stage, match)
    assert (row["p1_final"], row["p2_final"], row["winner"]) == clip.finals
    assert presence(stage, it) == "online"
    it.settled()
    events = nothing_missing_or_doubled(stage, it)
    as_the_device_showed_it(stage, match, course_of(view, it.ear.heard()))

    mine = [event for event in events if event["match_id"] == match]
    late = [seconds(event["received"]) - seconds(event["time"]) for event in mine]
    assert max(late) > 1.0  # the cut was real
    told = [event["seq"] for event in mine if event["kind"] == "match_progress"]
    lags = eventually(lambda: len(lags := arrivals(live, match)) >= len(told) and lags)
    assert sorted(lags) == told
    assert median(lag for seq, lag in lags.items() if seq <= before) <= 1.0
    live.close()
