from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from game.reading import ScoreReading
from vision.decode import CONSIDERED, ScoreTrack
from vision.settle import Settler

if TYPE_CHECKING:
    from vision.frame import Floats

DIGITS = 7
FRAME = 1 / 30


@st.composite
def frames(draw: st.DrawFn) -> list[Floats]:
    """Anything a classifier might say, from clear to absurd."""
    seed = draw(st.integers(0, 2**32 - 1))
    count = draw(st.integers(1, 25))
    sharpness = draw(st.floats(0.5, 12))
    rng = np.random.default_rng(seed)
    odds = np.exp(sharpness * rng.normal(size=(count, DIGITS, 11)))
    return list((odds / odds.sum(axis=2, keepdims=True)).astype(np.float32))


@given(frames())
@settings(max_examples=60, deadline=None)
def test_no_number_is_invented_that_no_frame_supports(pictures: list[Floats]) -> None:
    track = ScoreTrack(DIGITS)
    for index, picture in enumerate(pictures):
        reading = track.update(index * FRAME, picture)
        if reading.value is None:
            continue
        digits = [int(c) for c in f"{reading.value:0{DIGITS}d}"]
        chances = np.stack([p[:, :10] + p[:, 10:] / 10 for p in pictures[: index + 1]])
        assert (chances[:, np.arange(DIGITS), digits] >= CONSIDERED).all(axis=1).any()
        assert 0 <= reading.confidence <= 1


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_score_that_grows_is_never_read_as_falling(steps: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    track = ScoreTrack(DIGITS)
    value, last = 0, -1
    for index, step in enumerate(steps):
        value += step
        picture = np.full((DIGITS, 11), 0.0005, dtype=np.float32)
        for cell, digit in enumerate(f"{value:0{DIGITS}d}"):
            picture[cell, int(digit)] = 0.995
            if rng.random() < 0.1:  # covered
                picture[cell] = 1 / 11
        reading = track.update(index * FRAME, picture)
        if reading.value is not None:
            assert reading.value >= last
            last = reading.value


readings = st.lists(
    st.tuples(st.none() | st.integers(0, 2000), st.none() | st.integers(0, 2000)), min_size=1, max_size=30
)


@given(readings)
@settings(max_examples=100, deadline=None)
def test_swapping_the_players_swaps_what_is_settled(pairs: list[tuple[int | None, int | None]]) -> None:
    forth, back = Settler(), Settler()
    for index, (one, two) in enumerate(pairs):
        a, b = ScoreReading(one, 0.5), ScoreReading(two, 0.5)
        here, (x, y) = forth.settle(index * FRAME, (a, b))
        there, (q, p) = back.settle(index * FRAME, (b, a))
        assert (here, x, y) == (there, p, q)
