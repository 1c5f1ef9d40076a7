from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.examples import DIGEST
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import (
    ActiveModel,
    Desired,
    Event,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    ModelAssignment,
    ModelKind,
    ModelPhase,
    Prediction,
    Reported,
    ScoreUnit,
    Status,
)
from control_plane.domain import match as matches
from control_plane.domain.desired import Outcome, Step, assign, outcome, unshadow
from control_plane.domain.device import SILENT_AFTER, Connection, Presence
from control_plane.domain.receipts import advance

if TYPE_CHECKING:
    from contract.messages import Body
    from control_plane.domain.match import Match

NOW = datetime(2025, 6, 24, 18, 0, tzinfo=UTC)
OLD, NEW = BootId.mint(), BootId.mint()
DEVICE = DeviceId("left")


def birth(boot: BootId, connection: int = 1) -> Status:
    return Status(boot_id=boot, online=True, connection=connection)


def will(boot: BootId, connection: int = 1) -> Status:
    return Status(boot_id=boot, online=False, connection=connection)


@pytest.mark.parametrize(
    ("told", "online"),
    [
        ([birth(OLD)], True),
        ([birth(OLD), will(OLD)], False),
        ([birth(OLD), birth(NEW), will(OLD)], True),
        ([birth(OLD), will(OLD), birth(NEW)], True),
        ([birth(OLD), birth(OLD, 2), will(OLD, 1)], True),
        ([birth(OLD), birth(OLD, 2), will(OLD, 2)], False),
        ([birth(OLD, 2), will(OLD, 2), birth(OLD, 1)], False),
        ([will(OLD)], False),
        ([will(OLD), birth(NEW), will(NEW), will(OLD)], False),
        ([birth(NEW), will(OLD), will(OLD), will(OLD)], True),
    ],
)
def test_only_the_will_of_the_present_connection_counts(told: list[Status], online: bool) -> None:
    link = Connection()
    for second, status in enumerate(told):
        link = link.on_status(status, NOW + timedelta(seconds=second))
    assert link.online is online


def test_since_is_when_it_changed_and_not_when_it_was_said_again() -> None:
    link = Connection().on_status(birth(OLD), NOW)
    link = link.on_status(birth(OLD), NOW + timedelta(minutes=1))
    assert link.since == NOW
    link = link.on_status(will(OLD), NOW + timedelta(minutes=2))
    assert link.on_status(will(OLD), NOW + timedelta(minutes=9)).since == NOW + timedelta(minutes=2)


def test_a_device_that_says_nothing_is_silent_and_not_online() -> None:
    link = Connection().on_status(birth(OLD), NOW)
    assert link.presence(NOW + SILENT_AFTER) is Presence.ONLINE
    later = NOW + SILENT_AFTER + timedelta(seconds=1)
    assert link.presence(later) is Presence.SILENT
    assert link.on_life(OLD, later).presence(later) is Presence.ONLINE


def test_what_the_broker_had_kept_is_no_sign_of_life() -> None:
    link = Connection().on_status(birth(OLD), NOW, retained=True)
    assert link.online
    assert link.presence(NOW) is Presence.SILENT
    assert link.on_life(OLD, NOW).presence(NOW) is Presence.ONLINE


def test_life_from_an_earlier_boot_proves_nothing_about_this_one() -> None:
    gone = Connection().on_status(birth(NEW), NOW).on_status(will(NEW), NOW)
    assert gone.on_life(OLD, NOW) == gone
    assert gone.on_life(NEW, NOW).online


@pytest.mark.parametrize(
    ("committed", "oldest", "present", "reached"),
    [
        (0, None, [], 0),
        (0, None, [1, 2, 3], 3),
        (0, 1, [2, 3], 0),
        (0, 1, [3, 1, 2, 5], 3),
        (3, 1, [5, 6], 3),
        (3, 5, [5, 6], 6),
        (0, 480, [481], 479),
        (9, 2, [3, 4], 9),
        (2**53 - 2, 1, [2**53 - 1], 2**53 - 1),
    ],
)
def test_receipts_are_contiguous(committed: int, oldest: int | None, present: list[int], reached: int) -> None:
    assert advance(committed, oldest, present) == reached


@given(st.sets(st.integers(1, 40)), st.integers(0, 40))
def test_a_receipt_never_names_what_is_missing(present: set[int], committed: int) -> None:
    reached = advance(committed, 1, present)
    assert reached >= committed
    assert all(seq in present for seq in range(committed + 1, reached + 1))
    assert reached + 1 not in present


def events(match: MatchId) -> list[Event]:
    bodies: list[Body] = [
        MatchStarted(match_id=match, t=5.0, unit=ScoreUnit.PERCENT),
        MatchProgress(match_id=match, t=6.0, unit=ScoreUnit.PERCENT, p1=10, p2=None),
        MatchProgress(match_id=match, t=7.0, unit=ScoreUnit.PERCENT, p1=None, p2=8, prediction=Prediction(p1_win=0.4)),
        MatchProgress(match_id=match, t=8.0, unit=ScoreUnit.PERCENT, p1=20, p2=None),
        MatchProgress(match_id=match, t=9.0, unit=ScoreUnit.PERCENT, prediction=Prediction(p1_win=0.6)),
        MatchFinished(match_id=match, t=10.0, unit=ScoreUnit.PERCENT, p1_final=9_512, p2_final=9_000, winner=1),
    ]
    return [
        Event(boot_id=OLD, seq=seq, time=NOW + timedelta(seconds=seq), historical=seq == 4, body=body)
        for seq, body in enumerate(bodies, 1)
    ]


