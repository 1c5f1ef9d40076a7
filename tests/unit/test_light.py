"""Displays that fade away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vision.light import Light

if TYPE_CHECKING:
    from vision.frame import Image


def strip(level: float, background: float = 10.0) -> Image:
    image = np.full((32, 256, 3), background, np.uint8)
    image[8:24, 40:200:8] = level
    return image


def test_a_display_fades_when_it_goes_dark_and_not_before() -> None:
    light = Light()
    assert not any(light.faded(strip(200)) for _ in range(100))
    fading = [light.faded(strip(200 * (1 - step / 20))) for step in range(20)]
    assert not any(fading[:9])
    assert all(fading[14:])


def test_what_passes_behind_the_digits_does_not_fade_them() -> None:
    light = Light()
    for index in range(200):
        assert not light.faded(strip(150, background=240 if index % 3 == 0 else 5))


def test_a_darker_song_is_soon_the_usual() -> None:
    light = Light()
    for _ in range(60):
        light.faded(strip(220))
    assert light.faded(strip(60))
    assert not [light.faded(strip(60)) for _ in range(200)][-1]
