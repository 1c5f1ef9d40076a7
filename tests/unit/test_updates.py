from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from contract import messages as wire
from contract.trust import METADATA
from edge_agent.errors import UpdateRefusedError
from edge_agent.metrics import ENOUGH, Metrics
from edge_agent.updates import trial
from edge_agent.updates import updater as updates
from edge_agent.updates.lease import Lease, may_interrupt
from edge_agent.updates.machine import TRIES, Figures
from edge_agent.updates.pace import Pace, TooSlowError
from edge_agent.updates.probation import Rules, Verdict, Vitals, judge
from edge_agent.updates.store import ModelStore
from game.reading import ScoreReading, ScreenReading
from tests.device_broker import eventually
from tests.model_shelf import Shelf, digest, model
from tests.update_bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

P = wire.ModelPhase
WAY = ["announced", "downloading", "verified", "self_tested", "probation", "committed"]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "shelf")
    yield shelf
    shelf.close()


@pytest.fixture
def bench(tmp_path: Path, shelf: Shelf) -> Bench:
    return Bench(tmp_path / "models", shelf.source)


def again(bench: Bench, shelf: Shelf, tmp_path: Path) -> Bench:
    """The device after its agent ended, whatever it was doing."""
    return Bench(tmp_path / "models", shelf.source)


def test_a_model_comes_all_the_way(bench: Bench, shelf: Shelf, tmp_path: Path) -> None:
    data = model("2.0")
    bench.want(7, shelf.add(data))
    bench.drive()
    assert bench.phases() == WAY[:-1]
    assert (bench.sha256(), bench.updater.settled) == (digest(data), 0)
    assert bench.besides[wire.ModelKind.READER].counts  # what ran before goes on beside it, to be compared
    bench.pass_time(5)
    assert bench.phases()[-1] == "probation"
    bench.pass_time(15)
    assert bench.phases() == WAY
    assert bench.updater.settled == 7
    assert bench.besides == {}
    told = bench.model()
    assert (told.sha256, told.slot, told.update and told.update.phase) == (digest(data), "a", P.COMMITTED)
    assert again(bench, shelf, tmp_path).sha256() == digest(data)


def test_slots_take_turns(bench: Bench, shelf: Shelf, tmp_path: Path) -> None:
    for number, slot in enumerate("abab", 2):
        bench.want(number, shelf.add(model(f"{number}.0"), f"{number}.0"))
        bench.drive()
        bench.pass_time(20)
        assert (bench.model().version, bench.model().slot) == (f"{number}.0", slot)
    assert len(list((tmp_path / "models").glob("*.kubeddr"))) == 2


def test_it_waits_for_the_end_of_the_song_and_says_so(bench: Bench, shelf: Shelf) -> None:
    bench.song = True
    bench.want(1, shelf.add(model("2.0")))
    bench.updater.start()
    eventually(lambda: bench.waiting)
    eventually(lambda: bench.model().update and bench.model().update.reason == updates.WAITS)  # type: ignore[union-attr]
    assert bench.sha256() is None
    bench.song_ends()
    eventually(lambda: bench.phases()[-1] == "probation")
    bench.updater.close()


def test_an_override_does_not_wait(bench: Bench, shelf: Shelf) -> None:
    bench.song = True
    bench.want(1, shelf.add(model("2.0"), override=True))
    bench.drive()
    assert bench.model().version == "2.0"


def test_a_newer_document_calls_off_what_waits(bench: Bench, shelf: Shelf) -> None:
    bench.song = True
    bench.want(1, shelf.add(model("2.0")))
    bench.updater.start()
    eventually(lambda: bench.waiting)
    bench.want(2, shelf.add(model("3.0"), "3.0"))
    eventually(lambda: bench.waiting is not None and bench.waiting[0].model.version == "3.0")
    bench.song_ends()
    eventually(lambda: bench.model().version == "3.0")
    bench.updater.close()


