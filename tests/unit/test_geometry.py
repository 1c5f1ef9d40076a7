"""Lines under the homographies of a camera."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.geometry import TextLine
from vision.layout import Display, Layout

LEVEL = TextLine(100.0, 300.0, 50.0, 20.0)
SAME = np.eye(3)
FARTHER = np.diag([0.5, 0.5, 1.0])
ASIDE = np.array([[1, 0, 7], [0, 1, -3], [0, 0, 1.0]])
FALLING = np.array([[1, 0, 0], [0.1, 1, 0], [0, 0, 1.0]])
NARROW = np.diag([0.5, 1.0, 1.0])


@pytest.mark.parametrize(
    ("pose", "expected"),
    [
        (SAME, LEVEL),
        (FARTHER, TextLine(50.0, 150.0, 25.0, 10.0)),
        (ASIDE, TextLine(107.0, 307.0, 47.0, 20.0)),
        (FALLING, TextLine(100.0, 300.0, 70.0, 20.0, 0.1)),
        (NARROW, TextLine(50.0, 150.0, 50.0, 20.0)),
    ],
)
def test_a_line_goes_with_the_picture(pose: np.ndarray, expected: TextLine) -> None:
    moved = LEVEL.moved(pose)
    for name in ("left", "right", "middle", "height", "slope"):
        assert getattr(moved, name) == pytest.approx(getattr(expected, name))


small = st.floats(-0.15, 0.15)


@given(small, small, st.floats(-60, 60), st.floats(-60, 60), st.floats(-1e-4, 1e-4), small)
def test_there_and_back_is_where_it_was(  # noqa: PLR0913, PLR0917 - the ways in which a camera moves
    turn: float, stretch: float, right: float, down: float, away: float, slope: float
) -> None:
    pose = np.array([[1 + stretch, -turn, right], [turn, 1 - stretch, down], [away, -away, 1]])
    line = TextLine(400.0, 520.0, 300.0, 20.0, slope)
    back = line.moved(pose).moved(np.linalg.inv(pose))
    for name in ("left", "right", "middle", "height"):
        assert getattr(back, name) == pytest.approx(getattr(line, name), rel=1e-6)
    assert back.slope == pytest.approx(line.slope, abs=1e-9)


@given(st.floats(-40, 40), st.floats(-25, 25))
def test_the_axis_follows_the_true_perspective(yaw: float, pitch: float) -> None:
    one, two = np.radians([yaw, pitch])
    corners = np.array([[-640, -360, 0], [640, -360, 0], [640, 360, 0], [-640, 360, 0]], dtype=np.float64)
    turn = np.array([[np.cos(one), 0, np.sin(one)], [0, 1, 0], [-np.sin(one), 0, np.cos(one)]])
    tip = np.array([[1, 0, 0], [0, np.cos(two), -np.sin(two)], [0, np.sin(two), np.cos(two)]])
    seen = corners @ turn.T @ tip.T
    quad = seen[:, :2] / (seen[:, 2:] + 2000) * 1400 + [640, 360]
    pose = cv2.getPerspectiveTransform((corners[:, :2] + [640, 360]).astype(np.float32), quad.astype(np.float32))
    line = TextLine(230.0, 490.0, 34.0, 22.0)
    moved = line.moved(pose)
    ends = cv2.perspectiveTransform(np.array([[[line.left, 34.0], [line.right, 34.0]]]), pose)[0]
    for end in ends:
        at = moved.spanning(float(end[0]), float(end[0])).middle
        assert at == pytest.approx(float(end[1]), abs=0.1 * moved.height)


def test_leaning_lines_are_told_from_badly_measured_ones() -> None:
    assert not TextLine(0.0, 200.0, 50.0, 20.0, 0.01).leans
    assert TextLine(0.0, 200.0, 50.0, 20.0, -0.04).leans


def test_parts_of_a_leaning_line_are_near_the_whole() -> None:
    whole = TextLine(0.0, 200.0, 50.0, 20.0, 0.2)
    assert whole.near(whole.spanning(120.0, 200.0))
    assert not whole.near(TextLine(120.0, 200.0, 50.0, 20.0))


def test_the_cells_of_a_layout_go_with_its_lines() -> None:
    layout = Layout(Display(LEVEL, (110.0, 200.0, 290.0)), None)
    moved = layout.moved(FARTHER @ FALLING)
    assert moved.p1 is not None
    assert moved.p1.cells == pytest.approx((55.0, 100.0, 145.0))
    assert moved.leans
    assert not moved.levelled().leans
    assert moved.p2 is None
