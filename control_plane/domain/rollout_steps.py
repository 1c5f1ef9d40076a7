"""How a rollout goes on: what is known and the time in, what is wanted of each device out. Pure.

    waiting -> canary -> waves -> ended
                  +--------+----> back -> ended

Forward only with evidence, a person's word where the plan asks for it, and in its window; back at any time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from control_plane.domain.gate import Judgement, Verdict, judge
from control_plane.domain.rollout import UNKNOWN, Decision, Fact, Member, Outcome, Rollout, Stage, Standing, Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from control_plane.domain.rollout_plan import Plan

BACK = "goes back"  # a decision
_SENT_BACK = {Verdict.ABORT: Outcome.ABORTED, Verdict.INCONCLUSIVE: Outcome.INCONCLUSIVE}

Result = tuple[Rollout, tuple[Decision, ...]]


def decide(rollout: Rollout, facts: Mapping[str, Fact], now: datetime) -> Result:
    """The next step, if there is one. The same rollout, facts and time give the same answer.

    Args:
        rollout: as it is.
        facts: by device; of one that is not named nothing is known.
        now: not before `rollout.since`.

    Returns:
        The rollout after it, and what was decided; nothing for a rollout that goes on as it is.
    """
    match rollout.stage:
        case Stage.WAITING:
            return _waiting(rollout, facts, now)
        case Stage.CANARY:
            return _canary(rollout, facts, now)
        case Stage.WAVES:
            return _waves(rollout, facts, now)
        case Stage.BACK:
            return _back(rollout, facts, now)
        case Stage.ENDED:
            return rollout, ()


def fate(plan: Plan, member: Member, fact: Fact, now: datetime) -> tuple[Standing, str]:
    """How a device stands, silence and delay counted as failures, and why."""
    if fact.standing in {Standing.FAILED, Standing.LEFT} or member.since is None:
        return fact.standing, fact.reason
    if fact.standing is Standing.DONE and member.want is not Want.SHADOW:
        return fact.standing, ""
    heard = max(member.since, fact.heard) if fact.heard else member.since
    if now - heard > plan.silence:
        return Standing.FAILED, f"silent for {_span((now - heard).total_seconds())}"
    if fact.standing is Standing.PENDING and now - member.since > plan.settle:
        return Standing.FAILED, f"not settled after {_span((now - member.since).total_seconds())}"
    return fact.standing, fact.reason


def count(plan: Plan, members: Iterable[Member], facts: Mapping[str, Fact], now: datetime) -> Counter[Standing]:
    """How many devices stand how."""
    return Counter(fate(plan, member, facts.get(member.device, UNKNOWN), now)[0] for member in members)


def _waiting(rollout: Rollout, facts: Mapping[str, Fact], now: datetime) -> Result:
    if held := _held(rollout, "canary", now):
        return replace(rollout, waits=held), ()
    size = rollout.plan.canary.of(len(rollout.members))
    ready = [member for member in rollout.members if facts.get(member.device, UNKNOWN).online]
    if len(ready) < max(size, rollout.plan.gate.devices):
        need = max(size, rollout.plan.gate.devices)
        return replace(rollout, waits=f"{len(ready)} of the {need} devices of a canary are online"), ()
    drawn = [replace(member, canary=True, want=Want.SHADOW, since=now) for member in ready[:size]]
    names = {member.device for member in drawn}
    others = [member for member in rollout.members if member.device not in names]
    begun = replace(rollout, members=(*drawn, *others), stage=Stage.CANARY, since=now, waits="")
    return begun, (Decision(now, "canary begins", numbers={"devices": size, "of": len(rollout.members)}),)


def _canary(rollout: Rollout, facts: Mapping[str, Fact], now: datetime) -> Result:
    plan, drawn = rollout.plan, [member for member in rollout.members if member.canary]
    stands = count(plan, drawn, facts, now)
    told = [facts.get(member.device, UNKNOWN) for member in drawn]
    told = [fact for fact in told if fact.standing is not Standing.LEFT]
    if beyond := _errors(plan, stands, len(drawn)) or _limits(plan, told):
        return turn_back(rollout, Outcome.ABORTED, Decision(now, BACK, beyond, numbers=_stands(stands)))
    late = now - rollout.since >= plan.gate.horizon or all(fact.evidence.count >= plan.gate.matches for fact in told)
    judged = judge(plan.gate.terms, (fact.evidence for fact in told), over=late)
    rollout = replace(rollout, judged=judged, waits=f"the gate: {judged.reason}")
    decision = Decision(now, BACK, rollout.waits, numbers=_numbers(plan, judged) | _stands(stands))
    if judged.verdict in _SENT_BACK:
        return turn_back(rollout, _SENT_BACK[judged.verdict], decision)
    if judged.verdict is Verdict.HOLD:
        return rollout, ()
    if held := _held(rollout, "waves", now):
        return replace(rollout, waits=f"the gate lets it through; {held}"), ()
    return _next_wave(rollout, decision)


def _waves(rollout: Rollout, facts: Mapping[str, Fact], now: datetime) -> Result:
    plan, inside = rollout.plan, rollout.members[: rollout.reach]
    stands = count(plan, inside, facts, now)
    if too_many := _errors(plan, stands, len(inside)):
        return turn_back(rollout, Outcome.ABORTED, Decision(now, BACK, too_many, numbers=_stands(stands)))
    part = len(inside) - stands[Standing.LEFT]
    share = 100.0 * stands[Standing.DONE] / part if part else 0.0
    enough, last = part > 0 and share >= plan.success, rollout.wave == len(plan.waves)
    words = f"{stands[Standing.DONE]} of {part} devices have committed it"
    if stands[Standing.PENDING] and (last or not enough):
        return replace(rollout, waits=words), ()
    if not enough:
        reason = f"{words}, which is less than {plan.success:g}%"
        return turn_back(rollout, Outcome.ABORTED, Decision(now, BACK, reason, numbers=_stands(stands)))
    if last:
        ended = replace(rollout, stage=Stage.ENDED, outcome=Outcome.SUCCEEDED, since=now, waits="")
        return ended, (Decision(now, "succeeded", words, numbers=_stands(stands)),)
    if held := _held(rollout, "waves", now):
        return replace(rollout, waits=f"{words}; {held}"), ()
    return _next_wave(rollout, Decision(now, "", words, numbers=_stands(stands)))


def _back(rollout: Rollout, facts: Mapping[str, Fact], now: datetime) -> Result:
    stands = count(rollout.plan, rollout.asked, facts, now)
    words = f"{stands[Standing.DONE]} of {len(rollout.asked) - stands[Standing.LEFT]} devices are back"
    if stands[Standing.PENDING]:
        return replace(rollout, waits=words), ()
    ended = replace(rollout, stage=Stage.ENDED, since=now, waits="")
    return ended, (Decision(now, str(rollout.outcome), words, numbers=_stands(stands)),)


def _next_wave(rollout: Rollout, decision: Decision) -> Result:
    now = decision.time
    begun = replace(rollout, stage=Stage.WAVES, wave=rollout.wave + 1, since=now, waits="")
    members = tuple(
        replace(member, want=Want.RUN, since=now) if at < begun.reach and member.want is not Want.RUN else member
        for at, member in enumerate(rollout.members)
    )
    action = f"wave {begun.wave} of {len(rollout.plan.waves)} begins"
    told = replace(decision, action=action, numbers={"reach": begun.reach, **decision.numbers})
    return replace(begun, members=members), (told,)


def turn_back(rollout: Rollout, outcome: Outcome, decision: Decision) -> Result:
    """Every device that was touched goes back to the champion; `decision` says why."""
    now = decision.time
    members = tuple(
        member if member.want is Want.NOTHING else replace(member, want=Want.CHAMPION, since=now)
        for member in rollout.members
    )
    turned = replace(rollout, members=members, stage=Stage.BACK, outcome=outcome, since=now, paused=False, waits="")
    return turned, (replace(decision, numbers={"devices": len(turned.asked), **decision.numbers}),)


def _held(rollout: Rollout, step: str, now: datetime) -> str:
    """What keeps the next step from beginning, in words; empty for nothing."""
    if rollout.paused:
        return "it is paused"
    if step in rollout.plan.approvals and step not in rollout.approved:
        return f"somebody has to approve the {step}"
    window = rollout.plan.window
    if window is not None and not window.open(now):
        return f"the window opens at {window.begin:%H:%M} {window.timezone}"
    return ""


def _errors(plan: Plan, stands: Counter[Standing], total: int) -> str:
    failed, most = stands[Standing.FAILED], plan.errors.within(total)
    return f"{failed} of {total} devices failed; {plan.errors} may" if failed > most else ""


def _limits(plan: Plan, told: Sequence[Fact]) -> str:
    """The first limit that the mean of the devices is beyond; empty for none, and while too few can say."""
    told = [fact for fact in told if fact.evidence.count >= plan.gate.least]
    for name, most in plan.gate.limits:
        values = [fact.beside[name] for fact in told if name in fact.beside]
        if most is not None and len(values) >= plan.gate.devices and (mean := sum(values) / len(values)) > most:
            return f"{name} is {mean:.3g} in the mean of {len(values)} devices; {most:g} may be"
    return ""


def _numbers(plan: Plan, judged: Judgement) -> dict[str, Any]:
    said = {"mean": judged.mean, "low": judged.low, "high": judged.high}
    told = {name: None if value is None else round(value, 6) for name, value in said.items()}
    counted = {"judged_devices": judged.devices, "judged_matches": judged.matches}
    return {"metric": plan.gate.metric, "margin": plan.gate.margin, **told, **counted}


def _stands(stands: Counter[Standing]) -> dict[str, Any]:
    return {standing.value: stands[standing] for standing in Standing if stands[standing]}


def _span(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