BAD: dict[str, tuple[dict[str, float], Figures, str]] = {
    "fails": ({"failing": 10}, Figures(frame_ms=10.0), "10 pictures in a row ended in an error"),
    "hangs": ({"silent": 21.0}, Figures(frame_ms=10.0), "more than 21 s for one picture"),
    "slow": ({}, Figures(frame_ms=90.0), "takes 90 ms, and took 10 ms before"),
    "unsure": ({}, Figures(frame_ms=10.0, confidence=0.6), "60% sure, and were 95% before"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_model_that_does_badly_is_taken_back_offline_and_not_tried_again(
    fault: str, bench: Bench, shelf: Shelf, tmp_path: Path
) -> None:
    changed, figures, reason = BAD[fault]
    asked = shelf.add(model("2.0"))
    bench.want(1, asked)
    bench.drive()
    shelf.close()
    bench.healthy = replace(bench.healthy, figures=figures, **changed)  # type: ignore[arg-type]
    bench.pass_time(7)
    assert bench.phases()[-1] == "reverted"
    assert reason in bench.reports[-1].reason
    assert (bench.sha256(), bench.model().name) == (None, "built-in")
    after = again(bench, shelf, tmp_path)
    after.want(2, asked)
    after.drive()
    assert after.phases() == ["refused"]
    assert f"taken back here before: {bench.reports[-1].reason}" in after.reports[-1].reason
    assert after.updater.settled == 2


def test_what_was_taken_back_is_tried_again_when_told_so(bench: Bench, shelf: Shelf) -> None:
    asked = shelf.add(model("2.0"))
    bench.want(1, asked)
    bench.drive()
    bench.healthy = replace(bench.healthy, failing=10)
    bench.pass_time(1)
    bench.healthy = replace(bench.healthy, failing=0)
    bench.want(2, asked.model_copy(update={"override": True}))
    bench.drive()
    bench.pass_time(20)
    assert (bench.model().version, bench.updater.settled) == ("2.0", 2)


def test_a_worker_that_does_not_come_back_means_a_new_start(
    bench: Bench, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "UNSTUCK", 0.05)
    bench.want(1, shelf.add(model("2.0")))
    bench.drive()
    bench.stuck = True
    bench.healthy = replace(bench.healthy, silent=20.0)
    bench.pass_time(1)
    assert bench.restarts == ["it took more than 20 s for one picture"]
    after = again(bench, shelf, tmp_path)
    told = after.model().update
    assert (after.sha256(), told and told.phase) == (None, P.REVERTED)


def test_a_model_that_ends_the_agent_is_taken_back_at_a_start(bench: Bench, shelf: Shelf, tmp_path: Path) -> None:
    bench.want(1, shelf.add(model("2.0")))
    bench.drive()
    for _ in range(TRIES):
        bench = again(bench, shelf, tmp_path)
        assert bench.model().version == "2.0"
    bench = again(bench, shelf, tmp_path)
    assert bench.model().name == "built-in"
    told = bench.model().update
    assert told is not None
    assert (told.phase, told.reason) == (P.REVERTED, "the agent ended 3 times with it")


def test_orderly_ends_are_not_held_against_it(bench: Bench, shelf: Shelf, tmp_path: Path) -> None:
    bench.want(1, shelf.add(model("2.0")))
    bench.drive()
    for _ in range(TRIES + 2):
        bench.updater.close()
        bench = again(bench, shelf, tmp_path)
    assert bench.model().version == "2.0"
    bench.pass_time(20, 0)
    bench.pass_time(20)
    assert bench.phases() == ["committed"]


def test_where_nobody_plays_it_stays_after_a_while(bench: Bench, shelf: Shelf) -> None:
    bench.want(1, shelf.add(model("2.0")))
    bench.drive()
    bench.pass_time(599, 0)
    assert bench.phases()[-1] == "probation"
    bench.pass_time(2, 0)
    assert bench.phases()[-1] == "committed"


BROKEN: dict[str, tuple[bytes, dict[str, str], str]] = {
    "golden answers": (model("2.0", wrong=0.5), {}, "off by 0.5"),
    "no bundle": (b"PK not really", {}, "zip"),
    "another version": (model("2.1"), {}, "calls itself reader tiny 2.1, assigned was reader tiny 2.0"),
    "not there": (model("2.0"), {"sha256": "0" * 64}, "no such bundle|hash"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_model_is_refused_once_and_the_old_one_goes_on(fault: str, bench: Bench, shelf: Shelf) -> None:
    data, changed, words = BROKEN[fault]
    asked = shelf.add(data, **changed)
    bench.want(3, asked)
    bench.drive()
    assert bench.phases()[-1] == "refused"
    assert any(word in bench.reports[-1].reason for word in words.split("|")), bench.reports[-1].reason
    assert (bench.updater.settled, bench.sha256()) == (3, None)
    bench.want(3, asked)  # the retained document comes with every connection
    bench.want(2, asked)
    bench.want(4, asked, asked=3)  # and one that is about something else carries it along
    bench.drive()
    assert bench.phases().count("announced") == 1
    bench.want(5, shelf.add(model("3.0"), "3.0"))
    bench.drive()
    bench.pass_time(20)
    assert bench.model().version == "3.0"


def test_trouble_on_the_way_is_told_and_tried_again(bench: Bench, shelf: Shelf) -> None:
    asked = shelf.add(model("2.0"))
    bench.want(1, asked)
    shelf.answers[asked.path] = 503
    bench.drive()
    told = bench.model().update
    assert told is not None
    assert (told.phase, told.reason) == (P.DOWNLOADING, "the control plane answers 503")
    del shelf.answers[asked.path]
    bench.drive()
    assert bench.phases()[-1] == "downloading"  # not before some time has passed
    bench.pass_time(61, 0)
    assert bench.model().version == "2.0"


def test_one_kind_that_cannot_go_on_holds_up_no_other(bench: Bench, shelf: Shelf) -> None:
    new = shelf.add(model("2.0", kind="winner", name="guess"), kind="winner", name="guess")
    bench.want(1, new)
    bench.drive()
    assert bench.updater.models()[1].version == "2.0"
    shelf.answers[f"{METADATA}/timestamp.json"] = 503
    bench.want(2, new, shelf.add(model("3.0"), "3.0"), asked=2)
    bench.drive()
    assert bench.model().update is not None
    bench.healthy = replace(bench.healthy, failing=10)
    bench.pass_time(1)  # offline, and with a reader that waits for its metadata
    assert bench.updater.models()[1].version == "0"


def test_only_one_kind_is_on_probation_at_a_time(bench: Bench, shelf: Shelf) -> None:
    bench.want(
        1,
        shelf.add(model("2.0", kind="winner", name="guess"), kind="winner", name="guess"),
        shelf.add(model("3.0"), "3.0"),
    )
    bench.drive()
    assert [each.version for each in bench.updater.models()] == ["3.0", "0"]
    bench.pass_time(20)
    assert [each.version for each in bench.updater.models()] == ["3.0", "2.0"]
    bench.pass_time(20)
    assert bench.updater.settled == 1


def test_what_is_here_goes_on_without_a_network(bench: Bench, shelf: Shelf, tmp_path: Path) -> None:
    bench.want(1, shelf.add(model("2.0")))
    for _ in range(3):  # announced, downloaded, tested
        assert bench.updater.turn()
    shelf.close()
    alone = Bench(tmp_path / "models", None)
    alone.drive()
    assert alone.model().version == "2.0"


def test_a_shadow_runs_beside_and_what_runs_stays(bench: Bench, shelf: Shelf, tmp_path: Path) -> None:
    data = model("2.0")
    bench.want(1, shadow=shelf.add(data, rollout="r-1"))
    bench.drive()
    assert bench.phases() == [*WAY[:4], "shadowing"]
    assert bench.updater.settled == 1
    beside = bench.besides[wire.ModelKind.READER]
    assert (beside.loaded.model.sha256, beside.champion.name, beside.counts) == (digest(data), "built-in", False)
    told = bench.model()
    assert (told.name, told.challenger and told.challenger.rollout) == ("built-in", "r-1")
    after = again(bench, shelf, tmp_path)
    after.drive()
    assert after.besides[wire.ModelKind.READER].loaded.model.sha256 == digest(data)
    after.want(2)
    after.drive()
    assert (after.besides, after.model().challenger) == ({}, None)


def test_a_shadow_that_is_asked_to_run_is_not_fetched_again(bench: Bench, shelf: Shelf) -> None:
    asked = shelf.add(model("2.0"))
    bench.want(1, shadow=asked)
    bench.drive()
    bench.want(2, asked)
    bench.drive()
    bench.pass_time(20)
    assert bench.phases() == [*WAY[:4], "shadowing", *WAY[3:]]
    assert (bench.model().version, len(shelf.fetched())) == ("2.0", 1)


def test_a_shadow_that_disturbs_is_dropped_with_the_reason(bench: Bench, shelf: Shelf) -> None:
    bench.want(1, shadow=shelf.add(model("2.0")))
    bench.drive()
    bench.updater.complain(wire.ModelKind.READER, "it missed 40 of 200 pictures")
    bench.drive()
    assert (bench.phases()[-1], bench.reports[-1].reason) == ("refused", "it missed 40 of 200 pictures")
    assert bench.besides == {}


def test_what_ran_before_comes_back_at_once_while_the_new_one_is_on_probation(bench: Bench, shelf: Shelf) -> None:
    first = shelf.add(model("2.0"))
    bench.want(1, first)
    bench.drive()
    bench.pass_time(20)
    bench.want(2, shelf.add(model("3.0"), "3.0"))
    bench.drive()
    assert bench.model().version == "3.0"
    bench.want(3, first)
    bench.drive()
    assert (bench.model().version, bench.updater.settled) == ("2.0", 3)
    assert bench.reports[-1].reason == "another model is wanted"
    bench.want(4, shelf.add(model("3.0"), "3.0"))
    bench.drive()
    assert bench.model().version == "3.0"  # it did nothing wrong


def test_a_damaged_model_gives_way_to_the_one_before_and_then_to_the_built_in(
    bench: Bench, shelf: Shelf, tmp_path: Path
) -> None:
    for number in (2, 3):
        bench.want(number, shelf.add(model(f"{number}.0"), f"{number}.0"))
        bench.drive()
        bench.pass_time(20)
    for expected in ("2.0", "0"):
        running = bench.sha256()
        assert running is not None
        bench.store.path(running).write_bytes(b"damaged")
        bench = again(bench, shelf, tmp_path)
        assert bench.model().version == expected
    told = bench.model().update
    assert told is not None
    assert (told.version, told.phase) == ("3.0", P.REVERTED)


def test_a_damaged_state_means_the_built_in_model(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "state.json").write_text('{"tracks": 3')
    assert Bench(tmp_path / "models", shelf.source).model().name == "built-in"


def test_a_full_disk_puts_the_old_model_back(bench: Bench, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.want(1, shelf.add(model("2.0")))
    for _ in range(3):
        bench.updater.turn()
    kept = ModelStore.keep

    def full(store: ModelStore, state: object) -> None:
        if "probation" in repr(state):
            raise OSError(28, "No space left on device")
        kept(store, state)  # type: ignore[arg-type]

    monkeypatch.setattr(ModelStore, "keep", full)
    bench.drive()
    assert (bench.sha256(), bench.model().name) == (None, "built-in")
    monkeypatch.undo()
    bench.pass_time(61)
    assert bench.model().version == "2.0"


def test_on_a_full_disk_a_bad_model_is_taken_back_all_the_same(
    bench: Bench, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.want(1, shelf.add(model("2.0")))
    bench.drive()
    bench.healthy = replace(bench.healthy, failing=10)

    def full(store: ModelStore, state: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ModelStore, "keep", full)
        bench.pass_time(1)
        assert bench.sha256() is None
        bench.healthy = replace(bench.healthy, failing=0)
        bench.pass_time(61)
        assert (bench.sha256(), bench.model().name) == (None, "built-in")
    bench.pass_time(61)
    assert bench.phases()[-1] == "reverted"
    assert again(bench, shelf, tmp_path).model().name == "built-in"


FINE = Figures(frame_ms=20.0, confidence=0.9)


@pytest.mark.parametrize(
    ("before", "now", "elapsed", "matches", "verdict"),
    [
        (FINE, Vitals(FINE, 0, 0.0, 0), 5.0, 0, Verdict.WATCH),
        (FINE, Vitals(FINE, 0, 0.0, 0), 15.0, 1, Verdict.COMMIT),
        (FINE, Vitals(FINE, 0, 0.0, 0), 14.0, 1, Verdict.WATCH),
        (FINE, Vitals(FINE, 0, 0.0, 0), 599.0, 0, Verdict.WATCH),
        (FINE, Vitals(FINE, 0, 0.0, 0), 600.0, 0, Verdict.COMMIT),
        (FINE, Vitals(FINE, 9, 19.9, 0), 600.0, 0, Verdict.COMMIT),
        (FINE, Vitals(FINE, 10, 0.0, 0), 0.0, 0, Verdict.REVERT),
        (FINE, Vitals(FINE, 0, 20.0, 0), 0.0, 0, Verdict.REVERT),
        (FINE, Vitals(Figures(frame_ms=64.0), 0, 0.0, 0), 6.0, 0, Verdict.WATCH),
        (FINE, Vitals(Figures(frame_ms=66.0), 0, 0.0, 0), 5.0, 0, Verdict.WATCH),
        (FINE, Vitals(Figures(frame_ms=66.0), 0, 0.0, 0), 6.0, 0, Verdict.REVERT),
        (FINE, Vitals(Figures(confidence=0.74), 0, 0.0, 0), 6.0, 0, Verdict.REVERT),
        (Figures(), Vitals(Figures(frame_ms=900.0, confidence=0.1), 0, 0.0, 0), 6.0, 0, Verdict.WATCH),
    ],
)
def test_the_verdict(before: Figures, now: Vitals, elapsed: float, matches: int, verdict: Verdict) -> None:
    assert judge(before, now, elapsed, matches, Rules())[0] is verdict


def test_a_lease_has_one_owner_and_an_end() -> None:
    now = [0.0]
    lease = Lease(lambda: now[0], term=10.0)
    assert lease.owner == ""
    assert lease.hold("the match")
    assert not lease.hold("somebody")
    assert lease.owner == "the match"
    now[0] = 9.0
    assert lease.hold("the match")
    now[0] = 18.0
    assert lease.owner == "the match"
    lease.release("somebody")
    assert lease.owner == "the match"
    now[0] = 19.5
    assert lease.owner == ""  # its owner hangs
    assert lease.hold("somebody")
    lease.release("somebody")
    assert lease.owner == ""


@pytest.mark.parametrize(
    ("owner", "waited", "override", "may"),
    [
        ("", 0.0, False, True),
        ("the match", 0.0, False, False),
        ("the match", 1799.0, False, False),
        ("the match", 1800.0, False, True),
        ("the match", 0.0, True, True),
    ],
)
def test_who_may_interrupt(owner: str, waited: float, override: bool, may: bool) -> None:
    assert may_interrupt(owner, waited, override=override) is may


@pytest.mark.parametrize(
    ("took", "usual", "memory", "fault"),
    [
        (9.0, 2.0, 10 << 20, ""),
        (12.0, 2.0, 10 << 20, "takes 12.0 ms, one of the running model 2.0 ms"),
        (900.0, None, 10 << 20, ""),
        (1.0, 1.0, 300 << 20, "300 MB of memory, allowed are 256"),
    ],
)
def test_the_bounds_of_the_self_test(took: float, usual: float | None, memory: int, fault: str) -> None:
    if not fault:
        trial.check(took, usual, memory)
        return
    with pytest.raises(UpdateRefusedError, match=fault):
        trial.check(took, usual, memory)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"without a word \(exit code -11\)"),
        ("import time; time.sleep(60)", "took more than"),
        ("print('no json')", "without a word"),
    ],
)
def test_a_self_test_that_crashes_or_hangs_takes_nothing_down(
    code: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "python"
    path.write_text(f'#!/bin/sh\nexec python3 -c "{code}"\n')
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))
    with pytest.raises(UpdateRefusedError, match=fault):
        trial.trial(tmp_path / "new", None, patience=1.0)


def test_a_trickle_is_too_slow() -> None:
    now = [0.0]
    pace = Pace(1000.0, lambda: now[0])
    now[0] = 14.0
    pace.came(1)
    now[0] = 20.0
    pace.came(30_000)
    now[0] = 40.0
    with pytest.raises(TooSlowError, match="30002 bytes in 40 s, at least 40000"):
        pace.came(1)


def test_what_is_usual_is_told_of_pictures_with_a_game_on_them_and_forgotten_with_the_model() -> None:
    metrics = Metrics()
    looking, playing = ScreenReading(0.0), ScreenReading(0.0, ScoreReading(1, 0.9), ScoreReading(1, 0.8), visible=True)
    for _ in range(ENOUGH - 1):
        metrics.frame(looking, 0.1, 0.1, effort=0.002)
        metrics.frame(playing, 0.1, 0.1, effort=0.02)
    assert metrics.usual() == (None, None)
    metrics.frame(playing, 0.1, 0.1, effort=0.02)
    effort, sure = metrics.usual()
    assert (effort, sure) == (20.0, 0.8)
    metrics.begin_anew()
    assert metrics.usual() == (None, None)
