"""Following a camera over a picture on which much moves by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from vision.geometry import TextLine
from vision.steady import PATIENCE, REST, Steady

if TYPE_CHECKING:
    from vision.frame import Image

WIDTH, HEIGHT = 1280, 720
GRAIN = np.random.default_rng(7).integers(0, 12, (HEIGHT, WIDTH, 3), dtype=np.uint8)
CORNERS = np.array([[[200, 100], [1080, 100], [1080, 620], [200, 620]]], dtype=np.float32)


def scene(seed: int = 1) -> Image:
    rng = np.random.default_rng(seed)
    blocks = rng.integers(20, 200, (HEIGHT // 40, WIDTH // 40, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(cv2.resize(blocks, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST), (0, 0), 2))


def played(picture: Image, index: int) -> Image:
    """The same with arrows that rush over a good part of it."""
    picture = picture.copy()
    for column in range(300, 900, 90):
        for row in range(6):
            y = (row * 97 + column * (row + 1) - index * 11) % HEIGHT
            cv2.rectangle(picture, (column, y), (column + 60, y + 60), (240, 240, 60 * (row % 4)), -1)
    return picture


def shown(picture: Image, pose: np.ndarray, seed: int) -> Image:
    warped = cv2.warpPerspective(picture, pose, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.add(warped, np.roll(GRAIN, 31 * seed, axis=(0, 1))), dtype=np.uint8)


def shift(x: float, y: float, turn: float = 0.0) -> np.ndarray:
    cos, sin = np.cos(turn), np.sin(turn)
    return np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1.0]])


def error(found: np.ndarray | None, true: np.ndarray) -> float:
    pose = np.eye(3) if found is None else found
    one, two = (cv2.perspectiveTransform(CORNERS, p)[0] for p in (pose, true))
    return float(np.linalg.norm(one - two, axis=1).max())


def test_a_swaying_camera_is_followed_while_the_game_goes_on() -> None:
    steady, still = Steady(), scene()
    for index in range(45):
        pose = shift(5 * np.sin(index / 5), 4 * np.cos(index / 7) - 4, 0.002 * np.sin(index / 6))
        found = steady.follow(index / 30, shown(played(still, index), pose, index))
        if index > 3:
            assert error(found, pose) < 1.2


def test_what_is_attended_to_is_followed_when_the_room_stands_still() -> None:
    steady, room, screen = Steady(), scene(1), scene(2)
    steady.attend([TextLine(400, 560, 300, 24), TextLine(700, 860, 300, 24)])
    start = None
    for index in range(60):
        true = shift(4 * np.sin(index / 5), 4 * np.cos(index / 7) - 4)
        picture = room.copy()
        picture[100:620, 200:1080] = shown(screen, true, index)[100:620, 200:1080]
        pose = steady.follow(index / 30, picture)
        pose = np.eye(3) if pose is None else pose
        if index == 30:  # by then it is known
            start = np.linalg.inv(true) @ pose
        if start is not None:
            assert error(pose, true @ start) < 1.5


@pytest.mark.parametrize(("x", "y", "turn"), [(9, -6, 0.0), (30, 12, 0.004), (-55, 35, -0.01), (90, -20, 0.0)])
def test_a_knock_is_followed(x: float, y: float, turn: float) -> None:
    steady, still = Steady(), scene()
    for index in range(20):
        steady.follow(index / 30, shown(played(still, index), shift(0, 0), index))
    for index in range(20, 26):
        found = steady.follow(index / 30, shown(played(still, index), shift(x, y, turn), index))
    assert not steady.lost
    assert error(found, shift(x, y, turn)) < 1.5


def test_a_picture_that_stands_still_is_said_to_and_is_hardly_looked_at() -> None:
    steady, still = Steady(), scene()
    for index in range(120):
        assert steady.follow(index / 30, played(still, index), doubt=False) is None
    moved = shown(still, shift(12, 0), 1)
    assert steady.follow(4.0, moved, doubt=False) is None  # not due
    assert error(steady.follow(4.0 + REST, moved, doubt=False), shift(12, 0)) < 1.0
    again = shown(still, shift(0, 9), 1)
    assert error(steady.follow(4.1 + REST, again), shift(0, 9)) < 1.0  # wide awake


def test_another_picture_is_taken_to_be_where_the_last_one_was_settled() -> None:
    steady = Steady()
    for index in range(20):
        steady.follow(index / 30, shown(scene(1), shift(index, 0), index))
    steady.settle()
    at = steady.pose
    for index in range(20, 24):
        steady.follow(index / 30, shown(scene(1), shift(25, 0), index))
    for seed in range(PATIENCE):
        pose = steady.follow(1.0 + seed, scene(2 + seed))
    assert steady.lost
    assert pose is at


def test_going_back_forgets_what_moved_since() -> None:
    steady = Steady()
    for index in range(10):
        steady.follow(index / 30, shown(scene(), shift(3 * index, 0), index))
    assert steady.pose is not None
    steady.back()
    assert steady.pose is None
    assert steady.follow(1.0, shown(scene(), shift(40, 0), 1)) is None


def test_the_first_picture_can_be_chosen_anew() -> None:
    steady = Steady()
    for index in range(12):
        steady.follow(index / 30, shown(scene(), shift(2 * index, 0), index))
    steady.rebase()
    assert steady.pose is None
    for index in range(12, 18):
        pose = steady.follow(index / 30, shown(scene(), shift(2 * index, 0), index))
    assert error(pose, shift(12, 0)) < 1.0


@pytest.mark.parametrize("kind", ["black", "noise", "tiny", "strip", "changing size"])
def test_pictures_without_a_hold_are_no_error(kind: str) -> None:
    rng = np.random.default_rng(3)
    steady = Steady()
    for index in range(8):
        size = {"tiny": (17, 16), "strip": (16, 4000), "changing size": (90 + 7 * index, 160)}.get(kind, (360, 640))
        black = kind == "black"
        image = np.zeros((*size, 3), np.uint8) if black else rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        pose = steady.follow(index / 30, image)
        assert pose is None or np.isfinite(pose).all()
