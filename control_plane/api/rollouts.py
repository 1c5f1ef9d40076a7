"""Rollouts: begun from a file, watched, and told what to do."""

import json
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy import RowMapping

from control_plane.api.context import Context, Here, Limit, Offset
from control_plane.api.guard import RELEASER, VIEWER, Me, detail
from control_plane.api.shapes import Page, Shape
from control_plane.domain.rollout import Rollout, Want
from control_plane.domain.rollout_plan import MAX_FILE
from control_plane.domain.rollout_words import Word
from control_plane.services.rollouts import Preview

router = APIRouter(prefix="/api/v1/rollouts", tags=["rollouts"])

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]


class File(BaseModel):
    """A rollout's file, YAML."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=MAX_FILE)]


class Reason(BaseModel):
    """Why, for those who ask later."""

    reason: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class PreviewOut(Shape):
    """What a rollout would be.

    Attributes:
        waves: up to how many devices each goes.
        detectable: the distance from the margin that the canary tells four times in five; None when it never could.
        enough: that is no more than the margin, so that a model as good as the champion is likely to pass.
        measured: both rest on earlier rollouts, and not on what is usual.
    """

    rollout: str
    model: str
    champion: str
    devices: int
    canary: int
    waves: tuple[int, ...]
    metric: str
    margin: float
    detectable: float | None
    enough: bool
    measured: bool

    @classmethod
    def of(cls, seen: Preview) -> Self:
        """From the service's."""
        gate, models = seen.plan.gate, (seen.pair.challenger, seen.pair.champion)
        challenger, champion = (f"{model.name} {model.version}" for model in models)
        return cls(
            rollout=seen.plan.rollout,
            model=challenger,
            champion=champion,
            devices=len(seen.devices),
            canary=seen.canary,
            waves=seen.waves,
            metric=gate.metric,
            margin=gate.margin,
            detectable=seen.detectable if seen.detectable < float("inf") else None,
            enough=seen.detectable <= gate.margin,
            measured=seen.measured,
        )


class RolloutOut(Shape):
    """Where a rollout stands.

    Attributes:
        wave: how many waves have begun, of `waves`.
        waits: what keeps it from the next step.
        judged: the gate's latest word and its numbers.
    """

    name: str
    kind: str
    model: str
    champion: str
    stage: str
    wave: int
    outcome: str
    paused: bool
    waits: str
    judged: dict[str, Any] | None
    since: datetime
    created: datetime
    created_by: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        same = ("name", "kind", "stage", "wave", "outcome", "paused", "waits", "since", "created", "created_by")
        judged = json.loads(row["judged"]) if row["judged"] else None
        named: dict[str, Any] = {name: row[name] for name in same}
        return cls(**named, model=row["challenger_name"], champion=row["champion_name"], judged=judged)


class DecisionOut(Shape):
    """What was decided, by whom, why, and the numbers behind it."""

    time: datetime
    action: str
    reason: str
    by: str
    numbers: dict[str, Any]

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        named = {name: row[name] for name in ("time", "action", "reason")}
        return cls(**named, by=row["decided_by"], numbers=json.loads(row["numbers"]))


class RolloutDetail(Shape):
    """A rollout with its decisions, oldest first.

    Attributes:
        waves: up to how many devices each goes.
        wanted: how many devices are asked for what.
    """

    rollout: RolloutOut
    devices: int
    canary: int
    waves: tuple[int, ...]
    wanted: dict[str, int]
    decisions: tuple[DecisionOut, ...]
    file: str


class JudgedOut(Shape):
    """The gate's word after so many matches: how much worse the challenger is, and the bounds of that."""

    matches: int
    devices: int
    verdict: str
    mean: float | None
    low: float | None
    high: float | None


class GateOut(Shape):
    """The gate's confidence sequence: a challenger passes once `high` is below the margin, fails once `low` is above.

    Attributes:
        points: in order, from the first match with which anything could be said.
    """

    metric: str
    margin: float
    confidence: float
    points: tuple[JudgedOut, ...]


