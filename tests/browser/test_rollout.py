"""A better model goes out, and a worse one is stopped; devices are played by the test."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from contract.ids import MatchId
from contract.messages import (
    ActiveModel,
    Contender,
    ModelCompared,
    ModelKind,
    ModelPhase,
    ModelUpdate,
    Reported,
)
from contract.topics import Channel
from control_plane.broker import mosquitto
from tests.browser.conftest import serious
from tests.browser.plane import sign_in
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import FakeDevice, control_plane, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx
    from playwright.sync_api import Page

    from contract.ids import Sha256
    from contract.messages import Desired, ModelAssignment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FILE = """\
rollout: {name}
model: winner {model}
champion: winner 1.0.0
canary: 6
gate: {{metric: log_loss, margin: 0.05, least: 4, matches: 40}}
waves: [3, 100%]
success: 80%
errors: 20%
"""


class Player:
    """A device that obeys its document, and plays a match with both models whenever it is told to."""

    def __init__(self, broker: tuple[str, int], name: str, worse: dict[Sha256, float]) -> None:
        self.device, self.worse = FakeDevice(broker, name), worse
        self.chance = random.Random(name)  # noqa: S311 - the same fleet every time
        self.runs: Sha256 | None = None
        self.version = 0
        self.update: ModelUpdate | None = None

    def turn(self) -> None:
        wish = self.device.desired[-1] if self.device.desired else None
        if wish is not None and wish.version != self.version:
            self.version = wish.version
            self._obey(wish)
        shadow = wish.shadows[0] if wish and wish.shadows else None
        active = ActiveModel(
            kind=ModelKind.WINNER,
            name="winner",
            version="1.0.0",
            sha256=self.runs,
            update=self.update,
            challenger=_update(shadow, ModelPhase.SHADOWING) if shadow else None,
        )
        said = Reported(
            boot_id=self.device.boot, time=datetime.now(UTC), desired_version=self.version, models=(active,)
        )
        self.device.send(Channel.REPORTED, said)
        if shadow is not None:
            self.device.tell(self._compared(shadow))

    def _obey(self, wish: Desired) -> None:
        for model in wish.models:
            self.runs, self.update = model.sha256, _update(model, ModelPhase.COMMITTED)

    def _compared(self, shadow: ModelAssignment) -> ModelCompared:
        loss = 0.4 + self.chance.gauss(0, 0.2) ** 2
        other = max(0.0, loss + self.worse[shadow.sha256] + self.chance.gauss(0, 0.02))
        return ModelCompared(
            match_id=MatchId.mint(),
            model_kind=ModelKind.WINNER,
            phase=ModelPhase.SHADOWING,
            champion=Contender(name="winner", version="1.0.0", sha256=self.runs, predictions=90, log_loss=loss),
            challenger=Contender(
                name="winner", version=shadow.version, sha256=shadow.sha256, predictions=90, log_loss=other
            ),
            rollout=shadow.rollout,
            winner=1,
        )


def _update(model: ModelAssignment, phase: ModelPhase) -> ModelUpdate:
    return ModelUpdate(name=model.name, version=model.version, sha256=model.sha256, phase=phase, asked=model.asked)


def push(cloud: httpx.Client, version: str) -> Sha256:
    body = bundle_bytes("winner", version, version.encode() * 300, kind="winner")
    answer = cloud.post("/api/v1/models", content=body)
    assert answer.status_code == 201, answer.text
    sha256: Sha256 = answer.json()["sha256"]
    return sha256


def test_a_worse_model_is_stopped_and_a_good_one_goes_through(
    tmp_path: Path, page: Callable[..., Page], shoot: Callable[..., None]
) -> None:
    with mosquitto(tmp_path / "broker") as broker, control_plane(tmp_path / "cloud", broker) as cloud:
        worse = {push(cloud, "1.0.0"): 0.0, push(cloud, "2.0.0"): 0.2, push(cloud, "3.0.0"): -0.02}
        fleet = [Player(broker, f"cabinet-{number}", worse) for number in range(8)]
        for each in fleet:
            each.turn()
        eventually(lambda: cloud.get("/api/v1/devices").json()["total"] == len(fleet), "the fleet")
        over = threading.Event()

        def evening() -> None:
            while not over.wait(0.3):
                for each in fleet:
                    each.turn()

        playing = threading.Thread(target=evening, daemon=True)
        playing.start()
        here = page(1440, 1300)
        sign_in(here, cloud, "/rollouts")
        here.get_by_text("Begin a rollout").click()
        here.get_by_label("The rollout's file").fill(FILE.format(name="winner-2", model="2.0.0"))
        here.get_by_role("button", name="What would it come to?").click()
        here.get_by_text("winner 2.0.0 instead of winner 1.0.0, on 8 devices").wait_for()
        assert serious(here) == []
        here.get_by_role("button", name="Begin", exact=True).click()
        here.get_by_text("the new model is worse by").wait_for(timeout=60_000)
        here.locator(".sub .tag.aborted").wait_for(timeout=60_000)
        here.get_by_text("even the lower bound is above the margin").first.wait_for()
        assert here.locator(".gate .band").count() == 1
        assert serious(here) == []
        shoot(here, "console-rollout", readme=True)

        here.goto(f"{cloud.base_url}/rollouts")
        here.get_by_text("Begin a rollout").click()
        here.get_by_label("The rollout's file").fill(FILE.format(name="winner-3", model="3.0.0"))
        here.get_by_role("button", name="Begin", exact=True).click()
        here.get_by_role("button", name="Pause").click()
        here.locator(".sub .tag.paused").wait_for()
        here.get_by_role("button", name="Go on").click()
        here.locator(".sub .tag.succeeded").wait_for(timeout=60_000)
        over.set()
        playing.join()
        here.goto(f"{cloud.base_url}/rollouts")
        here.locator("tbody .tag").first.wait_for()
        assert here.locator("tbody .tag").all_inner_texts() == ["succeeded", "aborted"]
        shoot(here, "console-rollouts")
        for each in fleet:
            each.device.close()
        look_at_the_models(here, cloud, shoot)


def look_at_the_models(here: Page, cloud: httpx.Client, shoot: Callable[..., None]) -> None:
    here.goto(f"{cloud.base_url}/models")
    here.get_by_text("1 to 3 of 3").wait_for()
    assert serious(here) == []
    here.get_by_label("Search").fill("3.0.0")
    here.get_by_text("1 to 1 of 1").wait_for()
    here.get_by_role("link", name="winner 3.0.0").click()
    here.get_by_label("Stage").select_option("production")
    here.get_by_role("button", name="Bring to this stage").click()
    here.get_by_text("From candidate a model goes to").wait_for()
    here.get_by_label("Alias").fill("champion")
    here.get_by_role("button", name="Call it so").click()
    here.get_by_text("called champion").wait_for()
    assert serious(here) == []
    shoot(here, "console-model")
    here.get_by_label("Compare", exact=True).fill("winner:1.0.0")
    here.get_by_label("with", exact=True).fill("winner@champion")
    here.get_by_role("button", name="Compare").click()
    here.locator("td", has_text="version").first.wait_for()
    assert serious(here) == []
