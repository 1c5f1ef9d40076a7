"""Which numbers of a rolling display are reported as scores."""

from __future__ import annotations

import numpy as np

from game.reading import UNREAD, ScoreReading
from vision.stand import NEWS, Stand, Stillness

FRAME = 1 / 30


def reported(shown: list[int | None], still: tuple[int, ...] = (), sure: float = 1.0) -> list[int | None]:
    """What is reported for each frame, one frame late; `still` are frames whose picture had not moved."""
    stand = Stand()
    told: list[int | None] = []
    for index, value in enumerate(shown):
        stand.watch(index * FRAME, ScoreReading(value, sure) if value is not None else UNREAD, moved=index not in still)
        if index:
            earlier = shown[index - 1]
            rolling = ScoreReading(earlier, sure) if earlier is not None else UNREAD
            told.append(stand.at((index - 1) * FRAME, rolling).value)
    return told


def test_a_number_that_stood_is_reported_while_the_display_rolls_on() -> None:
    """A rolling number was never a score."""
    assert reported([500, 500, 613, 790, 911, 1000, 1000, 1000]) == [500, 500, 500, 500, 500, 1000, 1000]


def test_a_picture_sent_twice_makes_no_score() -> None:
    """A frame that is the one before it once more says nothing of whether the display stands."""
    assert reported([500, 500, 613, 613, 911, 1000, 1000], still=(3,)) == [500, 500, 500, 500, 500, 1000]


def test_long_runs_report_the_rolling_number() -> None:
    """A score that stood is old after a while."""
    rolling = [500, 500, *range(600, 3000, 100)]
    told = reported(rolling)
    fresh = int(NEWS / FRAME)
    assert told[: fresh + 1] == [500] * (fresh + 1)
    assert told[fresh + 3 :] == rolling[fresh + 3 : -1]


def test_an_unsure_number_does_not_stand() -> None:
    """Held and doubtful readings pass through and are not taken for scores."""
    assert reported([500, 500, 613, 790], sure=0.5) == [500, 500, 613]
    assert reported([500, None, 500, None, 613, 700]) == [500, None, 500, None, 613]


def test_stillness_knows_a_repeated_picture() -> None:
    """The same pixels again are no movement; a moving picture and a noisy one are."""
    rng = np.random.default_rng(1)
    stillness = Stillness()
    pictures = [rng.integers(0, 255, (96, 160, 3), dtype=np.uint8) for _ in range(6)]
    assert all(stillness.moved(picture) for picture in pictures)
    assert not stillness.moved(pictures[-1].copy())
    assert stillness.moved(pictures[0])


def test_stillness_survives_a_change_of_size() -> None:
    """A source that changes its size begins anew."""
    stillness = Stillness()
    assert stillness.moved(np.zeros((96, 160, 3), dtype=np.uint8))
    assert stillness.moved(np.zeros((48, 80, 3), dtype=np.uint8))
    assert stillness.moved(np.zeros((3, 3, 3), dtype=np.uint8))


def test_a_score_that_was_due_counts_at_first_sight() -> None:
    """The scoring rule tells a score from a number that rolls past."""
    stand = Stand()
    stand.watch(0.0, ScoreReading(500, 1.0), moved=True)
    stand.watch(FRAME, ScoreReading(613, 1.0), moved=True, due=True)
    stand.watch(2 * FRAME, ScoreReading(790, 1.0), moved=True)
    assert stand.at(2 * FRAME, ScoreReading(790, 1.0)).value == 613
