"""The rendered camera: what it says of the screen's corners is where they are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.simulate.camera import Camera, handheld

WHITE = np.full((270, 480, 3), 255, np.uint8)


@pytest.mark.parametrize(
    "camera",
    [
        Camera(size=(640, 360)),
        Camera(size=(640, 360), yaw=35, pitch=-10, roll=4, share=0.6),
        Camera(size=(640, 480), yaw=-20, sway=5, bumps=(1.0,)),
    ],
)
@pytest.mark.parametrize("t", [0.0, 2.0])
def test_the_screen_is_inside_its_corners_and_nowhere_else(camera: Camera, t: float) -> None:
    picture = camera.film(WHITE, t)
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, camera.quad(t).round().astype(np.int32), 255)
    inside, outside = cv2.erode(mask, np.ones((9, 9))), cv2.dilate(mask, np.ones((9, 9)))
    assert picture[inside > 0].min() > 150
    assert picture[outside == 0].max() < 120


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0, 60))
def test_a_visitor_gets_the_whole_screen_into_the_picture(seed: int, t: float) -> None:
    camera = handheld(seed)
    corners = camera.quad(t)
    assert (corners > -20).all()
    assert (corners < np.array(camera.size) + 20).all()
    assert np.ptp(corners[:, 0]) > camera.size[0] / 3
    one, two = corners[1] - corners[0], corners[3] - corners[0]
    assert one[0] * two[1] - one[1] * two[0] > 0  # seen from the front


def test_the_same_seed_gives_the_same_bytes() -> None:
    camera = handheld(5, (320, 180))
    np.testing.assert_array_equal(camera.film(WHITE, 1.5), handheld(5, (320, 180)).film(WHITE, 1.5))
    assert not np.array_equal(camera.film(WHITE, 1.5), handheld(6, (320, 180)).film(WHITE, 1.5))


PLAIN = Camera(size=(320, 180), noise=0.0)


@pytest.mark.parametrize(
    "spoilt",
    [
        replace(PLAIN, noise=20.0),
        replace(PLAIN, glare=20.0),
        replace(PLAIN, moire=20.0),
        replace(PLAIN, band=0.3),
        replace(PLAIN, drift=0.3),
    ],
)
def test_every_effect_shows(spoilt: Camera) -> None:
    grey = np.full((90, 160, 3), 120, np.uint8)
    assert np.abs(PLAIN.film(grey, 1.0).astype(int) - spoilt.film(grey, 1.0)).mean() > 0.5
