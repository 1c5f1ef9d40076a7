"""Rollouts: begun by a person, carried on by the reconciler, each step written before it is announced.

A turn has two halves, and a crash between or within them costs nothing but time: what was decided is in the database,
and documents are written until they say what was decided.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from contract.ids import DeviceId, Sha256
from contract.messages import Desired, Reported
from control_plane.domain.gate import Evidence, detectable
from control_plane.domain.gate_course import course
from control_plane.domain.rollout import Decision, Fact, Member, Outcome, Rollout, Stage, Standing, Want
from control_plane.domain.rollout_plan import read
from control_plane.domain.rollout_standing import Pair, Twin, document, standing
from control_plane.domain.rollout_steps import BACK, Result, decide, fate, turn_back
from control_plane.domain.rollout_words import Word, say
from control_plane.errors import ConflictError, ControlPlaneError, NotFoundError, RefusedError
from control_plane.storage import rollouts as storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, RowMapping

    from contract.messages import ModelAssignment
    from control_plane.domain.gate import Judgement
    from control_plane.domain.rollout_plan import Plan
    from control_plane.services.catalog import Catalog
    from control_plane.services.fleet import Fleet
    from control_plane.storage.database import Database

log = structlog.get_logger("rollouts")

BATCH = 500  # documents of one transaction
ALONE = "rollouts"  # of several control planes, one at a time decides or says
USUAL = {"log_loss": (0.08, 0.01), "exact_reads": (0.05, 0.01), "abstentions": (0.05, 0.01)}
"""How differences vary by match and by device, in case nothing was measured yet."""
_NO_MATCH: tuple[Evidence, dict[str, float]] = (Evidence(), {})
_Stood = tuple[tuple[Any, ...], tuple[Standing, str]]  # what a device stood to, and how
MEASURED = (3, 30)  # devices and matches that have to be there before their spread is believed


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rollout would be.

    Attributes:
        detectable: the distance from the margin that the canary tells four times in five; infinite for none.
        measured: that rests on earlier rollouts, and not on what is usual.
    """

    plan: Plan
    pair: Pair
    devices: tuple[str, ...]
    canary: int
    waves: tuple[int, ...]
    detectable: float
    measured: bool


