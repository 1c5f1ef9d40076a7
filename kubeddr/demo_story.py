"""What the demo tells: a good model goes out wave by wave; a worse one is caught in the canary and undone by itself.

Nothing is staged but the models: both are the one that comes with the project, its weights shaken a little or a lot.
All that the gate judges by is measured, in matches that simulated devices play faster than life, beside the rendered
cabinets.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubeddr.demo_stage import DemoError
from kubeddr.rollouts import as_judged, as_line, as_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from rich.console import Console

    from kubeddr.demo_plan import Plan
    from kubeddr.processes import Children

SIMULATED = 10
PREFIX = "simulated"
EVENTS = 4.0  # a second, of each: a match in three seconds
AS_GOOD, WORSE = 0.02, 1.4  # by how much weights are shaken, of their own spread
FIRST = 60.0  # seconds to wait for a match at most
PATIENCE = 120.0  # seconds for the simulated devices to come
FILE = """\
rollout: {name}
model: {model}
champion: {champion}
canary: 8
gate:
  metric: log_loss
  margin: 0.03
  least: 6
  matches: 60
  horizon: 10m
waves: [3, 6, 100%]
success: 80%
errors: 2
silence: 1m
settle: 10m
"""


@dataclass(frozen=True, slots=True)
class Story:
    """The story, told step by step: each turn of its iterator is a look, and gives a line on where it stands.

    Attributes:
        client: signed in at the control plane.
        bad_only: leave out the good model.
    """

    console: Console
    client: httpx.Client
    children: Children
    plan: Plan
    bad_only: bool = False

    def tell(self) -> Iterator[str]:
        """Tell it.

        Raises:
            DemoError: it does not go as it should; the text says how it went instead.
        """
        if not self.bad_only:
            yield from self._first_match()
        yield from self._gather()
        champion, good, bad = self._models()
        if not self.bad_only:
            self._say(f"A model as good as the one that runs: {good} instead of {champion}. It shall go to all.")
            yield from self._roll("good-model", good, champion, "succeeded")
            champion = good
        self._say(f"Now a model that is whole and signed and passes every self-test, but predicts worse: {bad}.")
        began = time.monotonic()
        yield from self._roll("bad-model", bad, champion, "aborted")
        runs = self._running(bad)
        if runs:
            raise DemoError(f"The worse model was sent back, and yet {', '.join(runs)} runs it.")
        self._say(
            f"Caught and undone by itself, {time.monotonic() - began:.0f} seconds after it was let loose: "
            "no player ever saw a word of it."
        )

    def _first_match(self) -> Iterator[str]:
        """Let every cabinet play first: nobody follows two things that begin at once."""
        end = time.monotonic() + FIRST
        while self._get("/api/v1/matches", limit=1)["total"] < len(self.plan.stations) and time.monotonic() < end:
            yield "begins with the first match"

    def _gather(self) -> Iterator[str]:
        self._say(
            f"Bringing {SIMULATED} simulated devices, which dance matches of their own and run the real predictor."
        )
        rate, forever = ("--rate", str(EVENTS)), ("--seconds", "1e6")
        crowd = ("--devices", str(SIMULATED), "--prefix", PREFIX, *rate, *forever, "--tls", "--dance")
        command = ("simulate-fleet", *crowd, "--url", self.plan.url)
        self.children.start("the simulated devices", PREFIX, command, {"KUBEDDR_TOKEN": self.plan.token})
        wanted, end = SIMULATED + len(self.plan.stations), time.monotonic() + PATIENCE
        while (here := self._get("/api/v1/devices", status="online", limit=1)["total"]) < wanted:
            if time.monotonic() > end:
                raise DemoError(f"Only {here} of {wanted} devices have come online in {PATIENCE:.0f} seconds.")
            yield f"{here} of {wanted} devices are online"

    def _models(self) -> tuple[str, str, str]:
        """The model that runs, one as good, and a worse one, as the control plane names them."""
        from models.bundle import BUILTIN, SUFFIX, builtin  # noqa: PLC0415 - heavy, --help is not
        from models.shaken import shaken  # noqa: PLC0415

        champion, version = builtin("winner"), builtin("winner").manifest.version
        return (
            self._push((BUILTIN / f"winner{SUFFIX}").read_bytes()),
            self._push(shaken(champion, f"{version}-good", AS_GOOD)),
            self._push(shaken(champion, f"{version}-worse", WORSE)),
        )

    def _push(self, bundle: bytes) -> str:
        pushed = self._answer(self.client.post(f"{self.plan.url}/api/v1/models", content=bundle, timeout=30))
        return f"{pushed['name']} {pushed['version']}"

    def _roll(self, name: str, model: str, champion: str, outcome: str) -> Iterator[str]:
        """Begin a rollout and tell of it until it has ended so."""
        file = FILE.format(name=name, model=model, champion=champion)
        found = self._answer(self.client.post(f"{self.plan.url}/api/v1/rollouts", json={"file": file}, timeout=30))
        self._say(f"kubeddr rollouts apply {name}.yaml   (watch it at {self.plan.url}, or with kubeddr rollouts watch)")
        told = 0
        while True:
            for each in found["decisions"][told:]:
                self.console.print(f"  {as_line(each)}", soft_wrap=True)
            told, rollout = len(found["decisions"]), found["rollout"]
            if rollout["stage"] == "ended":
                break
            where = as_judged(rollout["judged"]) if rollout["stage"] == "canary" else rollout["waits"]
            yield f"{name}, {as_stage(rollout)}   {where}"
            found = self._get(f"/api/v1/rollouts/{name}")
        if rollout["outcome"] != outcome:
            raise DemoError(f"The rollout {name} was to end {outcome}, and has ended {rollout['outcome']}.")

    def _running(self, model: str) -> list[str]:
        devices = self._get("/api/v1/devices", limit=100)["items"]
        return [
            device["id"]
            for device in devices
            if any(f"{runs['name']} {runs['version']}" == model or runs["challenger"] for runs in device["models"])
        ]

    def _say(self, words: str) -> None:
        self.console.print(f"[bold]{words}[/bold]", soft_wrap=True)

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._answer(self.client.get(f"{self.plan.url}{path}", params=query, timeout=30))

    def _answer(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            raise DemoError(f"The control plane does not take part in the story: {response.text[:300]}")
        answer: dict[str, Any] = response.json()
        return answer
