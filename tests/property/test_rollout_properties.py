"""A rollout among devices that do as they please, at whatever hours somebody looks or says a word."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from control_plane.domain.gate import Evidence
from control_plane.domain.rollout import Fact, Member, Outcome, Rollout, Stage, Standing, Want
from control_plane.domain.rollout_plan import read
from control_plane.domain.rollout_steps import decide
from control_plane.domain.rollout_words import Word, say
from control_plane.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_plane.domain.rollout import Decision

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
DEVICES = [f"d{number:02}" for number in range(20)]
FILE = """
rollout: trial
model: winner 2
champion: winner 1
canary: 6
gate: {metric: log_loss, margin: 0.05, matches: 20, horizon: 2d}
waves: [8, 60%, 100%]
success: 80%
errors: 10%
silence: 30m
settle: 6h
approvals: [APPROVALS]
"""
MARGIN, MATCHES = 0.05, 20

KINDS = ("good", "good", "good", "bad", "new", "wild")


@dataclass(frozen=True)
class Look:
    """Somebody looks, after so many minutes; devices were last heard `silent` minutes before."""

    minutes: int
    kind: str
    seed: int
    word: Word | None
    silent: int

    def facts(self, now: datetime) -> dict[str, Fact]:
        chance = Random(self.seed)  # noqa: S311 - the same story every time
        heard = now - timedelta(minutes=self.silent)
        return {device: replace(_fact(self.kind, chance), heard=heard) for device in DEVICES if chance.random() < 0.99}


def _fact(kind: str, chance: Random) -> Fact:
    mean = {"good": 0.0, "bad": 0.3, "new": 0.0}.get(kind, chance.choice([-0.02, 0.0, 0.05, 0.3]))
    mean += chance.uniform(-0.005, 0.005)
    matches = {"good": 20, "bad": 15, "new": 3}.get(kind, chance.choice([0, 5, 10, 19, 25]))
    evidence = Evidence(matches, matches * mean, matches * (mean * mean + 1e-4))
    if kind != "wild":
        return Fact(online=True, standing=Standing.DONE, evidence=evidence)
    standing = chance.choice([Standing.PENDING, *[Standing.DONE] * 9, Standing.FAILED, Standing.LEFT])
    return Fact(online=chance.random() < 0.8, standing=standing, evidence=evidence)


looks = st.builds(
    Look,
    minutes=st.integers(0, 240),
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32),
    word=st.sampled_from([None, None, None, Word.PAUSE, Word.RESUME, Word.APPROVE, Word.APPROVE]),
    silent=st.sampled_from([0, 0, 0, 5, 29, 40]),
)
stories = st.lists(looks, max_size=14)


def begin(approvals: str = "") -> Rollout:
    members = tuple(Member(device) for device in DEVICES)
    return Rollout(read(FILE.replace("APPROVALS", approvals)), members, START)


def tell(rollout: Rollout, story: list[Look], *, mute: bool = False) -> list[Step]:
    """Every step of it; `mute` devices send no evidence."""
    now, steps = START, []
    for look in story:
        now += timedelta(minutes=look.minutes)
        known = look.facts(now)
        if mute:
            known = {device: replace(fact, evidence=Evidence()) for device, fact in known.items()}
        if look.word is not None:
            with contextlib.suppress(ConflictError):
                rollout, _ = say(rollout, look.word, "ada", "", now)
        before = rollout
        rollout, decisions = decide(rollout, known, now)
        steps.append(Step(before, rollout, known, decisions))
    return steps


class Step:
    def __init__(
        self, before: Rollout, after: Rollout, known: Mapping[str, Fact], decisions: tuple[Decision, ...]
    ) -> None:
        self.before, self.after, self.known, self.decisions = before, after, known, decisions

    def wanting(self, want: Want) -> set[str]:
        return {member.device for member in self.after.members if member.want is want}


@given(stories, st.sampled_from(["", "canary", "canary, waves"]))
@settings(max_examples=120, deadline=None)
def test_never_more_devices_than_the_wave_allows(story: list[Look], approvals: str) -> None:
    for step in tell(begin(approvals), story):
        sizes = [0, *(wave.of(len(DEVICES)) for wave in step.after.plan.waves)]
        assert len(step.wanting(Want.RUN)) <= sizes[step.after.wave]
        assert step.after.wave - step.before.wave in {0, 1}
        assert len([member for member in step.after.members if member.canary]) in {0, 6}
        assert {member.device for member in step.after.members} == set(DEVICES)
        if step.after.stage is not Stage.BACK and step.before.stage is not Stage.BACK:
            assert not step.wanting(Want.CHAMPION) or step.after.stage is Stage.ENDED


@given(stories)
@settings(max_examples=120, deadline=None)
def test_a_challenger_runs_only_where_a_canary_has_proved_it_and_people_agree(
    story: list[Look],
) -> None:
    for step in tell(begin("waves"), story):
        if step.before.wave == 0 and step.after.wave == 1:
            told = [step.known[m.device] for m in step.before.members if m.canary and m.device in step.known]
            told = [fact for fact in told if fact.standing is not Standing.LEFT and fact.evidence.count >= 8]
            assert len(told) >= 4
            assert sum(fact.evidence.mean for fact in told) / len(told) < MARGIN
            assert "waves" in step.after.approved
            assert not step.before.paused


@given(stories)
@settings(max_examples=80, deadline=None)
def test_no_data_never_promotes(story: list[Look]) -> None:
    for step in tell(begin(), story, mute=True):
        assert not step.wanting(Want.RUN)
        assert step.after.outcome is not Outcome.SUCCEEDED


@given(stories, st.lists(looks, min_size=3, max_size=3))
@settings(max_examples=80, deadline=None)
def test_abort_always_leads_back(story: list[Look], ending: list[Look]) -> None:
    steps = tell(begin(), story)
    rollout = steps[-1].after if steps else begin()
    now = START + timedelta(days=30)
    if rollout.stage not in {Stage.BACK, Stage.ENDED}:
        rollout, (said,) = say(rollout, Word.ABORT, "ada", "I do not like it", now)
        assert (said.by, said.reason) == ("ada", "I do not like it")
        touched = {member.device for member in rollout.asked}
        assert all(member.want is Want.CHAMPION for member in rollout.asked)
        for turn, look in enumerate(ending, 1):  # whatever devices do, it ends: who does not answer has failed
            later = now + timedelta(hours=12 * turn)
            rollout, _ = decide(rollout, look.facts(later), later)
        assert (rollout.stage, rollout.outcome) == (Stage.ENDED, Outcome.ABORTED)
        assert {member.device for member in rollout.asked if member.want is Want.CHAMPION} == touched


@given(stories)
@settings(max_examples=40, deadline=None)
def test_the_same_story_ends_the_same(story: list[Look]) -> None:
    one, two = tell(begin(), story), tell(begin(), story)
    assert [step.after for step in one] == [step.after for step in two]
    assert [step.decisions for step in one] == [step.decisions for step in two]


@given(stories)
@settings(max_examples=80, deadline=None)
def test_every_change_of_what_is_wanted_is_a_decision_with_numbers(
    story: list[Look],
) -> None:
    for step in tell(begin(), story):
        wants = [(member.device, member.want) for member in step.before.members]
        if dict(wants) != {member.device: member.want for member in step.after.members}:
            assert len(step.decisions) == 1
            assert step.decisions[0].numbers
        ended = step.after.stage is Stage.ENDED and step.before.stage is not Stage.ENDED
        assert not ended or step.after.outcome is not Outcome.OPEN


def test_the_stories_come_everywhere() -> None:
    """Else the properties above would hold of nothing."""
    chance, seen = Random(7), set()  # noqa: S311 - the same stories every time
    for _ in range(300):
        story = [
            Look(
                chance.randrange(120),
                chance.choice(KINDS[:4] if number else KINDS),
                chance.randrange(2**32),
                Word.APPROVE,
                chance.choice([0, 0, 0, 0, 0, 40]),
            )
            for number in range(14)
        ]
        seen |= {(step.after.stage, step.after.outcome) for step in tell(begin("waves"), story)}
    assert {stage for stage, _ in seen} >= {Stage.CANARY, Stage.WAVES, Stage.BACK, Stage.ENDED}
    assert {outcome for _, outcome in seen} >= {Outcome.OPEN, Outcome.SUCCEEDED, Outcome.ABORTED}
