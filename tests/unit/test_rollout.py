"""Rollouts that go as they should, and the file that describes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from control_plane.domain.gate import Evidence
from control_plane.domain.rollout import Fact, Member, Outcome, Rollout, Stage, Standing, Want
from control_plane.domain.rollout_plan import Amount, read
from control_plane.domain.rollout_steps import decide
from control_plane.domain.rollout_words import Word, say
from control_plane.errors import ConflictError, RefusedError

EXAMPLE = (Path(__file__).parents[2] / "docs" / "rollout.example.yaml").read_text(encoding="utf-8")
MONDAY = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 02:30 in Berlin: the example's window is open
MINUTE = timedelta(minutes=1)


def fleet(size: int = 40) -> Rollout:
    return Rollout(read(EXAMPLE), tuple(Member(f"d{number:02}") for number in range(size)), MONDAY)


def fact(mean: float = 0.0, matches: int = 0, standing: Standing = Standing.DONE, at: datetime = MONDAY) -> Fact:
    evidence = Evidence(matches, matches * mean, matches * (mean * mean + 1e-4))
    return Fact(heard=at, online=True, standing=standing, evidence=evidence)


def everybody(rollout: Rollout, each: Fact) -> dict[str, Fact]:
    return {member.device: each for member in rollout.members}


def test_a_good_model_goes_out_wave_by_wave() -> None:
    rollout, said = decide(fleet(), everybody(fleet(), fact()), MONDAY)
    assert said[0].action == "canary begins"
    assert [member.want for member in rollout.members] == [Want.SHADOW] * 12 + [Want.NOTHING] * 28
    rollout, said = decide(rollout, everybody(rollout, fact(0.0, 20)), MONDAY)
    assert (said, rollout.waits) == ((), "the gate lets it through; somebody has to approve the waves")
    rollout, _ = say(rollout, Word.APPROVE, "ada", "", MONDAY)
    reached = []
    for _ in range(4):
        rollout, said = decide(rollout, everybody(rollout, fact(0.0, 20)), MONDAY)
        reached.append((said[0].action, sum(member.want is Want.RUN for member in rollout.members)))
    waves = [("wave 1 of 3 begins", 4), ("wave 2 of 3 begins", 20), ("wave 3 of 3 begins", 40), ("succeeded", 40)]
    assert reached == waves
    assert (rollout.stage, rollout.outcome) == (Stage.ENDED, Outcome.SUCCEEDED)


def test_a_bad_model_is_caught_in_the_canary_and_goes_back() -> None:
    rollout, _ = decide(fleet(), everybody(fleet(), fact()), MONDAY)
    rollout, said = decide(rollout, everybody(rollout, fact(0.1, 20)), MONDAY)
    assert (said[0].action, rollout.outcome) == ("goes back", Outcome.ABORTED)
    assert said[0].numbers["mean"] == pytest.approx(0.1)
    assert said[0].numbers["low"] > said[0].numbers["margin"] == 0.02
    assert [member.want for member in rollout.members].count(Want.CHAMPION) == 12
    rollout, said = decide(rollout, everybody(rollout, fact()), MONDAY)
    assert (rollout.stage, said[0].reason) == (Stage.ENDED, "12 of 12 devices are back")


def test_a_silent_device_counts_as_failed() -> None:
    rollout, _ = decide(fleet(), everybody(fleet(), fact()), MONDAY)
    facts = everybody(rollout, fact(at=MONDAY + 29 * MINUTE))
    facts[rollout.members[3].device] = fact()
    assert decide(rollout, facts, MONDAY + 30 * MINUTE)[0].stage is Stage.CANARY
    rollout, said = decide(rollout, facts, MONDAY + 31 * MINUTE)
    assert rollout.stage is Stage.BACK
    assert said[0].reason == "1 of 12 devices failed; 5% may"


def test_open_at_the_horizon_it_is_inconclusive_and_goes_back() -> None:
    rollout, _ = decide(fleet(), everybody(fleet(), fact()), MONDAY)
    later = MONDAY + timedelta(days=3)
    rollout, said = decide(rollout, everybody(rollout, fact(0.0, 3, at=later)), later)
    assert (rollout.stage, rollout.outcome) == (Stage.BACK, Outcome.INCONCLUSIVE)
    assert "0 of 4 devices needed" in said[0].reason


def test_a_limit_beside_the_gate_sends_it_back() -> None:
    rollout, _ = decide(fleet(), everybody(fleet(), fact()), MONDAY)
    slow = replace(fact(0.0, 20), beside={"latency_ms": 51.0})
    rollout, said = decide(rollout, everybody(rollout, slow), MONDAY)
    assert rollout.outcome is Outcome.ABORTED
    assert said[0].reason == "latency_ms is 51 in the mean of 12 devices; 50 may be"


def test_what_waits_waits_and_what_goes_back_does_not() -> None:
    noon = MONDAY + timedelta(hours=10)
    rollout = fleet()
    assert decide(rollout, everybody(rollout, fact()), noon)[0].waits == "the window opens at 02:00 Europe/Berlin"
    rollout, _ = say(rollout, Word.PAUSE, "ada", "", MONDAY)
    assert decide(rollout, everybody(rollout, fact()), MONDAY)[0].waits == "it is paused"
    rollout, _ = say(rollout, Word.RESUME, "ada", "", MONDAY)
    rollout, _ = decide(rollout, everybody(rollout, fact()), MONDAY)
    rollout, _ = say(rollout, Word.PAUSE, "ada", "", MONDAY)
    bad = everybody(rollout, fact(0.1, 20, at=noon))
    assert decide(rollout, bad, noon)[0].stage is Stage.BACK


def test_too_few_online_for_a_canary_and_nothing_begins() -> None:
    rollout = fleet()
    few = dict(list(everybody(rollout, fact()).items())[:11])
    rollout, said = decide(rollout, few, MONDAY)
    assert (rollout.waits, said) == ("11 of the 12 devices of a canary are online", ())


@pytest.mark.parametrize("word", [Word.ABORT, Word.PAUSE, Word.APPROVE])
def test_there_is_nothing_to_say_to_what_has_ended(word: Word) -> None:
    ended = replace(fleet(), stage=Stage.ENDED, outcome=Outcome.SUCCEEDED)
    with pytest.raises(ConflictError, match="has ended: succeeded"):
        say(ended, word, "ada", "", MONDAY)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("margin:", "margn:", "gate.margn: there is no such field"),
        ("  margin: 0.02", "", "gate.margin: this is missing"),
        ("canary: 12", "canary: 2", "A canary of 2 cannot decide"),
        ("canary: 12", "canary: 0", "canary: none is too few"),
        ("canary: 12", "canary: yes", "canary: give a number of devices"),
        ("100%", "90%", "The last of the waves has to be 100%"),
        ("[10%", "[60%", "Waves have to grow"),
        ("30m", "30", "silence: give a time such as"),
        ("winner 0.3.0", "winner", "model: give NAME VERSION"),
        ("winner 0.3.0", "winner 0.2.0", "The model and the champion are the same"),
        ("Europe/Berlin", "Mars", "window: there is no time zone 'Mars'"),
        ("matches: 60", "matches: 5", "5 matches at most are fewer than the 8"),
        ("gate:", "gate", "This is no YAML: line"),
        (EXAMPLE, "- a list", "This is no rollout"),
        (EXAMPLE, "!!python/object/apply:os.system [id]", "This is no YAML"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_what_to_write(old: str, new: str, words: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read(EXAMPLE.replace(old, new))
    assert words in str(caught.value)


def test_amounts() -> None:
    assert [Amount(10, percent=True).of(total) for total in (1, 10, 25, 10_000)] == [1, 1, 3, 1000]
    assert [Amount(5, percent=True).within(total) for total in (1, 19, 20, 100)] == [0, 0, 1, 5]
    assert Amount(12, percent=False).of(5) == 5


@pytest.mark.parametrize(
    ("hour", "day", "is_open"),
    [(23, 0, True), (1, 1, True), (1, 0, False), (23, 1, False), (12, 0, False)],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(hour: int, day: int, is_open: bool) -> None:
    window = read(EXAMPLE.replace('"02:00"', '"22:00"').replace("mon, tue, wed, thu", "mon")).window
    assert window is not None
    local = datetime(2026, 3, 2 + day, hour, tzinfo=UTC) - timedelta(hours=1)
    assert window.open(local) is is_open
