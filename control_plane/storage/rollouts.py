"""Rollouts in the database, both ways."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, func, or_, select, update

from contract.messages import ModelAssignment
from control_plane.domain.gate import Evidence, Judgement, Verdict
from control_plane.domain.rollout import Decision, Member, Outcome, Rollout, Stage, Want
from control_plane.domain.rollout_plan import BOUNDS, read
from control_plane.domain.rollout_standing import Pair
from control_plane.storage.reads import BUNDLES, DEVICES
from control_plane.storage.tables import ComparedRow, RolloutDecision, RolloutDevice, RolloutRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Table

    from control_plane.domain.rollout_plan import Plan, Targets

ROLLOUTS: Table = RolloutRow.__table__  # type: ignore[attr-defined]
MEMBERS: Table = RolloutDevice.__table__  # type: ignore[attr-defined]
DECISIONS: Table = RolloutDecision.__table__  # type: ignore[attr-defined]
COMPARED: Table = ComparedRow.__table__  # type: ignore[attr-defined]
WORSE = {"log_loss": 1, "abstentions": 1, "exact_reads": -1}  # the sign of a difference that is for the worse


def targets(connection: Connection, wanted: Targets) -> list[str]:
    """The devices that a plan is about, by id."""
    columns = DEVICES.c
    found = select(columns.id).order_by(columns.id)
    for tag in wanted.tags:
        found = found.where(columns.tags.contains(f" {tag} ", autoescape=True))
    if wanted.sites:
        found = found.where(columns.site.in_(wanted.sites))
    if wanted.devices:
        found = found.where(columns.id.in_(wanted.devices))
    return list(connection.execute(found).scalars())


def model(connection: Connection, named: str) -> str | None:
    """The SHA-256 of a model that is named `NAME VERSION`, or by the beginning of its SHA-256; None for none such."""
    name, _, version = named.partition(" ")
    columns = BUNDLES.c
    mine = (columns.name == name) & (columns.version == version) if version else columns.sha256.startswith(name)
    found = select(columns.sha256).where(mine).order_by(columns.pushed.desc(), columns.sha256).limit(1)
    return connection.execute(found).scalar_one_or_none()


def row(connection: Connection, name: str) -> RowMapping | None:
    """One rollout as it is kept."""
    return connection.execute(select(ROLLOUTS).where(ROLLOUTS.c.name == name)).mappings().one_or_none()


def page(connection: Connection, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
    """Rollouts, newest first, and how many there are."""
    newest = select(ROLLOUTS).order_by(ROLLOUTS.c.created.desc(), ROLLOUTS.c.name).limit(limit).offset(offset)
    total = connection.execute(select(func.count()).select_from(ROLLOUTS)).scalar_one()
    return connection.execute(newest).mappings().all(), total


def open_names(connection: Connection, kind: str | None = None) -> list[str]:
    """Rollouts that have not ended, of a kind of models or of all, oldest first."""
    found = select(ROLLOUTS.c.name).where(ROLLOUTS.c.stage != Stage.ENDED)
    if kind is not None:
        found = found.where(ROLLOUTS.c.kind == kind)
    return list(connection.execute(found.order_by(ROLLOUTS.c.created, ROLLOUTS.c.name)).scalars())


def unwritten(connection: Connection) -> list[str]:
    """Rollouts, ended or not, that still have something to ask of a device."""
    found = select(MEMBERS.c.rollout).where(MEMBERS.c.want != MEMBERS.c.written).distinct()
    return sorted(connection.execute(found).scalars())


def add(connection: Connection, rollout: Rollout, pair: Pair, file: str, by: str) -> None:
    """Keep a new rollout; its name was not used before."""
    fixed = {
        "name": rollout.plan.rollout,
        "file": file,
        "kind": pair.challenger.kind.value,
        "challenger": pair.challenger.model_dump_json(),
        "challenger_name": f"{pair.challenger.name} {pair.challenger.version}",
        "champion": pair.champion.model_dump_json(),
        "champion_name": f"{pair.champion.name} {pair.champion.version}",
        "created": rollout.since,
        "created_by": by,
    }
    connection.execute(ROLLOUTS.insert(), [fixed | _state(rollout)])
    rows = [
        {"rollout": rollout.plan.rollout, "device_id": member.device, "written": Want.NOTHING.value}
        | _place(place, member)
        for place, member in enumerate(rollout.members)
    ]
    for start in range(0, len(rows), 1000):
        connection.execute(MEMBERS.insert(), rows[start : start + 1000])


def pair_of(row: RowMapping) -> Pair:
    """The two models of a rollout as devices are asked for them."""
    return Pair(*(ModelAssignment.model_validate_json(row[each]) for each in ("challenger", "champion")))


def load(connection: Connection, name: str) -> tuple[Rollout, RowMapping] | None:
    """A rollout, and the row that it was made from."""
    kept = row(connection, name)
    if kept is None:
        return None
    wanted = select(MEMBERS).where(MEMBERS.c.rollout == name).order_by(MEMBERS.c.place)
    members = tuple(
        Member(each.device_id, each.canary, Want(each.want), each.since) for each in connection.execute(wanted)
    )
    judged = json.loads(kept["judged"]) if kept["judged"] else None
    rollout = Rollout(
        plan=read(kept["file"]),
        members=members,
        since=kept["since"],
        stage=Stage(kept["stage"]),
        wave=kept["wave"],
        outcome=Outcome(kept["outcome"]),
        paused=kept["paused"],
        approved=frozenset(kept["approved"].split()),
        waits=kept["waits"],
        judged=Judgement(**judged | {"verdict": Verdict(judged["verdict"])}) if judged else None,
    )
    return rollout, kept


def save(connection: Connection, before: Rollout, after: Rollout, decisions: Iterable[Decision]) -> None:
    """Write what has changed."""
    name = after.plan.rollout
    if _state(before) != _state(after):
        connection.execute(update(ROLLOUTS).where(ROLLOUTS.c.name == name).values(**_state(after)))
    old = {member.device: (place, member) for place, member in enumerate(before.members)}
    changed = [
        {"device": member.device, **{f"new_{key}": value for key, value in _place(place, member).items()}}
        for place, member in enumerate(after.members)
        if old[member.device] != (place, member)
    ]
    if changed:
        values: dict[str, Any] = {key: bindparam(f"new_{key}") for key in ("place", "canary", "want", "since")}
        mine = (MEMBERS.c.rollout == name) & (MEMBERS.c.device_id == bindparam("device"))
        connection.execute(update(MEMBERS).where(mine).values(**values), changed)
    note(connection, name, decisions)


def note(connection: Connection, name: str, decisions: Iterable[Decision]) -> None:
    """Write decisions down."""
    rows = [
        {
            "rollout": name,
            "time": each.time,
            "action": each.action,
            "reason": each.reason,
            "decided_by": each.by,
            "numbers": json.dumps(dict(each.numbers)),
        }
        for each in decisions
    ]
    if rows:
        connection.execute(DECISIONS.insert(), rows)


def decisions(connection: Connection, name: str) -> Sequence[RowMapping]:
    """What was decided, oldest first."""
    found = select(DECISIONS).where(DECISIONS.c.rollout == name).order_by(DECISIONS.c.id)
    return connection.execute(found).mappings().all()


def pending(connection: Connection, name: str, limit: int) -> dict[str, tuple[Want, Want]]:
    """Devices whose documents do not say yet what is wanted of them: (what they say, what is wanted)."""
    mine = (MEMBERS.c.rollout == name) & (MEMBERS.c.want != MEMBERS.c.written)
    found = select(MEMBERS).where(mine).order_by(MEMBERS.c.place).limit(limit)
    return {each.device_id: (Want(each.written), Want(each.want)) for each in connection.execute(found)}


def written(connection: Connection, name: str, wants: Mapping[str, Want]) -> None:
    """Note that these devices' documents say what was wanted."""
    rows = [{"device": device, "said": want.value} for device, want in wants.items()]
    mine = (MEMBERS.c.rollout == name) & (MEMBERS.c.device_id == bindparam("device"))
    connection.execute(update(MEMBERS).where(mine).values(written=bindparam("said")), rows)


