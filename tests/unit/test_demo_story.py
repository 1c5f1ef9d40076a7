"""The demo's story with a control plane that only pretends: it tells what happened, whatever that was."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from rich.console import Console

from control_plane.domain.rollout_plan import read
from kubeddr.demo_plan import plan
from kubeddr.demo_stage import DemoError
from kubeddr.demo_story import SIMULATED, Story
from kubeddr.processes import Children

if TYPE_CHECKING:
    from pathlib import Path


class Plane:
    """Rollouts end at the second look, as they are told to."""

    def __init__(self, ends: dict[str, str], runs: str = "0") -> None:
        self.ends, self.runs = ends, runs
        self.looks: dict[str, int] = {}
        self.plans: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path.split("/")[3:]:
            case ["devices"]:
                active = {"name": "winner", "version": self.runs, "challenger": None}
                items = [{"id": "simulated-00001", "models": [active]}]
                return httpx.Response(200, json={"total": SIMULATED + 2, "items": items})
            case ["matches"]:
                return httpx.Response(200, json={"total": 2, "items": []})
            case ["models"]:
                version = "worse" if len(request.content) % 2 else "good"
                return httpx.Response(201, json={"name": "winner", "version": version})
            case ["rollouts"]:
                self.plans.append(read(json.loads(request.content)["file"]))
                return httpx.Response(201, json=self.detail(self.plans[-1].rollout))
            case ["rollouts", name]:
                return httpx.Response(200, json=self.detail(name))
        return httpx.Response(404, json={"detail": "no such thing"})

    def detail(self, name: str) -> dict[str, Any]:
        look = self.looks[name] = self.looks.get(name, 0) + 1
        ended = look > 1
        rollout = {
            "name": name,
            "stage": "ended" if ended else "canary",
            "outcome": self.ends[name] if ended else "open",
            "paused": False,
            "waits": "",
            "wave": 0,
            "judged": None,
        }
        action = self.ends[name] if ended else "created"
        decision = {
            "time": "2026-03-02T12:00:00+00:00",
            "action": action,
            "reason": "",
            "by": "the rollout",
            "numbers": {},
        }
        return {"rollout": rollout, "decisions": [decision] * look}


def tell(plane: Plane, folder: Path, monkeypatch: pytest.MonkeyPatch, *, bad_only: bool = False) -> str:
    monkeypatch.setattr(Children, "start", lambda *_: None)
    monkeypatch.setattr(Story, "_models", lambda _: ("winner 0", "winner 0-good", "winner 0-worse"))
    out = io.StringIO()
    with httpx.Client(transport=httpx.MockTransport(plane)) as client:
        story = Story(Console(file=out, width=200), client, Children(folder), plan(folder, ""), bad_only)
        assert list(story.tell())
    return out.getvalue()


ENDS = {"good-model": "succeeded", "bad-model": "aborted"}


def test_a_good_one_goes_out_and_a_worse_one_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = Plane(ENDS)
    said = tell(plane, tmp_path, monkeypatch)
    assert said.index("succeeded") < said.index("Now a model that is whole") < said.index("Caught and undone by itself")
    assert [made.champion for made in plane.plans] == ["winner 0", "winner 0-good"]


def test_the_worse_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = Plane(ENDS)
    assert "succeeded" not in tell(plane, tmp_path, monkeypatch, bad_only=True)
    assert [made.rollout for made in plane.plans] == ["bad-model"]


@pytest.mark.parametrize(
    ("ends", "runs", "words"),
    [
        ({"bad-model": "inconclusive"}, "0", "was to end aborted, and has ended inconclusive"),
        ({"bad-model": "succeeded"}, "0", "was to end aborted, and has ended succeeded"),
        ({"bad-model": "aborted"}, "0-worse", "and yet simulated-00001 runs it"),
    ],
)
def test_it_does_not_tell_of_what_did_not_happen(
    ends: dict[str, str], runs: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DemoError, match=words):
        tell(Plane(ends, runs), tmp_path, monkeypatch, bad_only=True)
