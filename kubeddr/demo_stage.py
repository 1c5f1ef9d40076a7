"""Where the demo's programs play: starts them, waits for them, and says what happens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from rich.live import Live

from kubeddr.demo_screen import status, table

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from kubeddr.demo_plan import Part, Plan
    from kubeddr.processes import Child, Children

START = 90.0  # seconds that a program may take to answer: a small board is slow to read its libraries the first time
PICTURE = 20.0  # seconds to wait for a picture before saying that there is none yet
LOOK_EVERY = 0.2
STATUS_EVERY = 1.0
TELL_EVERY = 5  # where there is no terminal, every so many times the status is a line of its own


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The programs, and those who look on.

    Attributes:
        stopping: set when it is time to stop.
        client: signed in at the control plane.
        plane: the control plane's URL.
    """

    console: Console
    stopping: threading.Event
    client: httpx.Client
    children: Children
    plane: str

    def start(self, parts: Sequence[Part]) -> None:
        """Start programs and wait until all are well, or until it is time to stop.

        Raises:
            DemoError: one ended, or does not answer.
        """
        if self.stopping.is_set():
            return
        begin = time.monotonic()
        started = [(part, self._start(part)) for part in parts]
        for part, child in started:
            self.console.print(f"Starting {part.name} ...")
            self._wait(part, child, begin)

    def _start(self, part: Part) -> Child:
        environment = dict(part.environment)
        if part.device:
            environment["KUBEDDR_ENROL_TOKEN"] = self._enrolment_token(part.device)
        return self.children.start(part.name, part.slug, part.arguments, environment)

    def _enrolment_token(self, device: str) -> str:
        """What lets a device in without a person: made at the control plane, as anybody would make it."""
        answer = self.client.post(f"{self.plane}/api/v1/approvals/tokens", json={"device": device})
        if answer.is_error:
            raise DemoError(f"The control plane lets no device in: {answer.text[:200]}")
        return str(answer.json()["secret"])

    def _wait(self, part: Part, child: Child, begin: float) -> None:
        """Wait until a program is well."""
        answered = False
        while not self.stopping.wait(LOOK_EVERY):
            self._nobody_ended()
            waited = time.monotonic() - begin
            health = self._health(part.url)
            answered = answered or health is not None
            if health is not None and health.is_success:
                self.console.print(f"  ready after {waited:.1f} s: {part.url}")
                return
            if health is not None and part.sees and waited > PICTURE:
                reasons = ", ".join(health.json().get("reasons", []))
                self.console.print(f"  {part.url} is up, but not well ({reasons}); it goes on trying.")
                return
            if waited > START:
                what = "is not well" if answered else "does not answer"
                words = f"{child.last_words()}\nThese are the last words of {part.name}"
                raise DemoError(f"{words}, which {what} after {START:.0f} seconds.")

    def _health(self, url: str) -> httpx.Response | None:
        try:
            return self.client.get(f"{url}/healthz")
        except httpx.HTTPError:
            return None

    def _nobody_ended(self) -> None:
        if child := self.children.ended():
            words = f"{child.last_words()}\nThese are the last words of {child.name}"
            raise DemoError(f"{words}, which ended by itself (exit code {child.code}).")

    def watch(self, plan: Plan, seconds: float, story: Iterator[str] | None, *, ends: bool = False) -> None:
        """Show the state of every cabinet until it is time to stop.

        Args:
            plan: what plays.
            seconds: how long at most; 0 for ever.
            story: told beside it, a step each time; gives a line on where it stands.
            ends: with the story it is time to stop.

        Raises:
            DemoError: a program ended, or the story does not go as it should.
        """
        end = time.monotonic() + seconds if seconds else float("inf")
        names = {station.device: station.name for station in plan.stations}
        with Live(console=self.console, auto_refresh=False, transient=True) as live:
            turn = 0
            while (left := end - time.monotonic()) > 0 and not self.stopping.wait(min(STATUS_EVERY, left)):
                self._nobody_ended()
                lines = status(names, self._matches(plan.url))
                if story is not None and (where := self._told(story)) is not None:
                    lines["Rollout"] = where
                elif story is not None:
                    story = None
                    if ends:
                        return
                if self.console.is_terminal:
                    live.update(table(lines), refresh=True)
                elif turn % TELL_EVERY == 0:
                    for name, line in lines.items():
                        self.console.print(f"{name}: {line}", soft_wrap=True)
                turn += 1

    def _told(self, story: Iterator[str]) -> str | None:
        """Where the story stands after one more step; None when it is over."""
        try:
            return next(story, None)
        except httpx.HTTPError as error:
            self.console.print(f"The control plane does not answer ({type(error).__name__}): the story ends here.")
            return None

    def _matches(self, url: str) -> list[dict[str, Any]]:
        """The newest matches as the control plane knows them; none when it is too busy to say."""
        try:
            items: list[dict[str, Any]] = self.client.get(f"{url}/api/v1/matches", params={"limit": 20}).json()["items"]
        except (httpx.HTTPError, ValueError, KeyError):
            return []
        return items