def known(connection: Connection, name: str, *, asked: bool) -> Sequence[RowMapping]:
    """What a rollout's devices are and say, and what is wanted of them; of those that are asked, or of all."""
    columns = [DEVICES.c[each] for each in ("id", "online", "heard")]
    if asked:
        columns += [DEVICES.c[each] for each in ("desired", "reported", "reported_version")]
    found = select(*columns, MEMBERS.c.want, MEMBERS.c.written).join(MEMBERS, MEMBERS.c.device_id == DEVICES.c.id)
    found = found.where(MEMBERS.c.rollout == name)
    if asked:
        found = found.where(MEMBERS.c.want != Want.NOTHING)
    return connection.execute(found).mappings().all()


def evidence(connection: Connection, plan: Plan, pair: Pair) -> dict[str, tuple[Evidence, dict[str, float]]]:
    """How the challenger did beside the champion, by device; with the means of figures that have limits."""
    held = _held(plan)
    sums = [func.count(held).label("count"), func.sum(held).label("total"), func.sum(held * held).label("squares")]
    beside = [
        func.avg(COMPARED.c.challenger_latency_ms).label("latency_ms"),
        func.avg(_difference("exact_reads")).label("exact_reads"),
        func.avg(_difference("abstentions")).label("abstentions"),
    ]
    found = connection.execute(
        select(COMPARED.c.device_id, *sums, *beside).where(_mine(plan, pair)).group_by(COMPARED.c.device_id)
    )
    told: dict[str, tuple[Evidence, dict[str, float]]] = {}
    for each in found.mappings():
        means = {name: each[name] for name in ("latency_ms", "exact_reads", "abstentions") if each[name] is not None}
        told[each["device_id"]] = Evidence(each["count"], each["total"] or 0.0, each["squares"] or 0.0), means
    return told


