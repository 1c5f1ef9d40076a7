"""Feet followed over a dance floor, with a network that cannot err: what then goes wrong is the reading's own fault."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.pad import paired
from edge_agent.pads import PadLines
from edge_agent.pipeline import StepResult
from game.match import MatchFinished, MatchStarted, MatchState
from game.reading import ScreenReading
from game.track import Track
from models.simulate.pads.scene import Order, draw_scene
from tests.pad_fakes import Faultless, seen
from vision.frame import Frame
from vision.geometry import Box
from vision.pad.decode import Found
from vision.pad.feet import Feet, Press
from vision.pad.pace import Pace
from vision.pad.pads import find_pads
from vision.pad.reader import Dancer, PadReader, PadReading

if TYPE_CHECKING:
    from models.simulate.pads.dance import Press as TruePress

FPS = 30.0
BLANK = np.zeros((256, 320, 3), np.uint8)


def danced(seed: int, order: Order) -> tuple[list[TruePress], list[PadReading]]:
    """The presses that can be seen, and all readings of a scene."""
    scene = draw_scene(seed, order)
    network = Faultless(320)
    reader = PadReader(network)
    readings = []
    for index in range(round(order.seconds * FPS)):
        network.found = seen(scene.truth(index / FPS))
        readings.append(reader.read(Frame(BLANK, index / FPS, index)))
    return [press for press in scene.presses if 0.5 < press.t < order.seconds - 0.1], readings


@pytest.mark.parametrize(("seed", "pads"), [(2, 1), (3, 2)])
def test_nearly_every_press_is_told_with_its_panel_moment_and_foot(seed: int, pads: int) -> None:
    truth, readings = danced(seed, Order(seconds=4.5, pads=pads, dancers=True, double=False, calm=True))
    told = [press for reading in readings for press in reading.presses]
    pairs = paired(truth, told)
    assert len(truth) > 8
    assert len(pairs) >= 0.85 * len(truth)
    assert len(told) <= len(truth) + 1
    assert sum(("left", "right")[one.foot] == two.foot for one, two in pairs) >= 0.9 * len(pairs)
    assert [dancer.present for dancer in readings[-1].dancers] == [True] * pads
    assert not readings[-1].double


def test_one_dancer_on_both_pads_is_told() -> None:
    _, readings = danced(4, Order(seconds=6.5, pads=2, dancers=True, double=True, calm=True))
    assert readings[-1].double
    assert len(readings[-1].pads) == 2


def test_empty_pads_have_no_dancers_and_no_presses() -> None:
    _, readings = danced(6, Order(seconds=2.0, pads=2, dancers=False, calm=True))
    assert not any(reading.presses for reading in readings)
    assert [dancer.present for dancer in readings[-1].dancers] == [False, False]


def floor() -> list[Found]:
    """A pad of four panels seen from straight above, a hundred pixels a panel."""
    spots = {"left": (0, 100), "down": (100, 200), "up": (100, 0), "right": (200, 100)}
    panels = [Found("panel", Box(x + 5, y + 5, 90, 90), 0.9) for x, y in spots.values()]
    return [Found("pad", Box(0, 0, 300, 300), 0.9), *panels]


def foot(x: float, y: float, standing: float) -> Found:
    return Found("foot", Box(x - 20, y - 40, 40, 80), 0.9, standing, (x, y))


def test_a_step_is_stamped_between_the_pictures_before_and_after_it() -> None:
    pads, feet = find_pads(floor()), Feet()
    told: list[Press] = []
    for t, standing in ((0.0, 0.9), (0.1, 0.1), (0.2, 0.2), (0.3, 0.8), (0.4, 0.9)):
        told += feet.take(t, [foot(50, 150, standing)], pads)[1]
    assert [press.panel for press in told] == ["left"]
    assert told[0].t == pytest.approx(0.25)


def test_a_flicker_is_no_step_and_a_slide_to_another_panel_is_one() -> None:
    pads, feet = find_pads(floor()), Feet()
    told: list[Press] = []
    for index, (x, standing) in enumerate(
        [(50, 0.9), (50, 0.45), (50, 0.9), (80, 0.9), (130, 0.9), (160, 0.9), (190, 0.9), (230, 0.9)]
    ):
        told += feet.take(index / FPS, [foot(x, 150, standing)], pads)[1]
    assert [press.panel for press in told] == ["right"]


def test_feet_beside_the_pads_press_nothing() -> None:
    pads, feet = find_pads(floor()), Feet()
    told: list[Press] = []
    for index, standing in enumerate((0.9, 0.1, 0.9, 0.1, 0.9)):
        told += feet.take(index / FPS, [foot(700, 150, standing)], pads)[1]
    assert told == []


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.floats(-500, 900), st.floats(-500, 900), st.floats(0, 1)), max_size=6), max_size=20)
)
def test_whatever_is_found_presses_are_on_panels_and_in_time(frames: list[list[tuple[float, float, float]]]) -> None:
    pads, feet = find_pads(floor()), Feet()
    for index, spots in enumerate(frames):
        shown, told = feet.take(index / FPS, [foot(*spot) for spot in spots], pads)
        assert len({one.number for one in shown}) == len(spots)
        for press in told:
            assert (index - 1) / FPS - 1.0 <= press.t <= index / FPS
            assert press.panel in {"left", "down", "up", "right"}
            assert 0 <= press.confidence <= 1


def test_pace_counts_steps_stamina_and_symmetry() -> None:
    pace = Pace()
    for index in range(80):
        pace = pace.take(Press(index / 4, 0, "up", "left" if index % 2 else "right", 1.0))
    assert pace.rate(20.0) == pytest.approx(4.0, abs=0.21)
    assert pace.stamina(20.0) == pytest.approx(1.0, abs=0.05)
    assert pace.stamina(26.0) == pytest.approx(0.4, abs=0.05)
    assert pace.symmetry() == 1.0
    assert Pace().symmetry() is None
    assert Pace().stamina(3.0) is None


def reading(t: float, present: tuple[bool, ...]) -> PadReading:
    pads = tuple(find_pads(floor()) * len(present))
    return PadReading(t, pads, (), (), tuple(Dancer(one, 0.0, None, None, 0) for one in present), double=False)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_score_that_grows_with_nobody_on_the_pad_is_told_once_a_match() -> None:
    out = io.StringIO()
    told = PadLines(out)
    for t in range(20):
        told.read(reading(float(t), (True, t < 5)))
        grown = Track(value=100 * t, t=float(t), grown_at=float(t), growths=t)
        state = MatchState(t=float(t), started_at=1.0, p1=grown, p2=grown)
        events = (MatchStarted(0.0),) if t == 0 else ()
        told.take(StepResult(ScreenReading(float(t)), state, events))
    odd = [line for line in lines(out) if line["type"] == "disagreement"]
    assert [(line["player"], line["t"]) for line in odd] == [(2, 8.0)]


def test_a_match_ends_with_who_danced_it() -> None:
    out = io.StringIO()
    told = PadLines(out)
    told.take(StepResult(ScreenReading(0.0), MatchState(), (MatchStarted(0.0),)))
    one = reading(1.0, (True, False))
    told.read(PadReading(1.0, one.pads, (), (Press(0.9, 0, "up", "left", 0.9),), one.dancers, double=False))
    told.take(StepResult(ScreenReading(2.0), MatchState(), (MatchFinished(2.0, 5, None),)))
    assert lines(out)[-1] == {"type": "danced", "t": 2.0, "p1": True, "p2": False}
    assert [line["type"] for line in lines(out)] == ["press", "dancers", "danced"]
