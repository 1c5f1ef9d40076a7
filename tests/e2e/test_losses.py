"""What can be taken away in mid-match: a device's camera, its life, and the control plane with its broker."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
from typing import TYPE_CHECKING, Any

from kubeddr.demo_plan import free_ports
from tests.device_broker import Wire, eventually
from tests.e2e_checks import as_the_device_showed_it, course_of, nothing_missing_or_doubled
from tests.e2e_stage import FPS, HOST, PATIENCE, SIZE, Clip, Device, Ear, Stage, finished, running_match

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubeddr.processes import Child

    Starter = Callable[[Path | str], Device]


def cabinet(stage: Stage, port: int, slug: str) -> Child:
    """`kubeddr cabinet` as a process: its evening begins now."""
    size = f"{SIZE[0]}x{SIZE[1]}"
    look = ("--theme", "plates", "--seed", "3", "--song", "14", "--size", size, "--fps", f"{FPS:g}")
    child = stage.children.start("the cabinet", slug, ("cabinet", "--port", str(port), *look))
    stage.until_well(child, f"http://{HOST}:{port}/healthz")
    return child


def state(stage: Stage, match: str) -> str:
    said: str = stage.get(f"/matches/{match}")["match"]["state"]
    return said


def begun(stage: Stage, device: Device, count: int) -> list[dict[str, Any]]:
    """The matches of a device, oldest first, once there are so many."""
    query = "SELECT * FROM matches WHERE device_id = ? ORDER BY started"
    rows: list[dict[str, Any]] = eventually(
        lambda: len(rows := stage.rows(query, device.name)) >= count and rows, PATIENCE
    )
    return rows


def test_the_camera_is_unplugged_and_the_cabinet_falls_over(stage: Stage, device: Starter) -> None:
    (port,) = free_ports(1)
    first = cabinet(stage, port, "cabinet-1")
    cable = Wire(port)
    it = device(f"http://{HOST}:{cable.port}/stream.mjpg")
    it.phase("match")
    it.goes_on(3)
    assert it.health() == []

    cable.pull()
    eventually(lambda: it.ear.view["picture"]["state"] != "live", PATIENCE)
    (reason,) = it.health()
    assert reason.startswith("no picture: ")
    it.goes_on(2)  # the song goes on, wherever the camera is
    cable.plug()
    eventually(lambda: it.ear.view["picture"]["state"] == "live", PATIENCE)
    eventually(lambda: it.ear.view["p1"]["now"] and it.ear.view["p2"]["now"], PATIENCE)
    assert it.health() == []
    assert it.ear.view["phase"] == "match"
    assert len(begun(stage, it, 1)) == 1  # the same match as before

    first.signal(signal.SIGKILL)
    first.process.wait()
    eventually(it.health, PATIENCE)
    second = cabinet(stage, port, "cabinet-2")  # with a new evening
    eventually(lambda: it.health() == [], PATIENCE)
    one, two = begun(stage, it, 2)
    assert state(stage, one["id"]) == "finished"
    assert state(stage, two["id"]) == "running"
    it.goes_on(3)
    it.settled()
    assert len(nothing_missing_or_doubled(stage, it)) > 20
    second.process.terminate()
    cable.close()


def waiting(device: Device) -> dict[tuple[str, int], dict[str, Any]]:
    """What is in the outbox on the disk: body by (boot, seq)."""
    query = "SELECT boot_id, seq, body FROM event JOIN boot ON boot.number = event.boot"
    with contextlib.closing(sqlite3.connect(device.data / "outbox.db")) as db:
        return {(boot, seq): json.loads(body) for boot, seq, body in db.execute(query)}


def test_killed_in_mid_match_nothing_that_was_seen_is_lost(stage: Stage, device: Starter, clip: Clip) -> None:
    it = device(clip.path)
    it.phase("match")
    (one,) = begun(stage, it, 1)
    it.wire.break_now()
    it.goes_on(6)  # seen by nobody else
    it.kill()
    left = waiting(it)
    assert len(left) >= 6
    it.wire.mend()
    it.start()
    it.phase("match")
    _, two = begun(stage, it, 2)
    it.goes_on(2)
    it.settled()
    events = {(event["boot_id"], event["seq"]): event for event in nothing_missing_or_doubled(stage, it)}
    assert {key: events[key]["body"] for key in left} == left
    assert len(begun(stage, it, 2)) == 2
    assert two["boot_id"] != one["boot_id"]
    assert [state(stage, each["id"]) for each in (one, two)] == ["interrupted", "running"]


def test_the_control_plane_is_killed_with_its_broker_and_comes_back(stage: Stage, device: Starter, clip: Clip) -> None:
    it = device(clip.path)
    live = Ear(f"{stage.url}/api/v1/live?device={it.name}")
    view = it.phase("match")
    match = running_match(stage, it)
    it.goes_on(4)
    stage.kill()
    it.goes_on(6)
    stage.start()
    row = finished(stage, match)
    assert (row["p1_final"], row["p2_final"], row["winner"]) == clip.finals
    it.settled()
    nothing_missing_or_doubled(stage, it)
    as_the_device_showed_it(stage, match, course_of(view, it.ear.heard()))
    eventually(lambda: live.heard("match")[-1].data["state"] == "finished", PATIENCE)  # on the page as well
    live.close()
