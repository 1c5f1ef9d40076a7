"""Pads out of boxes: panels get their names, whatever the view, and what is no pad is none."""

from __future__ import annotations

import numpy as np
import pytest

from models.simulate.pads.looks import PLANS
from models.simulate.pads.view import look
from vision.geometry import Box
from vision.pad.decode import CHANNELS, STRIDE, Found, fitted, found_in, suppress
from vision.pad.memory import Memory
from vision.pad.pads import find_pads
from vision.pad.plan import CELLS
from vision.pad.precision import average_precision

PITCH = 0.3
EYES = [(0.0, -1.2, 2.6), (1.1, -1.8, 1.9), (-1.0, -1.6, 2.2), (0.0, -2.4, 1.7)]


def boxes(eye: tuple[float, float, float], plan: str, at: float = 0.0) -> list[Found]:
    """What a faultless network would find of one pad seen from `eye`."""
    view = look(np.array(eye), np.array([at / 2, 0.0, 0.0]), 0.0, 330.0, (320, 256))

    def seen(x: float, y: float, half: float) -> Box:
        corners = np.array(
            [[x - half, y - half, 0], [x + half, y - half, 0], [x + half, y + half, 0], [x - half, y + half, 0]]
        )
        return view.box(corners + np.array([at, 0.0, 0.0]))

    found = [Found("pad", seen(0, 0, 1.6 * PITCH), 0.9)]
    for name in PLANS[plan]:
        column, row = CELLS[name]
        found.append(Found("panel", seen(column * PITCH, row * PITCH, 0.45 * PITCH), 0.8, 0.1))
    return found


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("plan", list(PLANS))
def test_panels_get_their_names_from_every_side(eye: tuple[float, float, float], plan: str) -> None:
    found = boxes(eye, plan)
    (pad,) = find_pads(found)
    assert {panel.name for panel in pad.panels} == set(PLANS[plan])
    wanted = dict(zip(PLANS[plan], found[1:], strict=True))
    for panel in pad.panels:
        assert panel.box == wanted[panel.name].box
        x, y = panel.box.x + panel.box.w / 2, panel.box.y + panel.box.h / 2
        assert pad.under((x, y)) == panel.name


@pytest.mark.parametrize("eye", EYES)
def test_a_hidden_panel_is_put_where_it_must_be(eye: tuple[float, float, float]) -> None:
    found = boxes(eye, "nine")
    hidden = found.pop(3)
    (pad,) = find_pads(found)
    panel = next(one for one in pad.panels if one.confidence == 0)
    assert panel.box.overlap(hidden.box) > 0.7


def test_two_pads_come_from_left_to_right() -> None:
    pads = find_pads(boxes(EYES[0], "four", 0.6) + boxes(EYES[0], "four", -0.6))
    assert len(pads) == 2
    assert pads[0].box.x < pads[1].box.x


def test_few_panels_or_panels_anywhere_are_no_pad() -> None:
    found = boxes(EYES[0], "four")
    assert find_pads(found[:3]) == []
    assert find_pads(found[1:]) == []
    row = [Found("pad", Box(50, 50, 90, 90), 0.9)]
    row += [Found("panel", Box(50 + 15 * i, 50 + 3 * i, 8, 8), 0.8) for i in range(5)]
    assert find_pads(row) == []


def test_memory_keeps_what_is_hidden_for_a_while_and_forgets_what_has_gone() -> None:
    found = boxes(EYES[0], "four")
    memory = Memory()
    for _ in range(30):
        memory.take(found)
    for _ in range(30):
        memory.take(found[:-1])
    (pad,) = find_pads(memory.known())
    assert {panel.name for panel in pad.panels} == set(PLANS["four"])
    for _ in range(600):
        memory.take([])
    assert memory.known() == []


def test_a_map_of_cells_becomes_boxes_in_the_pictures_own_pixels() -> None:
    answer = np.full((4, 5, CHANNELS), -9.0, np.float32)
    answer[2, 3, 2] = 3.0  # a foot
    answer[2, 3, 11:15] = 0.0  # a cell to every side
    answer[2, 3, 16:19] = (4.0, 0.5, -0.5)
    (one,) = found_in(answer, 0.5)
    assert one.kind == "foot"
    assert one.box == Box(2 * STRIDE * 2.5, 2 * STRIDE * 1.5, 2 * STRIDE * 2, 2 * STRIDE * 2)
    assert one.ball == (2 * STRIDE * 4.0, 2 * STRIDE * 2.0)
    assert one.flag > 0.9


@pytest.mark.parametrize(
    ("size", "fits"),
    [((720, 1280), (192, 320)), ((480, 640), (256, 320)), ((9, 2000), (32, 320)), ((1, 1), (320, 320))],
)
def test_pictures_of_any_size_fit_the_network(size: tuple[int, int], fits: tuple[int, int]) -> None:
    picture, _ = fitted(np.zeros((*size, 3), np.uint8))
    assert picture.shape == (*fits, 3)


def test_of_two_boxes_on_one_thing_the_surer_stays() -> None:
    corners = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], float)
    assert suppress(corners, np.array([0.5, 0.9, 0.3]), 0.5) == [[1, 0], [2]]


def test_average_precision_counts_misses_and_inventions() -> None:
    here, there, odd = Box(0, 0, 10, 10), Box(50, 0, 10, 10), Box(0, 50, 10, 10)
    assert average_precision([([(0.9, here), (0.8, there)], [here, there], [])]) == 1.0
    assert average_precision([([(0.9, here)], [here, there], [])]) == 0.5
    assert average_precision([([(0.9, odd), (0.8, here)], [here], [])]) == 0.5
    assert average_precision([([(0.9, odd), (0.8, here)], [here], [odd])]) == 1.0