class RolloutDeviceOut(Shape):
    """How one device of a rollout stands.

    Attributes:
        matches: that both models went through there.
        mean: by how much the challenger was worse in them, by the gate's metric; None before the first.
    """

    device: str
    canary: bool
    want: str
    standing: str
    reason: str
    online: bool
    matches: int
    mean: float | None


@router.get("", dependencies=[VIEWER])
def list_rollouts(here: Here, limit: Limit = 50, offset: Offset = 0) -> Page[RolloutOut]:
    """Rollouts, newest first."""
    rows, total = here.rollouts.page(limit, offset)
    return Page(items=tuple(RolloutOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.post("/preview", dependencies=[VIEWER])
def preview_rollout(here: Here, asked: File) -> PreviewOut:
    """What a file would come to, and the difference that its canary could tell. Nothing begins."""
    return PreviewOut.of(here.rollouts.preview(asked.file))


@router.post("", status_code=201, dependencies=[RELEASER])
def apply_rollout(here: Here, me: Me, request: Request, response: Response, asked: File) -> RolloutDetail:
    """Begin a rollout; 200 and no change for a file that was applied before."""
    name, new = here.rollouts.apply(asked.file, me.name)
    detail(request, name)
    if not new:
        response.status_code = 200
    return _shown(here, name)


@router.get("/{name}", dependencies=[VIEWER])
def show_rollout(here: Here, name: Name) -> RolloutDetail:
    """One rollout."""
    return _shown(here, name)


@router.get("/{name}/gate", dependencies=[VIEWER])
def show_gate(here: Here, name: Name) -> GateOut:
    """What the gate has said from match to match."""
    plan, told = here.rollouts.sequence(name)
    fields = ("matches", "devices", "mean", "low", "high")
    points = tuple(
        JudgedOut(verdict=each.verdict.value, **{field: getattr(each, field) for field in fields}) for each in told
    )
    return GateOut(metric=plan.gate.metric, margin=plan.gate.margin, confidence=plan.gate.confidence, points=points)


@router.get("/{name}/devices", dependencies=[VIEWER])
def list_rollout_devices(here: Here, name: Name, limit: Limit = 500, offset: Offset = 0) -> Page[RolloutDeviceOut]:
    """Its devices, in the order in which they get the model."""
    found = here.rollouts.stands(name)
    items = tuple(
        RolloutDeviceOut(
            device=member.device,
            canary=member.canary,
            want=member.want,
            standing="none" if member.want is Want.NOTHING else standing,
            reason=reason,
            online=fact.online,
            matches=fact.evidence.count,
            mean=fact.evidence.mean if fact.evidence.count else None,
        )
        for member, fact, standing, reason in found[offset : offset + limit]
    )
    return Page(items=items, total=len(found), limit=limit, offset=offset)


@router.post("/{name}/{word}", dependencies=[RELEASER])
def tell_rollout(  # noqa: PLR0913, PLR0917 - what it is told, by whom, and why
    here: Here, me: Me, request: Request, name: Name, word: Word, why: Reason
) -> RolloutDetail:
    """Pause it, resume it, send it back, or approve its next step."""
    detail(request, f"{name} {word} {why.reason}".rstrip())
    here.rollouts.say(name, word, me.name, why.reason)
    return _shown(here, name)


def _shown(here: Context, name: str) -> RolloutDetail:
    rollout, row, decisions = here.rollouts.get(name)
    return RolloutDetail(
        rollout=RolloutOut.of(row),
        devices=len(rollout.members),
        canary=rollout.plan.canary.of(len(rollout.members)),
        waves=tuple(wave.of(len(rollout.members)) for wave in rollout.plan.waves),
        wanted=_wanted(rollout),
        decisions=tuple(DecisionOut.of(each) for each in decisions),
        file=row["file"],
    )


def _wanted(rollout: Rollout) -> dict[str, int]:
    wants = [member.want for member in rollout.members]
    return {want.value: count for want in Want if (count := wants.count(want))}