def differences(connection: Connection, plan: Plan, pair: Pair) -> list[tuple[str, float]]:
    """The matches of the canary, in order of time: (device, by how much the challenger was worse)."""
    drawn = select(MEMBERS.c.device_id).where(MEMBERS.c.rollout == plan.rollout, MEMBERS.c.canary.is_(True))
    held = _held(plan)
    found = select(COMPARED.c.device_id, held).where(_mine(plan, pair), COMPARED.c.device_id.in_(drawn))
    found = found.where(held.is_not(None)).order_by(COMPARED.c.time, COMPARED.c.device_id, COMPARED.c.seq)
    return [(device, float(difference)) for device, difference in connection.execute(found)]


def _held(plan: Plan) -> ColumnElement[Any]:
    """A match's difference by the gate's metric, held to what a match may count."""
    worse, bound = _difference(plan.gate.metric), plan.gate.terms.bound
    return case((worse > bound, bound), (worse < -bound, -bound), else_=worse)


def _mine(plan: Plan, pair: Pair) -> ColumnElement[bool]:
    """Matches that both models of this rollout went through."""
    champion = or_(
        COMPARED.c.champion_sha256 == pair.champion.sha256,
        and_(
            COMPARED.c.champion_sha256.is_(None),
            COMPARED.c.champion == f"{pair.champion.name} {pair.champion.version}",
        ),
    )
    return and_(COMPARED.c.rollout == plan.rollout, COMPARED.c.challenger_sha256 == pair.challenger.sha256, champion)


def history(connection: Connection, kind: str, metric: str) -> list[Evidence]:
    """What each device's matches came to in earlier rollouts of models of a kind, one entry a device and rollout."""
    worse, bound = _difference(metric), BOUNDS[metric]
    held = case((worse > bound, bound), (worse < -bound, -bound), else_=worse)
    found = select(func.count(held), func.sum(held), func.sum(held * held)).where(COMPARED.c.kind == kind)
    found = found.group_by(COMPARED.c.rollout, COMPARED.c.device_id).having(func.count(held) > 1)
    return [Evidence(*each) for each in connection.execute(found)]


def _difference(metric: str) -> ColumnElement[Any]:
    """By how much the challenger was worse; null where either has no such figure."""
    return WORSE[metric] * (COMPARED.c[f"challenger_{metric}"] - COMPARED.c[f"champion_{metric}"])


def _state(rollout: Rollout) -> dict[str, Any]:
    return {
        "stage": rollout.stage.value,
        "wave": rollout.wave,
        "outcome": rollout.outcome.value,
        "paused": rollout.paused,
        "approved": " ".join(sorted(rollout.approved)),
        "waits": rollout.waits,
        "judged": json.dumps(asdict(rollout.judged)) if rollout.judged else None,
        "since": rollout.since,
    }


def _place(place: int, member: Member) -> dict[str, Any]:
    return {"place": place, "canary": member.canary, "want": member.want.value, "since": member.since}
