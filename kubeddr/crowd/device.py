"""One simulated device: plays matches, keeps what is not receipted, drops out, comes back, and may lie."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contract.codec import decode, encode
from contract.errors import ContractError
from contract.ids import BootId, DeviceId, MatchId
from contract.messages import (
    Desired,
    Event,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    ModelCompared,
    ModelKind,
    ModelPhase,
    ModelUpdate,
    Receipt,
    Reported,
    Status,
    Telemetry,
)
from contract.topics import TOPICS, Channel
from kubeddr.crowd.bouts import SAMPLES, Drawn
from kubeddr.crowd.mqtt import PING, Line, connect, open_line

if TYPE_CHECKING:
    import ssl
    from random import Random

    from contract.messages import ActiveModel, Body, Message, ModelAssignment
    from kubeddr.crowd.bouts import Bout, Bouts

KEEP_ALIVE = 60
TELEMETRY_EVERY = 10.0
AGAIN_AFTER = 20.0  # seconds without a receipt before everything is sent again
WINDOW = 100
SONG = SAMPLES + 2  # events of a match


@dataclass(slots=True)
class Tally:
    """What the whole crowd has done; the times are in seconds.

    Attributes:
        lags: from an event's first sending to its receipt.
        matches: finished matches by device, so that it can be checked that none is lost or doubled.
        told: devices that have heard what they should be, and when the newest of them did, seconds since the epoch.
        compared: matches in which two models were compared.
    """

    online: int = 0
    sent: int = 0
    receipted: int = 0
    repeated: int = 0
    lies: int = 0
    drops: int = 0
    lags: list[float] = field(default_factory=list)
    matches: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    compared: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How devices behave.

    Attributes:
        pause: seconds between a device's events.
        drop: probability of dropping out, at each event; it stays away for up to `away` seconds.
        lie: probability that a device is a liar: a malformed, an oversized, a replayed or a foreign message at times.
    """

    pause: float = 10.0
    drop: float = 0.0
    away: float = 10.0
    lie: float = 0.0


