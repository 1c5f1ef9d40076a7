"""The reader with its real networks, when a camera films the game: from the side, by hand, and knocked against."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.bundle import builtin
from models.simulate.cabinet import Cabinet, build
from models.simulate.camera import Camera
from models.simulate.screens.play import shown
from models.simulate.session import Screen
from vision.frame import Frame
from vision.reader import Reader

if TYPE_CHECKING:
    from game.reading import ScreenReading

FPS = 15.0
RECENT = 9  # frames; a score that stood is reported for a while


def new_reader() -> Reader:
    bundle = builtin("reader")
    return Reader(bundle.network("locator"), bundle.network("line"))


@lru_cache(maxsize=1)
def cabinet() -> tuple[Cabinet, float]:
    """A cabinet, and the moment at which its first song comes up."""
    built = build(31, "plates", (854, 480))
    return built, next(t for t in np.arange(0, 60, 0.25) if built.scene(float(t)).screen is Screen.PLAY)


def watch(camera: Camera, seconds: float) -> tuple[list[ScreenReading], list[tuple[int, int]], Reader]:
    """What is read of the song's first seconds, and what both displays showed."""
    built, start = cabinet()
    reader, readings, truth = new_reader(), [], []
    for index in range(round(seconds * FPS)):
        t = index / FPS
        scene = built.scene(start + t)
        readings.append(reader.read(Frame(camera.film(built.renderer.frame(scene), t), t, index)))
        one, two = (shown(side, scene.t, scene.match.roll) for side in scene.match.sides)
        truth.append((one, two))
    return readings, truth, reader


def shares(readings: list[ScreenReading], truth: list[tuple[int, int]], since: float) -> tuple[float, float]:
    """Of all numbers from a moment on: the share read right, and read wrong."""
    right = wrong = total = 0
    for index in range(round(since * FPS), len(readings)):
        for side, player in enumerate((readings[index].p1, readings[index].p2)):
            recent = {now[side] for now in truth[max(0, index - RECENT) : index + 1]}
            total += 1
            right += player.value in recent
            wrong += player.value is not None and player.value not in recent
    return right / total, wrong / total


@pytest.mark.parametrize(
    "camera",
    [
        pytest.param(Camera(seed=1, yaw=33, pitch=-12, roll=2), id="from the right"),
        pytest.param(Camera(seed=2, yaw=-38, pitch=6, glare=60, band=0.15), id="from the left under a lamp"),
        pytest.param(Camera(seed=3, yaw=12, pitch=10, sway=4, share=0.7, moire=4), id="held by hand"),
        pytest.param(Camera(seed=4, yaw=8, sway=1, bumps=(6.5,), knock=36), id="knocked against"),
        pytest.param(Camera(seed=5, size=(640, 480), yaw=-10, pitch=8, share=0.9, drift=0.1), id="small picture"),
    ],
)
def test_scores_are_read_off_a_camera(camera: Camera) -> None:
    readings, truth, reader = watch(camera, 9.0)
    assert reader.layout is not None
    right, wrong = shares(readings, truth, since=5.0)
    assert right > 0.9
    assert wrong < 0.02


def test_a_camera_that_was_turned_away_says_so_and_finds_its_way_back() -> None:
    away = Camera(seed=6, yaw=10, sway=1.5, bumps=(5.0,), knock=1500)
    back = Camera(seed=6, yaw=10, sway=1.5)
    built, start = cabinet()
    reader = new_reader()
    lost, values = [], []
    for index in range(round(13 * FPS)):
        t = index / FPS
        camera = away if t < 8 else back
        reading = reader.read(Frame(camera.film(built.frame(start + t), t), t, index))
        lost.append(reading.lost)
        values.append(reading.p1.value)
    assert not any(lost[: round(5 * FPS)])
    assert all(lost[round(6.5 * FPS) : round(7.9 * FPS)])
    assert not any(value is not None for value in values[round(6.5 * FPS) : round(7.9 * FPS)])
    assert not lost[-1]
    assert values[-1] is not None
