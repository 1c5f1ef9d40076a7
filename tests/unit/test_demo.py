"""The demo without its programs: the plan, the words on the screen, and the leash."""

from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from kubeddr.demo_plan import Plan, free_ports, plan
from kubeddr.demo_screen import frame, sentence, status
from kubeddr.processes import Children

if TYPE_CHECKING:
    from pathlib import Path


def match(**changes: Any) -> dict[str, Any]:
    said = {"p1_win": 0.8, "low": 0.6, "high": 0.9, "progress": 0.25}
    return {
        "device": "cabinet-a",
        "state": "running",
        "unit": "points",
        "p1": 1234567,
        "p2": 98,
        "winner": None,
        "prediction": said,
    } | changes


def said(p1_win: float, low: float, high: float) -> dict[str, float]:
    return {"p1_win": p1_win, "low": low, "high": high, "progress": 0.25}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "waiting for a match"),
        (match(), "1,234,567 : 98   player 1 wins with 80% (60% to 90%), 25% decided"),
        (match(prediction=said(0.2, 0.1, 0.4)), "1,234,567 : 98   player 2 wins with 80% (60% to 90%), 25% decided"),
        (match(prediction=said(0.5, 0.1, 0.9)), "1,234,567 : 98   even, 25% decided"),
        (match(prediction=None), "1,234,567 : 98   too early to say"),
        (match(p2=None, prediction=None), "1,234,567 : -   too early to say"),
        (match(unit="percent", p1=9876, p2=0, prediction=None), "98.76 % : 0.00 %   too early to say"),
        (match(state="finished", winner=1), "1,234,567 : 98   finished, player 1 won"),
        (match(state="finished", winner=0), "1,234,567 : 98   finished, a tie"),
        (match(state="finished", winner=None), "1,234,567 : 98   finished, no winner known"),
        (match(state="interrupted"), "1,234,567 : 98   interrupted"),
    ],
)
def test_a_match_in_one_line(given: dict[str, Any] | None, words: str) -> None:
    assert sentence(given) == words


def test_each_cabinet_tells_of_its_newest_match() -> None:
    matches = [match(p1=2), match(device="cabinet-b", p1=3), match(p1=1)]
    lines = status({"cabinet-a": "A", "cabinet-b": "B", "cabinet-c": "C"}, matches)
    assert [lines["A"][0], lines["B"][0], lines["C"]] == ["2", "3", "waiting for a match"]


def test_the_addresses_are_printed_whole() -> None:
    out = io.StringIO()
    long = "http://127.0.0.1:54321/" + "x" * 30
    Console(file=out, width=100).print(frame([("Live page", long), ("Logs", "[odd] name")], "Ctrl-C ends it"))
    assert long in out.getvalue()
    assert "[odd] name" in out.getvalue()


def ports(made: Plan) -> list[str]:
    addresses = [made.url, made.broker]
    addresses += [address for station in made.stations for address in (station.page, station.picture) if address]
    return [address.rpartition(":")[2] for address in addresses]


def test_two_rendered_cabinets_by_default(tmp_path: Path) -> None:
    made = plan(tmp_path, "")
    first, second = made.waves()
    assert [part.arguments[0] for part in first] == ["control-plane", "cabinet", "cabinet"]
    assert [part.arguments[0] for part in second] == ["agent", "agent"]
    assert len(set(ports(made))) == 6
    assert len({part.slug for part in (*first, *second)}) == 5
    for station, part in zip(made.stations, second, strict=True):
        assert part.arguments[part.arguments.index("--source") + 1] == f"{station.picture}/stream.mjpg"


def test_one_device_on_a_source_of_ones_own(tmp_path: Path) -> None:
    first, second = plan(tmp_path, "clip.mp4").waves()
    assert [part.arguments[0] for part in first] == ["control-plane"]
    (device,) = second
    assert device.arguments[device.arguments.index("--source") + 1] == "clip.mp4"


def test_free_ports_are_free_and_differ() -> None:
    found = free_ports(5)
    assert len(set(found)) == 5
    for port in found:
        socket.create_server(("127.0.0.1", port)).close()


def test_a_child_that_ends_is_seen_with_its_last_words(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        child = children.start("a verb that is none", "none", ["no-such-verb"])
        assert child.process.wait(30) != 0
        assert children.ended() is child
        assert "no-such-verb" in child.last_words()


def test_leaving_ends_the_children(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Children(tmp_path) as children:
        child = children.start("a cabinet", "cabinet", ["cabinet", "--port", str(port)])
        assert child.code is None
    assert child.code is not None
