"""The crowd: comes online at a bearable pace, plays, is watched, and goes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from kubeddr.crowd.device import Manner, SimulatedDevice, Tally

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from kubeddr.crowd.bouts import Bouts

SETTLE = 30.0  # seconds at the end for the last receipts
AT_ONCE = 200  # connections under way


@dataclass(frozen=True, slots=True)
class Plan:
    """What the crowd does.

    Attributes:
        address: of the broker.
        names: of the devices; `tls` has a context for each, or is empty.
        seconds: that it plays once all are online.
        seed: of all chance.
        bouts: where the matches come from; None for some that cost nothing.
    """

    address: tuple[str, int]
    names: Sequence[str]
    manner: Manner
    seconds: float
    seed: int = 1
    tls: Sequence[ssl.SSLContext] = ()
    bouts: Bouts | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        online: devices that came online, after `online_after` seconds.
        waiting: events without a receipt at the end.
        rate: events sent in a second.
    """

    online: int
    online_after: float
    waiting: int
    rate: float
    tally: Tally

    def lag(self, share: float) -> float | None:
        """Seconds from sending to receipt that this share of the events does not exceed."""
        lags = sorted(self.tally.lags)
        return lags[min(len(lags) - 1, int(share * len(lags)))] if lags else None


async def run(
    plan: Plan, tell: Callable[[str, int, int, Tally], None], stopping: asyncio.Event | None = None
) -> Outcome:
    """Do it; `tell` hears now and then (what, done, of how many, tally)."""
    stopping = stopping or asyncio.Event()
    tally, chance = Tally(), Random(plan.seed)  # noqa: S311 - to play, not to keep a secret
    devices = [
        SimulatedDevice(
            name,
            plan.address,
            plan.tls[number] if plan.tls else None,
            tally,
            Random(chance.random()),  # noqa: S311 - the same
            plan.bouts,
        )
        for number, name in enumerate(plan.names)
    ]
    began = time.monotonic()
    await _all_online(devices, tally, tell, stopping)
    online, online_after = tally.online, time.monotonic() - began
    tally.lags.clear()
    sent, began = tally.sent, time.monotonic()
    over = asyncio.Event()
    players = [asyncio.create_task(device.live(plan.manner, over)) for device in devices]
    while (passed := time.monotonic() - began) < plan.seconds and not stopping.is_set():
        tell("playing", int(passed), int(plan.seconds), tally)
        await asyncio.sleep(min(1.0, plan.seconds - passed))
    rate = (tally.sent - sent) / max(0.001, time.monotonic() - began)
    over.set()
    await asyncio.gather(*players)
    end = time.monotonic() + SETTLE
    while (waiting := sum(device.waiting for device in devices)) and time.monotonic() < end and not stopping.is_set():
        tell("settling", len(devices), len(devices), tally)
        await _bring_back(devices)
        await asyncio.sleep(0.2)
    for device in devices:
        await device.close()
    await asyncio.sleep(0.2)
    return Outcome(online, online_after, waiting, rate, tally)


async def _all_online(
    devices: Sequence[SimulatedDevice],
    tally: Tally,
    tell: Callable[[str, int, int, Tally], None],
    stopping: asyncio.Event,
) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def come(device: SimulatedDevice) -> None:
        async with gate:
            for _ in range(5):
                if stopping.is_set() or await device.connect():
                    return
                await asyncio.sleep(1)

    coming = asyncio.gather(*(come(device) for device in devices))
    while not coming.done():
        tell("connecting", tally.online, len(devices), tally)
        await asyncio.wait([coming], timeout=0.5)
    await coming


async def _bring_back(devices: Sequence[SimulatedDevice]) -> None:
    """Whoever dropped out with events in hand comes back to hand them in."""
    for device in devices:
        if device.waiting:
            await device.hand_in()
