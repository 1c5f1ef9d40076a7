"""Whatever a source delivers ends in a value: a reading that says nothing, or an error with one sentence."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.capture.recording import Recording
from edge_agent.capture.source import parse_source
from edge_agent.errors import EdgeAgentError
from models.bundle import builtin
from models.simulate.cabinet import build
from models.simulate.clip import Take, film
from vision.frame import Frame
from vision.reader import Reader, read_still

if TYPE_CHECKING:
    from pathlib import Path

    from models.bundle import Bundle
    from vision.frame import Image

DEPTHS = ("uint8", "uint16", "int32", "float32", "float64", "bool")


@cache
def bundle() -> Bundle:
    return builtin("reader")


@st.composite
def pictures(draw: st.DrawFn) -> Image:
    """Noise, stripes or one colour, of any shape and depth, seldom one that is a picture."""
    shape = tuple(draw(st.lists(st.integers(0, 70), min_size=0, max_size=4)))
    if draw(st.booleans()):
        shape = (draw(st.integers(0, 200)), draw(st.integers(0, 300)), draw(st.sampled_from([1, 2, 3, 3, 3, 4])))
    depth = draw(st.sampled_from(("uint8", "uint8", *DEPTHS)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    noise = rng.integers(0, 256, shape) * draw(st.sampled_from([0, 1, 255]))
    picture = np.asarray(noise).astype(depth)
    if draw(st.booleans()) and picture.ndim > 1:
        picture = picture[::2, ::-1]  # as a view, not a copy
    return picture


@given(st.lists(pictures(), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_no_picture_makes_a_reader_fail(frames: list[Image]) -> None:
    reader = Reader(bundle().network("locator"), bundle().network("line"))
    for index, picture in enumerate(frames):
        reading = reader.read(Frame(picture, index * 0.3, index))
        assert (reading.p1.value, reading.p2.value) == (None, None)
    found = read_still(frames[0], bundle().network("locator"), bundle().network("line"))
    assert isinstance(found, list)


def test_pictures_that_change_their_size_and_kind_in_the_middle_of_a_match_are_no_error() -> None:
    cabinet = build(42, "plates", (427, 240), 6.0)
    reader = Reader(bundle().network("locator"), bundle().network("line"))
    rng = np.random.default_rng(1)
    for index in range(60):
        whole = cabinet.frame(9.0 + index / 10)
        odd = (whole[:, :100], whole[:60], whole[..., 0], whole.astype(np.float32), rng.permutation(whole), whole[:0])
        picture: Image = np.asarray(odd[index % len(odd)] if index % 3 == 1 else whole)
        reading = reader.read(Frame(picture, index / 10, index))
        assert reading.t <= index / 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("clip") / "whole.mp4"
    film(build(1, "plates", (160, 160), 1.0), Take(path, fps=2.0))
    return path.read_bytes()


@given(kept=st.floats(0.0, 1.0), flips=st.lists(st.integers(0, 2**31), max_size=30))
@settings(max_examples=25, deadline=None)
def test_a_damaged_video_gives_frames_or_one_sentence(
    clip: bytes, tmp_path_factory: pytest.TempPathFactory, kept: float, flips: list[int]
) -> None:
    damaged = bytearray(clip[: int(kept * len(clip))])
    for flip in flips if damaged else ():
        damaged[flip % len(damaged)] ^= 0x5A
    path: Path = tmp_path_factory.mktemp("damaged") / "a.mp4"
    path.write_bytes(bytes(damaged))
    sentence, frames = "", []
    try:
        frames = list(Recording(parse_source(str(path))).frames())
    except EdgeAgentError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert frames or sentence
    assert all(frame.image.ndim == 3 for frame in frames)
