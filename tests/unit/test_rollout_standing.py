"""What is asked of one device, and what its word is worth."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from contract.ids import BootId, Sha256
from contract.messages import ActiveModel, Desired, ModelAssignment, ModelKind, ModelPhase, ModelUpdate, Reported
from control_plane.domain import desired as wishes
from control_plane.domain.rollout import Standing, Want
from control_plane.domain.rollout_standing import Pair, Twin, document, standing

if TYPE_CHECKING:
    from typing import Any

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CHAMPION, CHALLENGER, OTHER = (
    ModelAssignment(
        kind=ModelKind.WINNER,
        name="winner",
        version=version,
        sha256=Sha256(letter * 64),
        size=1,
        path="/",
        rollout="trial",
    )
    for version, letter in (("1", "a"), ("2", "b"), ("3", "c"))
)
PAIR = Pair(CHALLENGER, CHAMPION)


def says(
    runs: ModelAssignment | None = None, phase: ModelPhase = ModelPhase.COMMITTED, asked: int = 1, **more: Any
) -> Reported:
    """A device that runs this, None for what came with it."""
    update = told(runs, phase, asked) if runs else None
    sha256 = runs.sha256 if runs else None
    active = ActiveModel(kind=ModelKind.WINNER, name="winner", version="1", sha256=sha256, update=update, **more)
    return Reported(boot_id=BootId.mint(), time=NOW, desired_version=asked, models=(active,))


def told(model: ModelAssignment, phase: ModelPhase, asked: int = 1, reason: str = "") -> ModelUpdate:
    named = {"name": model.name, "version": model.version, "sha256": model.sha256, "reason": reason}
    return ModelUpdate(phase=phase, asked=asked, **named)  # type: ignore[arg-type]


def asked(want: Want, before: Desired | None = None) -> Desired | None:
    return document(want, PAIR, Twin(before, says()), NOW)


def test_a_canary_that_came_with_the_champion_is_asked_for_a_shadow_and_nothing_else() -> None:
    shadow = asked(Want.SHADOW)
    assert shadow is not None
    assert (shadow.models, [each.sha256 for each in shadow.shadows]) == ((), [CHALLENGER.sha256])
    assert document(Want.SHADOW, PAIR, Twin(shadow, says()), NOW) is None
    back = asked(Want.CHAMPION, shadow)
    assert back is not None
    assert (back.models, back.shadows, back.version) == ((), (), 2)


def test_a_canary_that_runs_another_model_is_asked_for_the_champion_too() -> None:
    made = document(Want.SHADOW, PAIR, Twin(None, says(OTHER), 7), NOW)
    assert made is not None
    assert [each.sha256 for each in made.models] == [CHAMPION.sha256]
    assert [each.sha256 for each in made.shadows] == [CHALLENGER.sha256]
    assert made.version > 7


def test_a_wave_ends_the_shadow_and_going_back_asks_for_the_champion() -> None:
    run = asked(Want.RUN, asked(Want.SHADOW))
    assert run is not None
    assert ([each.sha256 for each in run.models], run.shadows) == ([CHALLENGER.sha256], ())
    back = document(Want.CHAMPION, PAIR, Twin(run, says(CHALLENGER)), NOW)
    assert back is not None
    assert [each.sha256 for each in back.models] == [CHAMPION.sha256]


SHADOW = asked(Want.SHADOW)
RUN = asked(Want.RUN)
BACK = document(Want.CHAMPION, PAIR, Twin(RUN, says(CHALLENGER)), NOW)
UNSHADOWED = asked(Want.CHAMPION, SHADOW)
BY_HAND = wishes.assign(RUN, OTHER.model_copy(update={"rollout": ""}), NOW)
BESIDE = told(CHALLENGER, ModelPhase.SHADOWING)


@pytest.mark.parametrize(
    ("want", "desired", "reported", "stands"),
    [
        (Want.SHADOW, SHADOW, None, Standing.PENDING),
        (Want.SHADOW, SHADOW, says(), Standing.PENDING),
        (Want.SHADOW, SHADOW, says(challenger=told(CHALLENGER, ModelPhase.DOWNLOADING)), Standing.PENDING),
        (Want.SHADOW, SHADOW, says(challenger=BESIDE), Standing.DONE),
        (Want.SHADOW, SHADOW, says(challenger=told(CHALLENGER, ModelPhase.REFUSED)), Standing.FAILED),
        (Want.SHADOW, SHADOW, says(challenger=told(OTHER, ModelPhase.SHADOWING)), Standing.PENDING),
        (Want.SHADOW, BY_HAND, says(challenger=BESIDE), Standing.LEFT),
        (Want.RUN, RUN, says(asked=0), Standing.PENDING),
        (Want.RUN, RUN, says(CHALLENGER, ModelPhase.PROBATION), Standing.PENDING),
        (Want.RUN, RUN, says(CHALLENGER), Standing.DONE),
        (Want.RUN, RUN, says(CHALLENGER, ModelPhase.REVERTED), Standing.FAILED),
        (Want.RUN, BY_HAND, says(OTHER), Standing.LEFT),
        (Want.CHAMPION, UNSHADOWED, says(), Standing.PENDING),
        (Want.CHAMPION, UNSHADOWED, says(asked=2), Standing.DONE),
        (Want.CHAMPION, UNSHADOWED, says(asked=2, challenger=BESIDE), Standing.PENDING),
        (Want.CHAMPION, BACK, says(CHALLENGER), Standing.PENDING),
        (Want.CHAMPION, BACK, says(CHAMPION, asked=2), Standing.DONE),
        (Want.CHAMPION, BACK, says(CHAMPION, asked=2, challenger=BESIDE), Standing.PENDING),
        (Want.CHAMPION, BY_HAND, says(OTHER), Standing.LEFT),
    ],
)
def test_how_a_device_stands(want: Want, desired: Desired, reported: Reported | None, stands: Standing) -> None:
    settled = reported.desired_version if reported else 0
    assert standing(want, PAIR, Twin(desired, reported, settled))[0] is stands


def test_what_it_said_of_an_earlier_wish_does_not_count() -> None:
    again = RUN.model_copy(update={"models": (CHALLENGER.model_copy(update={"asked": 9}),)}) if RUN else None
    assert standing(Want.RUN, PAIR, Twin(again, says(CHALLENGER, ModelPhase.REVERTED)))[0] is Standing.PENDING


@pytest.mark.parametrize(("runs", "stands"), [(CHALLENGER, Standing.DONE), (OTHER, Standing.FAILED)])
def test_a_device_of_before_there_was_a_probation_says_what_it_runs(runs: ModelAssignment, stands: Standing) -> None:
    active = ActiveModel(kind=ModelKind.WINNER, name="winner", version="1", sha256=runs.sha256)
    said = Reported(boot_id=BootId.mint(), time=NOW, desired_version=1, models=(active,))
    assert standing(Want.RUN, PAIR, Twin(RUN, said, 1))[0] is stands
    assert standing(Want.RUN, PAIR, Twin(RUN, said, 0))[0] is Standing.PENDING
