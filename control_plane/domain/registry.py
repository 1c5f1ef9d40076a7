"""What may become of a model version, and how versions are named, ordered and compared. Pure."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from control_plane.errors import ConflictError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract.manifest import Manifest

_SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_DIGEST = re.compile(r"[0-9a-f]{6,64}")

Order = tuple[bool, tuple[int, ...], bool, tuple[tuple[bool, int, str], ...], str]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version comes from, as its bundle says.

    Attributes:
        data: the hash or name of what it was trained on.
        code: the revision that trained it.
        parameters: whatever else it says it was made with.
        metrics: how good it was found to be.
    """

    data: str
    code: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]

    def row(self) -> dict[str, str]:
        """As it is kept."""
        parameters, metrics = (json.dumps(dict(each), sort_keys=True) for each in (self.parameters, self.metrics))
        return {"data": self.data, "code": self.code, "parameters": parameters, "metrics": metrics}


def lineage(manifest: Manifest) -> Lineage:
    """What a bundle's manifest says; figures among its settings are its metrics."""
    parameters = dict(manifest.created_from)
    data, code = parameters.pop("data", ""), parameters.pop("code", "")
    metrics = {name: figure for name, value in manifest.settings.items() if (figure := _figure(value)) is not None}
    return Lineage(data, code, parameters, metrics)


def _figure(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        figure = float(value)
    except ValueError:
        return None
    return figure if math.isfinite(figure) else None


class Stage(StrEnum):
    """How far a model version is trusted."""

    CANDIDATE = "candidate"
    STAGING = "staging"
    PRODUCTION = "production"
    RETIRED = "retired"  # not signed any more: devices take it no more, and those that run it go on


LEADS_TO = {
    Stage.CANDIDATE: {Stage.STAGING, Stage.RETIRED},
    Stage.STAGING: {Stage.PRODUCTION, Stage.CANDIDATE, Stage.RETIRED},
    Stage.PRODUCTION: {Stage.STAGING, Stage.RETIRED},
    Stage.RETIRED: {Stage.CANDIDATE},
}


def check_move(now: Stage, wanted: Stage, *, approved: bool, aliases: tuple[str, ...]) -> None:
    """Whether a version may go to another stage.

    Raises:
        ConflictError: it may not; the text says what is missing.
    """
    if wanted not in LEADS_TO[now]:
        allowed = ", ".join(stage for stage in Stage if stage in LEADS_TO[now])
        raise ConflictError(f"From {now} a model goes to {allowed}, not to {wanted}.")
    if wanted is Stage.PRODUCTION and not approved:
        raise ConflictError("Nobody has approved it for production: `kubeddr models approve` does.")
    if wanted is Stage.RETIRED and aliases:
        raise ConflictError(f"It is still called {', '.join(aliases)}: give that name to another model first.")


def check_approval(pusher: str, approver: str, *, admin: bool) -> None:
    """Whether somebody may approve a version: not the one who brought it in, unless there is nobody above.

    Raises:
        ConflictError: they may not.
    """
    if pusher == approver and not admin:
        raise ConflictError("Whoever pushed a model does not approve it: ask another releaser, or an admin.")


@dataclass(frozen=True, slots=True)
class Reference:
    """How people name a version; what is empty was not said.

    Attributes:
        digest: how the SHA-256 begins.
        kind, alias: `reader@champion`.
        name, version: `digits:0.2.0`, or `digits` for its newest version.
    """

    digest: str = ""
    kind: str = ""
    alias: str = ""
    name: str = ""
    version: str = ""


def parse(text: str) -> Reference:
    """Read a reference.

    >>> parse("reader@champion").alias, parse("digits:0.2.0").version, parse("0a1b2c").digest
    ('champion', '0.2.0', '0a1b2c')

    Raises:
        RefusedError: it names nothing.
    """
    kind, at, alias = text.partition("@")
    if at and kind and alias:
        return Reference(kind=kind, alias=alias)
    name, colon, version = text.partition(":")
    if colon and name and version:
        return Reference(name=name, version=version)
    if _DIGEST.fullmatch(text):
        return Reference(digest=text)
    if not text or at or colon:
        raise RefusedError(f"{text!r} names no model: give KIND@ALIAS, NAME:VERSION, NAME, or how its digest begins.")
    return Reference(name=text)


def order(version: str) -> Order:
    """What versions are sorted by: semantic ones as semver.org has it, all others below them.

    >>> sorted(["1.10.0", "1.9.0", "1.10.0-rc.2", "1.10.0-rc.10", "spring"], key=order)
    ['spring', '1.9.0', '1.10.0-rc.2', '1.10.0-rc.10', '1.10.0']
    """
    found = _SEMANTIC.fullmatch(version)
    if found is None:
        return False, (), False, (), version
    numbers = tuple(int(part) for part in found.groups()[:3])
    before = found.group(4)
    parts = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, "" if part.isdigit() else part)
        for part in (before or "").split(".")
        if part
    )
    return True, numbers, before is None, parts, version


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact of two versions; `delta` is the second less the first, where both are numbers."""

    fact: str
    one: str | float | None
    other: str | float | None
    delta: float | None = None


def differences(one: Mapping[str, str | float], other: Mapping[str, str | float]) -> tuple[Difference, ...]:
    """The facts in which two versions are not alike, by name."""
    found = []
    for fact in sorted({*one, *other}):
        here, there = one.get(fact), other.get(fact)
        if here != there:
            numbers = isinstance(here, int | float) and isinstance(there, int | float)
            found.append(Difference(fact, here, there, float(there) - float(here) if numbers else None))  # type: ignore[arg-type]
    return tuple(found)