class Rollouts:
    """See above.

    Args:
        listening: since when we hear devices; None while we do not. Nobody is silent for us before.
    """

    def __init__(
        self, database: Database, fleet: Fleet, catalog: Catalog, listening: Callable[[], datetime | None]
    ) -> None:
        self._database, self._fleet, self._catalog, self._listening = database, fleet, catalog, listening
        self._stood: dict[str, dict[str, _Stood]] = {}  # by rollout and device

    def preview(self, file: str) -> Preview:
        """What the file asks for, and what it would come to.

        Raises:
            RefusedError: the file is wrong, or asks for what cannot be.
            NotFoundError: there is no such model.
        """
        plan = read(file)
        pair = self._pair(plan)
        with self._database.read() as connection:
            devices = storage.targets(connection, plan.targets)
            told = storage.history(connection, pair.challenger.kind.value, plan.gate.metric)
        if not devices:
            raise RefusedError("No device is among the targets. `kubeddr devices list` shows sites and tags.")
        canary = plan.canary.of(len(devices))
        if canary < plan.gate.devices:
            raise RefusedError(
                f"A canary of {canary} out of {len(devices)} devices cannot decide: the gate needs {plan.gate.devices}."
            )
        spread = _spread(told)
        told_from = detectable(plan.gate.terms, canary, plan.gate.matches, spread or USUAL[plan.gate.metric])
        waves = tuple(wave.of(len(devices)) for wave in plan.waves)
        # drawn by the name, so that nobody can choose, and the same file always draws the same
        drawn = sorted(devices, key=lambda device: hashlib.sha256(f"{plan.rollout} {device}".encode()).digest())
        return Preview(plan, pair, tuple(drawn), canary, waves, told_from, spread is not None)

    def apply(self, file: str, by: str) -> tuple[str, bool]:
        """Begin a rollout; the same file again changes nothing.

        Returns:
            Its name, and whether it is new.

        Raises:
            RefusedError, NotFoundError: as `preview`.
            ConflictError: the name is used already, or another rollout of this kind of models is under way.
        """
        plan = read(file)
        with self._database.read() as connection:
            if (there := storage.row(connection, plan.rollout)) is not None:
                return self._again(plan, there)
        seen = self.preview(file)
        now = datetime.now(UTC)
        rollout = Rollout(plan, tuple(Member(device) for device in seen.devices), now)
        numbers = {
            "devices": len(seen.devices),
            "canary": seen.canary,
            "detectable": round(seen.detectable, 6) if seen.detectable < float("inf") else None,
        }
        with self._database.write(ALONE) as connection:
            if (there := storage.row(connection, plan.rollout)) is not None:
                return self._again(plan, there)
            if others := storage.open_names(connection, seen.pair.challenger.kind.value):
                raise ConflictError(
                    f"The rollout {others[0]} of a {seen.pair.challenger.kind} is under way: "
                    f"let it end, or end it with `kubeddr rollouts abort {others[0]}`."
                )
            storage.add(connection, rollout, seen.pair, file, by)
            storage.note(connection, plan.rollout, [Decision(now, "created", by=by, numbers=numbers)])
        log.info("rollout created", rollout=plan.rollout, by=by, **numbers)
        return plan.rollout, True

    def say(self, name: str, word: Word, by: str, reason: str) -> None:
        """Take a person's word.

        Raises:
            NotFoundError: there is no such rollout.
            ConflictError: it makes no sense now.
        """
        with self._database.write(ALONE) as connection:
            before, _ = self._load(connection, name)
            after, decisions = say(before, word, by, reason, datetime.now(UTC))
            storage.save(connection, before, after, decisions)
        log.info("rollout told", rollout=name, word=str(word), by=by)

    def tend(self) -> None:
        """Carry on whatever is open: decide, then write and announce. Nothing happens while we hear no devices."""
        listening = self._listening()
        if listening is None:
            return
        with self._database.read() as connection:
            names = storage.open_names(connection)
        for name in names:
            self._decide(name, listening)
        with self._database.read() as connection:
            unwritten = storage.unwritten(connection)
        for name in unwritten:
            while self._write(name):
                pass

    def page(self, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
        """Rollouts, newest first, and how many there are."""
        with self._database.read() as connection:
            return storage.page(connection, limit, offset)

    def get(self, name: str) -> tuple[Rollout, RowMapping, Sequence[RowMapping]]:
        """One rollout, its row, and its decisions, oldest first.

        Raises:
            NotFoundError: there is no such rollout.
        """
        with self._database.read() as connection:
            rollout, row = self._load(connection, name)
            return rollout, row, storage.decisions(connection, name)

    def stands(self, name: str) -> list[tuple[Member, Fact, Standing, str]]:
        """How each device of a rollout stands now, and why, in order.

        Raises:
            NotFoundError: there is no such rollout.
        """
        now = datetime.now(UTC)
        with self._database.read() as connection:
            rollout, row = self._load(connection, name)
            facts = self._facts(connection, rollout, row, self._listening() or now)
        ended = rollout.stage is Stage.ENDED  # nobody waits for anybody any more
        found = []
        for member in rollout.members:
            fact = facts.get(member.device, Fact())
            said = (fact.standing, fact.reason) if ended else fate(rollout.plan, member, fact, now)
            found.append((member, fact, *said))
        return found

    def sequence(self, name: str) -> tuple[Plan, list[Judgement]]:
        """The plan, and what its gate would have said after each match so far.

        Raises:
            NotFoundError: there is no such rollout.
        """
        with self._database.read() as connection:
            rollout, row = self._load(connection, name)
            played = storage.differences(connection, rollout.plan, storage.pair_of(row))
        return rollout.plan, course(rollout.plan.gate.terms, played)

    def _again(self, plan: Plan, there: RowMapping) -> tuple[str, bool]:
        if read(there["file"]) == plan:
            return plan.rollout, False
        raise ConflictError(f"There is another rollout {plan.rollout} already: give this one a name of its own.")

    def _load(self, connection: Connection, name: str) -> tuple[Rollout, RowMapping]:
        found = storage.load(connection, name)
        if found is None:
            raise NotFoundError(f"There is no rollout {name}. `kubeddr rollouts list` shows those that there are.")
        return found

    def _pair(self, plan: Plan) -> Pair:
        challenger, champion = (self._model(each) for each in (plan.model, plan.champion))
        if challenger.kind != champion.kind:
            raise RefusedError(f"{plan.model} is a {challenger.kind} and {plan.champion} a {champion.kind}.")
        if challenger.sha256 == champion.sha256:
            raise RefusedError("The model and the champion are the same.")
        ours = {"rollout": plan.rollout}
        return Pair(challenger.model_copy(update=ours), champion.model_copy(update=ours))

    def _model(self, named: str) -> ModelAssignment:
        with self._database.read() as connection:
            sha256 = storage.model(connection, named)
        if sha256 is None:
            raise NotFoundError(f"There is no model {named}. `kubeddr models list` shows what there is.")
        return self._catalog.assignment(Sha256(sha256))

    def _decide(self, name: str, listening: datetime) -> None:
        """Look and decide without keeping anybody from writing; then write, if the rollout is still what it was."""
        now = datetime.now(UTC)
        with self._database.read() as connection:
            before, row = self._load(connection, name)
            facts = self._facts(connection, before, row, listening)
        after, decisions = self._gone(before, row, now) or decide(before, facts, now)
        if after == before:
            return
        with self._database.write(ALONE) as connection:
            if storage.row(connection, name) != row:
                return  # somebody has said something meanwhile: the next turn sees it
            storage.save(connection, before, after, decisions)
        for each in decisions:
            log.info(each.action, rollout=name, reason=each.reason, **each.numbers)

    def _gone(self, rollout: Rollout, row: RowMapping, now: datetime) -> Result | None:
        """The way back, where the challenger has been taken from the store meanwhile."""
        if rollout.stage is Stage.BACK:
            return None
        try:
            self._catalog.assignment(storage.pair_of(row).challenger.sha256)
        except ControlPlaneError as error:
            return turn_back(rollout, Outcome.ABORTED, Decision(now, BACK, str(error)))
        return None

    def _write(self, name: str) -> bool:
        """Write and announce some documents; whether there were any to write."""
        with self._database.read() as connection:
            wants = storage.pending(connection, name, BATCH)
            row = storage.row(connection, name)
        if not wants or row is None:
            return False
        pair = storage.pair_of(row)

        def change(device: RowMapping, now: datetime) -> Desired | None:
            said, want = wants[device["id"]]
            twin = _twin(device)
            left = said is not Want.NOTHING and standing(said, pair, twin)[0] is Standing.LEFT
            return None if left else document(want, pair, twin, now)

        def beside(connection: Connection) -> None:
            storage.written(connection, name, {device: want for device, (_, want) in wants.items()})

        self._fleet.ask_all([DeviceId(device) for device in wants], change, beside)
        return True

    def _facts(self, connection: Connection, rollout: Rollout, row: RowMapping, listening: datetime) -> dict[str, Fact]:
        """What is known about the devices that matter now: all of them before the canary is drawn, then those asked."""
        name, pair = rollout.plan.rollout, storage.pair_of(row)
        if rollout.stage is Stage.WAITING:
            rows = storage.known(connection, name, asked=False)
            return {each["id"]: Fact(each["heard"], each["online"]) for each in rows}
        told = storage.evidence(connection, rollout.plan, pair)
        facts, before, now = {}, self._stood.get(name, {}), dict[str, _Stood]()
        for known in storage.known(connection, name, asked=True):
            device = known["id"]
            said = (known["want"], known["written"], known["desired"], known["reported"], known["reported_version"])
            stood = before.get(device)
            if stood is None or stood[0] != said:  # ten thousand documents are read only where they are new
                stood = said, _standing(known, pair)
            now[device] = stood
            seen, beside = told.get(device, _NO_MATCH)
            heard = max(known["heard"] or listening, listening)
            facts[device] = Fact(heard, known["online"], *stood[1], seen, beside)
        self._stood[name] = now if rollout.stage is not Stage.ENDED else {}
        return facts


def _standing(known: RowMapping, pair: Pair) -> tuple[Standing, str]:
    if known["want"] != known["written"]:
        return Standing.PENDING, ""
    return standing(Want(known["want"]), pair, _twin(known))


def _twin(row: RowMapping) -> Twin:
    desired, reported = row["desired"], row["reported"]
    return Twin(
        Desired.model_validate_json(desired) if desired else None,
        Reported.model_validate_json(reported) if reported else None,
        row["reported_version"],
    )


def _spread(told: Sequence[Evidence]) -> tuple[float, float] | None:
    """Standard deviations within and between devices, by the method of moments; None when too little was measured."""
    matches = sum(each.count for each in told)
    if len(told) < MEASURED[0] or matches < MEASURED[1]:
        return None
    within = sum(each.noise * each.count * (each.count - 1) for each in told) / (matches - len(told))
    mean = sum(each.mean for each in told) / len(told)
    between = sum((each.mean - mean) ** 2 for each in told) / (len(told) - 1)
    between -= sum(each.noise for each in told) / len(told)
    return within**0.5, max(0.0, between) ** 0.5