def fold(told: list[Event]) -> Match | None:
    match = None
    for event in told:
        assert isinstance(event.body, MatchStarted | MatchProgress | MatchFinished)
        match = matches.advance(match, DEVICE, event, event.body)
    return match


WHOLE = MatchId.mint()


@given(st.permutations(events(WHOLE) + events(WHOLE)[2:4]))
def test_a_match_is_the_same_in_whatever_order_and_however_often_its_events_come(told: list[Event]) -> None:
    match = fold(told)
    assert match == fold(events(WHOLE))
    assert match is not None
    assert (match.p1, match.p2, match.p1_final, match.p2_final, match.winner) == (20, 8, 9_512, 9_000, 1)
    assert match.prediction == Prediction(p1_win=0.6)
    assert (match.started_t, match.finished_t, match.historical) == (5.0, 10.0, True)
    assert match.last == NOW + timedelta(seconds=6)


def test_an_event_about_another_devices_match_changes_nothing() -> None:
    match = fold(events(WHOLE))
    event = events(WHOLE)[-1]
    body = event.body
    assert isinstance(body, MatchFinished)
    forged = body.model_copy(update={"winner": 2})
    assert matches.advance(match, DeviceId("right"), event, forged) == match
    assert matches.advance(match, DEVICE, event.model_copy(update={"boot_id": NEW}), forged) == match


READER = ModelAssignment(kind=ModelKind.READER, name="reader", version="2", sha256=DIGEST, size=9, path="/x")
WINNER = READER.model_copy(update={"kind": ModelKind.WINNER, "name": "stern"})


def test_a_wish_replaces_its_kind_and_leaves_the_others() -> None:
    first = assign(None, READER, NOW)
    second = assign(first, WINNER, NOW)
    third = assign(second, READER.model_copy(update={"version": "3"}), NOW)
    assert [first.version, second.version, third.version] == [1, 2, 3]
    assert [(model.version, model.asked) for model in third.models] == [("3", 3), ("2", 2)]
    assert assign(first, WINNER, NOW, above=40).version == 41


def test_a_shadow_runs_beside_and_ends_with_what_is_to_run() -> None:
    first = assign(None, READER, NOW)
    beside = assign(first, READER.model_copy(update={"version": "3"}), NOW, shadow=True)
    assert ([model.version for model in beside.models], [each.version for each in beside.shadows]) == (["2"], ["3"])
    assert assign(beside, READER.model_copy(update={"version": "3"}), NOW).shadows == ()
    assert assign(beside, WINNER, NOW).shadows == beside.shadows
    ended = unshadow(beside, ModelKind.READER, NOW)
    assert (ended.version, ended.models, ended.shadows) == (3, first.models, ())


def reported(version: int, *models: ActiveModel) -> Reported:
    return Reported(boot_id=OLD, time=NOW, desired_version=version, models=models)


RUNS = ActiveModel(kind=ModelKind.READER, name="reader", version="2", sha256=DIGEST)


@pytest.mark.parametrize(
    ("steps", "device", "expected"),
    [
        ([], None, (Outcome.PENDING, "")),
        ([(2, ModelPhase.DOWNLOADING, "")], None, (Outcome.PENDING, "")),
        ([(2, ModelPhase.PROBATION, ""), (2, ModelPhase.COMMITTED, "")], None, (Outcome.COMMITTED, "")),
        ([(2, ModelPhase.ACTIVATED, "")], None, (Outcome.COMMITTED, "")),
        ([(2, ModelPhase.SHADOWING, "")], None, (Outcome.SHADOWING, "")),
        ([(2, ModelPhase.PROBATION, ""), (2, ModelPhase.REVERTED, "slow")], None, (Outcome.REVERTED, "slow")),
        ([(2, ModelPhase.REFUSED, "bad")], None, (Outcome.REFUSED, "bad")),
        ([(1, ModelPhase.REFUSED, "bad")], None, (Outcome.PENDING, "")),
        ([(1, ModelPhase.ACTIVATED, "")], reported(1, RUNS), (Outcome.PENDING, "")),
        ([(2, ModelPhase.REFUSED, "bad"), (3, ModelPhase.ACTIVATED, "")], None, (Outcome.COMMITTED, "")),
        ([(2, ModelPhase.UNKNOWN, "levitates")], None, (Outcome.PENDING, "levitates")),
        ([], reported(2, RUNS), (Outcome.COMMITTED, "")),
        ([], reported(2), (Outcome.PENDING, "")),
    ],
)
def test_what_became_of_a_wish(
    steps: list[tuple[int, ModelPhase, str]], device: Reported | None, expected: tuple[Outcome, str]
) -> None:
    document = assign(Desired(version=1, time=NOW), READER, NOW)
    said = [Step(version, DIGEST, phase, reason) for version, phase, reason in steps]
    assert outcome(document.models[0], said, device) == expected
