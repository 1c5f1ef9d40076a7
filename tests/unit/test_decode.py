from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from game.judgement import Judgement
from game.reading import ScoreReading
from game.rules.stepmania import StepManiaDefault
from vision.decode import HOLD, ScoreTrack, propose
from vision.settle import REACH, Settler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.frame import Floats

FRAME = 1 / 30
DIGITS = 9


def cells(value: int, *, sure: float = 0.999, covered: tuple[int, ...] = ()) -> Floats:
    """What a classifier says of a display that shows `value`, some of its cells covered."""
    out = np.full((DIGITS, 11), (1 - sure) / 10, dtype=np.float32)
    for index, digit in enumerate(f"{value:0{DIGITS}d}"):
        out[index, int(digit)] = sure
    for index in covered:
        out[index] = 0.02
        out[index, 10] = 0.8
    return out


def play(values: Sequence[int | None]) -> list[ScoreReading]:
    track = ScoreTrack(DIGITS)
    blank = np.full((DIGITS, 11), 1 / 11, dtype=np.float32)
    return [track.update(i * FRAME, blank if v is None else cells(v)) for i, v in enumerate(values)]


def test_clear_digits_are_read_at_once() -> None:
    assert [r.value for r in play([0, 0, 903, 2709, 2709])] == [0, 0, 903, 2709, 2709]


def test_every_frame_of_a_rolling_display_is_read() -> None:
    values = [0, 0, *range(123_456, 9_000_000, 313_377)]
    assert [r.value for r in play(values)] == values


def test_a_covered_cell_of_a_still_display_is_remembered() -> None:
    track = ScoreTrack(DIGITS)
    for i in range(10):
        track.update(i * FRAME, cells(38_779_576))
    reading = track.update(10 * FRAME, cells(38_779_576, covered=(3, 4)))
    assert reading.value == 38_779_576


def test_covered_cells_of_a_rolling_display_are_not_guessed() -> None:
    track = ScoreTrack(DIGITS)
    for i in range(10):
        track.update(i * FRAME, cells(38_000_000 + 20_000 * i))
    reading = track.update(0.9, cells(38_779_576, covered=(5, 6, 7, 8)))
    assert reading.value is None


def test_the_last_sure_reading_stands_in_for_a_moment_only() -> None:
    readings = play([0, 903, 903, *[None] * 30])
    assert readings[3].value == 903
    late = int(HOLD / FRAME) + 4
    assert readings[late].value is None


def test_a_fall_is_believed_only_when_it_is_clear() -> None:
    track = ScoreTrack(DIGITS)
    for i in range(10):
        track.update(i * FRAME, cells(38_779_576))
    hazy = cells(38_779_576)
    hazy[2, 8], hazy[2, 3] = 0.3, 0.65  # an 8 that looks rather like a 3
    assert track.update(10 * FRAME, hazy).value == 38_779_576


def test_the_next_song_begins_at_zero() -> None:
    readings = play([38_779_576] * 5 + [0] * 10)
    assert readings[-1].value == 0


def test_a_frame_proposes_what_its_cells_allow() -> None:
    proposed = propose(cells(123_456_789, covered=(0,)))
    assert set(proposed) == {d * 100_000_000 + 23_456_789 for d in range(10)}


def moments(values: Sequence[int | None]) -> dict[float, int | None]:
    """What is reported for each frame number; the last frame is not judged yet."""
    settler = Settler()
    told = [settler.settle(i * FRAME, (ScoreReading(v, 1.0), ScoreReading(v, 1.0))) for i, v in enumerate(values)]
    return {round(t / FRAME): pair[0].value for t, pair in told}


def test_a_frame_that_ran_ahead_is_not_reported_while_it_rolls() -> None:
    assert moments([0, 100, 200, 300, 450, 500, 600, 700])[4] in {300, 500}


def test_a_number_that_stands_is_reported_as_it_is() -> None:
    reported = moments([0, 100, 200, 200, 200, 200])
    assert [reported[i] for i in (3, 4)] == [200, 200]


def test_nothing_further_than_the_reach_is_reported() -> None:
    values = [0, 10, 20, 30, 1000, 2000, 3000, 4000]
    reach = round(REACH / FRAME)
    for frame, value in moments(values).items():
        assert value in values[max(0, int(frame) - reach) : int(frame) + reach + 1]


def test_an_unread_frame_stays_unread() -> None:
    assert moments([0, 100, None, 300, 400])[2] is None


def test_a_slow_source_is_not_kept_waiting() -> None:
    settler = Settler()
    one, two = ScoreReading(1, 1.0), ScoreReading(2, 1.0)
    assert settler.settle(0.0, (one, two)) == (0.0, (one, two))
    assert settler.settle(1.0, (one, two)) == (1.0, (one, two))


def test_the_scoring_rule_settles_a_digit_that_two_can_be() -> None:
    """Of two numbers that look alike the one that judgements can have made is read, once the chart is known."""
    rule = StepManiaDefault()
    tally, track, t = rule.start(300), ScoreTrack(DIGITS), 0.0
    track.update(t, cells(0))
    right = asked = 0
    for played in range(1, 121):
        tally = rule.award(tally, Judgement.W2 if played % 3 == 0 else Judgement.W1)
        score = rule.shown(tally)
        for look in range(5):
            t += FRAME
            seen = cells(score)
            if played > 60 and not look:  # the ten thousands look as much like their neighbour
                digit = score // 10_000 % 10
                seen[4, digit], seen[4, (digit + 1) % 10] = 0.45, 0.55
                asked += 1
                right += track.update(t, seen).value == score
            else:
                track.update(t, seen)
    assert asked == 60
    assert right > 0.95 * asked
