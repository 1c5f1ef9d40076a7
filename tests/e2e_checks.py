"""What must hold of a device's reports once all of them have arrived."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.e2e_stage import seconds

if TYPE_CHECKING:
    from tests.e2e_stage import Device, Ear, Heard, Stage

PROMISED = 0.5  # seconds at most between predictions of a match


def nothing_missing_or_doubled(stage: Stage, device: Device) -> list[dict[str, Any]]:
    """Hold the database to what the events themselves say; returns the events, in the order of their writing."""
    events = stage.events(device.name)
    by_boot: dict[str, list[int]] = defaultdict(list)
    for event in events:
        by_boot[event["boot_id"]].append(event["seq"])
    for boot, numbers in by_boot.items():
        assert numbers == list(range(1, len(numbers) + 1)), f"boot {boot}: not each once and in order"
    times = [event["time"] for event in events]
    assert times == sorted(times)
    begun = [event["body"]["match_id"] for event in events if event["kind"] == "match_started"]
    rows = stage.rows("SELECT * FROM matches WHERE device_id = ?", device.name)
    assert sorted(row["id"] for row in rows) == sorted(set(begun))
    assert len(begun) == len(set(begun))
    for match in begun:
        of_it = [event for event in events if event["match_id"] == match and event["kind"] != "model_compared"]
        _whole(stage, match, of_it)
    return events


def _whole(stage: Stage, match: str, events: list[dict[str, Any]]) -> None:
    """One match: it starts first and finishes last, if at all, and predictions come as close as is promised."""
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "match_started"
    assert "match_finished" not in kinds[:-1]
    times = [event["body"]["t"] for event in events]
    assert times == sorted(times)
    assert max(after - before for before, after in pairwise(times)) <= PROMISED + 1e-6
    samples = stage.rows("SELECT seq, t FROM sample WHERE match_id = ? ORDER BY seq", match)
    told = [(event["seq"], event["body"]["t"]) for event in events if event["kind"] == "match_progress"]
    assert [(row["seq"], row["t"]) for row in samples] == told


def as_the_device_showed_it(stage: Stage, match: str, view: dict[str, Any]) -> None:
    """The samples of a match are the course that the device's own page had drawn, point by point."""
    (row,) = stage.rows("SELECT * FROM matches WHERE id = ?", match)
    samples = stage.rows("SELECT t, p1_win FROM sample WHERE match_id = ? ORDER BY seq", match)
    kept = [(round(each["t"] - row["started_t"], 2), round(each["p1_win"], 4)) for each in samples]
    drawn = [(point[0], point[1]) for point in view["course"]]
    assert len(drawn) > 2
    assert kept[: len(drawn)] == drawn


def course_of(view: dict[str, Any], heard: list[Heard]) -> dict[str, Any]:
    """The last page on which the match of `view` had its course."""
    after = [each.data for each in heard]
    first = after.index(view)
    over = next((n for n, each in enumerate(after) if n > first and each["phase"] != "match"), len(after))
    return after[over - 1]


def arrivals(live: Ear, match: str) -> dict[int, float]:
    """Seconds from each sample's own time to the moment at which the live page had it, by seq."""
    charts = [heard for heard in live.heard("samples") if heard.data["match"] == match]
    return {point["seq"]: each.at - seconds(point["time"]) for each in charts for point in each.data["samples"]}
