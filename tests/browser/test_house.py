"""The whole house in a browser: a device that is let in, and one whose show goes on without a control plane."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kubeddr.demo_plan import free_ports
from tests.browser.conftest import serious, until
from tests.browser.plane import sign_in
from tests.device_broker import MOSQUITTO
from tests.e2e_stage import HOST, PATIENCE, Stage, film

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed"),
]
LONG = PATIENCE * 1000  # milliseconds


def test_a_device_is_let_in_and_shows_matches_with_and_without_the_control_plane(
    tmp_path: Path, page: Callable[..., Page], shoot: Callable[..., None]
) -> None:
    clip = film(tmp_path / "match.mp4", song=25.0)
    with Stage(tmp_path) as stage:
        (port,) = free_ports(1)
        words = {
            "--source": str(clip.path),
            "--device": "left-of-the-bar",
            "--name": "Left of the bar",
            "--url": stage.url,
            "--port": str(port),
            "--data": str(tmp_path / "device"),
        }
        agent = stage.children.start("agent", "agent", ("agent", *(word for pair in words.items() for word in pair)))
        stage.until_well(agent, f"http://{HOST}:{port}/")
        kiosk = page(1280, 720)
        kiosk.goto(f"http://{HOST}:{port}")
        code = kiosk.locator("#claim-code")
        code.filter(has_text=re.compile(r"^\w{4}-\w{4}-\w{4}$")).wait_for(timeout=LONG)
        shoot(kiosk, "device-waits")

        # a person compares the codes and lets the device in
        console = page(1280, 800)
        sign_in(console, stage.url, "/accept")
        console.get_by_role("heading", name=code.inner_text()).wait_for()
        assert serious(console) == []
        console.get_by_role("button", name="Let it in", exact=True).click()
        console.get_by_text("left-of-the-bar is let in.").wait_for()
        kiosk.locator("#claim").wait_for(state="hidden", timeout=LONG)
        kiosk.locator("#link", has_text="connected").wait_for(timeout=LONG)
        console.goto(stage.url)
        console.get_by_role("link", name="Left of the bar").click()
        console.get_by_text("online, since").wait_for(timeout=LONG)

        # a match runs on the device's page, and on the console's
        kiosk.wait_for_selector('body[data-phase="match"]', timeout=LONG)
        console.locator("a.card").wait_for(timeout=LONG)

        # it shows what it sees when it is asked
        console.get_by_role("button", name="Ask for its picture and log").click()
        console.get_by_text("As of").wait_for(timeout=LONG)
        until(console, "document.querySelector('.look img').naturalWidth > 300", PATIENCE)
        console.get_by_text("Its log").click()
        console.locator(".look pre", has_text="match started").wait_for()
        assert serious(console) == []
        shoot(console, "console-look")

        # the control plane dies: the console says that what it shows is old, the show goes on
        stage.kill()
        console.get_by_text("The connection to the control plane is lost.").wait_for(timeout=LONG)
        kiosk.locator("#link", has_text="offline, goes on alone").wait_for(timeout=LONG)
        assert kiosk.locator("#tape").is_hidden()
        shown = kiosk.locator("#p1 .score").inner_text()
        until(kiosk, f"document.querySelector('#p1 .score').innerText !== {shown!r}", PATIENCE)
        kiosk.wait_for_selector('body[data-phase="result"]', timeout=LONG)
        assert kiosk.locator("#won").inner_text() in {"Player 1", "Player 2"}
        finals = [kiosk.locator(f"#final{player} .score").inner_text().replace(",", "") for player in (1, 2)]
        assert [int(final) for final in finals] == list(clip.finals[:2])

        # and everything finds together again, with what was played meanwhile
        stage.start()
        kiosk.locator("#link", has_text="connected").wait_for(timeout=LONG)
        console.locator("#banner").wait_for(state="hidden", timeout=LONG)
        console.goto(f"{stage.url}/matches?state=finished")
        console.get_by_text(f"{clip.finals[0]:,}").first.wait_for(timeout=LONG)