class SimulatedDevice:
    """See above."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a device is made of
        self,
        name: str,
        address: tuple[str, int],
        tls: ssl.SSLContext | None,
        tally: Tally,
        random: Random,
        bouts: Bouts | None = None,
    ) -> None:
        self.id = DeviceId(name)
        self.boot = BootId.mint()
        self._address, self._tls, self._tally, self._random = address, tls, tally, random
        self._line: Line | None = None
        self._ready = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()
        self._outbox: deque[tuple[Event, float]] = deque()  # with the time of its first sending, 0 for never
        self._topic = TOPICS.build(self.id, Channel.EVENTS)
        self._connections = self._seq = self._step = 0
        self._match = MatchId.mint()
        self._told_at = self._again_at = 0.0
        self._bouts = bouts or Drawn()
        self._bout: Bout | None = None
        self._runs = self._bouts.first
        self._shadow: ModelAssignment | None = None
        self._beside: ModelAssignment | None = None  # the shadow with which the match began
        self._settled = 0

    @property
    def waiting(self) -> int:
        """Events without a receipt."""
        return len(self._outbox)

    async def live(self, manner: Manner, stopping: asyncio.Event) -> None:
        """Play until it is time to stop."""
        liar = self._random.random() < manner.lie
        await asyncio.sleep(self._random.random() * manner.pause)
        while not stopping.is_set():
            if self._lost.is_set():
                await self._come_back(stopping)
                continue
            await self._play()
            self._flush()
            self._tell()
            if liar and self._random.random() < 0.3:  # noqa: PLR2004 - now and then
                self._lie()
            if self._random.random() < manner.drop:
                self._tally.drops += 1
                self.cut()
                await _sleep(stopping, self._random.random() * manner.away)
            await _sleep(stopping, manner.pause * (0.9 + 0.2 * self._random.random()))

    async def connect(self) -> bool:
        """Come online; False when that does not work now."""
        self._connections += 1
        self._ready.clear()
        topic = TOPICS.build(self.id, Channel.STATUS)
        hello = connect(str(self.id), KEEP_ALIVE, topic, encode(self._status(online=False)))
        line = Line(hello, TOPICS.subscriptions_of_device(self.id), self._heard, self._ready.set, self._gone)
        self._lost.clear()
        try:
            await open_line(self._address, line, self._tls)
            await asyncio.wait_for(self._ready.wait(), 30)
        except (OSError, TimeoutError):
            self._lost.set()
            line.cut()
            return False
        self._line = line
        self._tally.online += 1
        self._say(Channel.STATUS, self._status(online=True))
        self._report()
        for at, (event, sent) in enumerate(self._outbox):  # whatever was under way may be lost
            if sent and at < WINDOW:
                self._send(event.model_copy(update={"historical": True}))
        return True

    async def hand_in(self) -> None:
        """Send what waits, from wherever it stands."""
        if not self._lost.is_set() or await self.connect():
            self._flush()

    def cut(self) -> None:
        """Drop out without a word."""
        if self._line is not None:
            self._line.cut()

    async def close(self) -> None:
        """Say farewell."""
        if self._line is not None:
            self._say(Channel.STATUS, self._status(online=False))
            self._line.close()

    def put(self, body: Body) -> None:
        """Keep an event until its receipt."""
        self._seq += 1
        self._outbox.append((Event(boot_id=self.boot, seq=self._seq, time=datetime.now(UTC), body=body), 0.0))

    async def _play(self) -> None:
        """The next event of the match."""
        step, t = self._step % SONG, float(self._step)
        if step == 0:
            self._match, self._beside = MatchId.mint(), self._shadow
            self.put(MatchStarted(match_id=self._match, t=t, digits=9))
            self._bout = await asyncio.to_thread(self._bouts.play, self._random, self._runs, self._beside)
        elif (bout := self._bout) is None:
            return
        elif step == SONG - 1:
            final = MatchFinished(match_id=self._match, t=t, p1_final=bout.p1, p2_final=bout.p2, winner=bout.winner)
            self.put(final)
            self._tally.matches.setdefault(self.id, []).append(self._match)
            self._compare(bout)
        else:
            point = bout.points[step - 1]
            self.put(MatchProgress(match_id=self._match, t=t, p1=point.p1, p2=point.p2, prediction=point.said))
        self._step += 1

    def _compare(self, bout: Bout) -> None:
        """Say how both models did, where the same two ran all through the match."""
        if bout.contenders is None or self._beside is None or self._beside != self._shadow:
            return
        champion, challenger = bout.contenders
        self._tally.compared += 1
        self.put(
            ModelCompared(
                match_id=self._match,
                model_kind=self._beside.kind,
                phase=ModelPhase.SHADOWING,
                champion=champion,
                challenger=challenger,
                rollout=self._beside.rollout,
                winner=bout.winner,
            )
        )

    def _obey(self, wish: Desired) -> None:
        """Be what is wanted, at once: a simulated device has nothing to download, and nothing goes wrong in it."""
        self._tally.told[self.id] = time.time()
        if wish.version <= self._settled:
            return
        self._settled = wish.version
        for model in wish.models:
            if model.kind is self._bouts.first.kind and model.asked > (
                self._runs.update.asked if self._runs.update else 0
            ):
                update = _update(model, ModelPhase.COMMITTED)
                named = {"name": model.name, "version": model.version, "sha256": model.sha256}
                self._runs = self._runs.model_copy(update=named | {"update": update})
        self._shadow = next((model for model in wish.shadows if model.kind is ModelKind.WINNER), None)
        self._report()

    def _report(self) -> None:
        shadow = _update(self._shadow, ModelPhase.SHADOWING) if self._shadow else None
        models: tuple[ActiveModel, ...] = (self._runs.model_copy(update={"challenger": shadow}),)
        now, name = datetime.now(UTC), f"Simulated {self.id}"
        said = Reported(
            boot_id=self.boot, time=now, name=name, source="simulated", desired_version=self._settled, models=models
        )
        self._say(Channel.REPORTED, said)

    def _flush(self) -> None:
        """Send what was not sent yet, and all again when no receipt comes."""
        now = time.monotonic()
        first = self._outbox[0][1] if self._outbox else 0.0
        again = first > 0 and now - max(first, self._again_at) > AGAIN_AFTER
        if again:
            self._again_at = now
        for at in range(min(len(self._outbox), WINDOW)):
            event, sent = self._outbox[at]
            if not sent:
                self._outbox[at] = (event, now)
            if not sent or again:
                self._tally.repeated += bool(sent)
                self._send(event)

    def _send(self, event: Event) -> None:
        if self._line is not None:
            self._tally.sent += 1
            oldest = self._outbox[0][0].seq
            self._line.publish(self._topic, encode(event.model_copy(update={"oldest": oldest})), qos=1)

    def _tell(self) -> None:
        now = time.monotonic()
        if self._line is None or now - self._told_at < TELEMETRY_EVERY:
            return
        self._told_at = now
        self._line.write(PING)
        told = Telemetry(boot_id=self.boot, time=datetime.now(UTC), fps=30.0, outbox=self.waiting)
        self._say(Channel.TELEMETRY, told)

    def _lie(self) -> None:
        """Something that no honest device sends."""
        line = self._line
        if line is None:
            return
        self._tally.lies += 1
        other = TOPICS.build(DeviceId("sim-00001"), Channel.STATUS)
        random = self._random.randrange(4)
        if random == 0:
            line.publish(self._topic, self._random.randbytes(200), qos=1)
        elif random == 1:
            line.publish(self._topic, b"x" * 100_000, qos=1)
        elif random == 2:  # noqa: PLR2004 - one of four lies
            line.publish(other, encode(Status(boot_id=self.boot, online=False, connection=99)), qos=1)
        else:
            old = Event(boot_id=self.boot, seq=1, time=datetime.now(UTC), body=MatchStarted(match_id=self._match, t=0))
            line.publish(self._topic, encode(old), qos=1)

    def _heard(self, topic: str, payload: bytes) -> None:
        with contextlib.suppress(ContractError):
            told = decode(TOPICS.parse(topic).channel, payload)
            if isinstance(told, Receipt) and told.boot_id == self.boot:
                self._receipted(told.seq)
            elif isinstance(told, Desired):
                self._obey(told)

    def _receipted(self, seq: int) -> None:
        now = time.monotonic()
        while self._outbox and self._outbox[0][0].seq <= seq:
            _, sent = self._outbox.popleft()
            self._tally.receipted += 1
            if sent:
                self._tally.lags.append(now - sent)

    def _gone(self) -> None:
        if self._line is not None:
            self._tally.online -= 1
        self._line = None
        self._lost.set()

    async def _come_back(self, stopping: asyncio.Event) -> None:
        if not await self.connect():
            await _sleep(stopping, 1 + self._random.random() * 4)

    def _say(self, channel: Channel, message: Message) -> None:
        if self._line is not None:
            topic = TOPICS.build(self.id, channel)
            self._line.publish(topic, encode(message), qos=channel.qos, retain=channel.retained)

    def _status(self, *, online: bool) -> Status:
        reason = "" if online else "the connection was lost"
        now = datetime.now(UTC)
        return Status(boot_id=self.boot, online=online, connection=self._connections, time=now, reason=reason)


def _update(model: ModelAssignment, phase: ModelPhase) -> ModelUpdate:
    same = {name: getattr(model, name) for name in ("name", "version", "sha256", "asked", "rollout")}
    return ModelUpdate(phase=phase, since=datetime.now(UTC), **same)


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
