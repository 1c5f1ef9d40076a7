"""Model versions: where they come from, how far they are trusted, what they are called, how two of them differ."""

import json
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, StringConstraints

from contract.ids import Sha256
from contract.values import ModelKind
from control_plane.api.context import Here
from control_plane.api.guard import RELEASER, VIEWER, Me, detail
from control_plane.api.shapes import BundleOut, Shape
from control_plane.domain.registry import Difference, Stage
from control_plane.services.registry import Version

router = APIRouter(prefix="/api/v1/models", tags=["models"])

Line = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@ -]{0,63}$")]
Alias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Ref = Annotated[str, Query(min_length=1, max_length=140, description="KIND@ALIAS, NAME:VERSION, NAME or a digest")]


class DecisionOut(Shape):
    """What was decided about a version."""

    time: datetime
    operator: str
    action: str
    reason: str


class VersionOut(Shape):
    """A model version with all that is known of it; decisions oldest first."""

    model: BundleOut
    aliases: tuple[str, ...]
    data: str
    code: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    card: str
    decisions: tuple[DecisionOut, ...]

    @classmethod
    def of(cls, version: Version) -> Self:
        """From what the registry knows."""
        row = version.row
        taken: list[dict[str, Any]] = [
            {name: each[name] for name in DecisionOut.model_fields} for each in version.decisions
        ]
        return cls(
            model=BundleOut.of(row),
            aliases=version.aliases,
            data=row["data"],
            code=row["code"],
            parameters=json.loads(row["parameters"]),
            metrics=json.loads(row["metrics"]),
            card=row["card"],
            decisions=tuple(DecisionOut(**each) for each in taken),
        )


class AliasOut(Shape):
    """What a version of a kind is called."""

    kind: str
    alias: str
    sha256: str
    since: datetime
    given_by: str


class DifferenceOut(Shape):
    """A fact in which two versions are not alike; `delta` is the second less the first."""

    fact: str
    one: str | float | None
    other: str | float | None
    delta: float | None

    @classmethod
    def of(cls, found: Difference) -> Self:
        """From what was found."""
        return cls(fact=found.fact, one=found.one, other=found.other, delta=found.delta)


class ComparisonOut(Shape):
    """Two versions side by side."""

    one: VersionOut
    other: VersionOut
    differences: tuple[DifferenceOut, ...]


class Facts(BaseModel):
    """What is known of a version besides its bundle; parameters and metrics are added to those there are."""

    data: Line | None = None
    code: Line | None = None
    card: Annotated[str, Field(max_length=100_000)] | None = None
    parameters: dict[Name, Line] = Field(default_factory=dict, max_length=200)
    metrics: dict[Name, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict, max_length=200)


class Why(BaseModel):
    """The reason for a decision."""

    reason: Line = ""


class Move(Why):
    """Another stage, and why."""

    stage: Stage


@router.get("/resolve", dependencies=[VIEWER])
def resolve_model(here: Here, ref: Ref) -> VersionOut:
    """The version that a reference means; NAME alone means its newest by semantic version."""
    return VersionOut.of(here.models.find(ref))


@router.get("/compare", dependencies=[VIEWER])
def compare_models(here: Here, one: Ref, other: Ref) -> ComparisonOut:
    """Two versions, and the facts in which they are not alike."""
    first, second, found = here.models.compare(one, other)
    differing = tuple(DifferenceOut.of(each) for each in found)
    return ComparisonOut(one=VersionOut.of(first), other=VersionOut.of(second), differences=differing)


@router.get("/aliases", dependencies=[VIEWER])
def list_aliases(here: Here) -> tuple[AliasOut, ...]:
    """All aliases."""
    return tuple(AliasOut(**{name: row[name] for name in AliasOut.model_fields}) for row in here.models.aliases())


@router.patch("/{sha256}", dependencies=[RELEASER])
def describe_model(here: Here, me: Me, request: Request, sha256: Sha256, facts: Facts) -> VersionOut:
    """Say where a version comes from and how good it is."""
    detail(request, " ".join(sorted(facts.model_fields_set)))
    return VersionOut.of(here.models.describe(sha256, me, facts.model_dump()))


@router.post("/{sha256}/approve", dependencies=[RELEASER])
def approve_model(here: Here, me: Me, request: Request, sha256: Sha256, why: Why) -> VersionOut:
    """Say that a version may go to production; whoever pushed it may not, unless they are an admin."""
    detail(request, why.reason)
    return VersionOut.of(here.models.approve(sha256, me, why.reason))


@router.post("/{sha256}/stage", dependencies=[RELEASER])
def move_model(here: Here, me: Me, request: Request, sha256: Sha256, move: Move) -> VersionOut:
    """Bring a version to another stage; one that is retired is signed no more."""
    detail(request, f"{move.stage} {move.reason}".strip())
    moved = VersionOut.of(here.models.move(sha256, move.stage, me, move.reason))
    here.live.models_changed()
    return moved


@router.put("/{sha256}/aliases/{alias}", dependencies=[RELEASER])
def give_alias(here: Here, me: Me, request: Request, sha256: Sha256, alias: Alias, why: Why) -> VersionOut:  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    """Give a name to a version, whichever of its kind had it before."""
    detail(request, f"{alias} {why.reason}".strip())
    return VersionOut.of(here.models.call(sha256, alias, me, why.reason))


@router.delete("/aliases/{kind}/{alias}", status_code=204, dependencies=[RELEASER])
def take_alias(here: Here, me: Me, kind: ModelKind, alias: Alias) -> None:
    """Take a name away."""
    here.models.uncall(kind, alias, me)
