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
    Event,
    MatchFinished,
    MatchProgress,
    MatchStarted,
    Prediction,
    Receipt,
    Reported,
    Status,
    Telemetry,
)
from contract.topics import TOPICS, Channel
from kubeddr.crowd.mqtt import PING, Line, connect, open_line

if TYPE_CHECKING:
    import ssl
    from random import Random

    from contract.messages import Body, Message

KEEP_ALIVE = 60
TELEMETRY_EVERY = 10.0
AGAIN_AFTER = 20.0  # seconds without a receipt before everything is sent again
WINDOW = 100
SONG = 12  # events of a match


@dataclass(slots=True)
class Tally:
    """What the whole crowd has done; the times are in seconds.

    Attributes:
        lags: from an event's first sending to its receipt.
        matches: finished matches by device, so that it can be checked that none is lost or doubled.
    """

    online: int = 0
    sent: int = 0
    receipted: int = 0
    repeated: int = 0
    lies: int = 0
    drops: int = 0
    lags: list[float] = field(default_factory=list)
    matches: dict[str, list[str]] = field(default_factory=dict)


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

    def __init__(
        self, name: str, address: tuple[str, int], tls: ssl.SSLContext | None, tally: Tally, random: Random
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
        self._told_at = 0.0

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
            self._play()
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
        said = Reported(boot_id=self.boot, time=datetime.now(UTC), name=f"Simulated {self.id}", source="simulated")
        self._say(Channel.REPORTED, said)
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

    def _play(self) -> None:
        """The next event of the match."""
        step, match = self._step % SONG, self._match
        share = step / (SONG - 1)
        if step == 0:
            self._match = match = MatchId.mint()
            self.put(MatchStarted(match_id=match, t=float(self._step), digits=7))
        elif step == SONG - 1:
            self.put(MatchFinished(match_id=match, t=float(self._step), p1_final=1_000_000, p2_final=900_000, winner=1))
            self._tally.matches.setdefault(self.id, []).append(match)
        else:
            said = Prediction(p1_win=0.5 + share / 3, low=0.4, high=0.95, progress=share, model="simulated")
            points = round(1_000_000 * share)
            t = float(self._step)
            self.put(MatchProgress(match_id=match, t=t, p1=points, p2=points * 9 // 10, prediction=said))
        self._step += 1

    def _flush(self) -> None:
        """Send what was not sent yet, and all again when no receipt comes."""
        now = time.monotonic()
        if self._outbox and self._outbox[0][1] and now - self._outbox[0][1] > AGAIN_AFTER:
            first = self._outbox[0]
            self._outbox[0] = (first[0], now)
            self._tally.repeated += 1
            self._send(first[0])
        for at in range(min(len(self._outbox), WINDOW)):
            event, sent = self._outbox[at]
            if not sent:
                self._outbox[at] = (event, now)
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


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
