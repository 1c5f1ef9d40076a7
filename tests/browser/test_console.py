"""The console's stories, on a control plane in this process and devices that the test plays."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from contract.ids import MatchId
from contract.messages import MatchFinished, MatchStarted
from control_plane.broker import mosquitto
from tests.browser.conftest import serious
from tests.browser.plane import READER, SITES, many, play, progress, sign_in, telemetry, trouble
from tests.browser.show import LENGTH, LONG, scores
from tests.cloud_fakes import FakeDevice, control_plane, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx
    from playwright.sync_api import Page

    Open = Callable[..., Page]
    Shoot = Callable[..., None]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with mosquitto(tmp_path_factory.mktemp("broker")) as address:
        yield address


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="module")
def cloud(broker: tuple[str, int], data: Path) -> Iterator[httpx.Client]:
    with control_plane(data, broker) as client:
        yield client


@pytest.fixture
def device(broker: tuple[str, int], cloud: httpx.Client, request: pytest.FixtureRequest) -> Iterator[FakeDevice]:
    made = FakeDevice(broker, request.node.name.replace("_", "-")[5:50].strip("-"))
    made.report(READER, name="Left of the bar")
    telemetry(made)
    eventually(lambda: cloud.get(f"/api/v1/devices/{made.id}").status_code == 200, "the device")
    yield made
    made.close()


def test_ten_thousand_devices_are_looked_through_as_one(
    cloud: httpx.Client, data: Path, page: Open, shoot: Shoot, figure: Callable[[str, float, str], None]
) -> None:
    many(data, 10_000)
    here = page(1440, 900)
    sign_in(here, cloud)
    here.get_by_text("1 to 100 of 10,0").wait_for()
    shoot(here, "console-fleet", readme=True)
    assert serious(here) == []
    began = time.monotonic()
    here.get_by_label("Search").fill("0777")
    here.get_by_text("1 to 11 of 11,").wait_for()
    figure("console, from typing to the filtered list of 10,000 devices", (time.monotonic() - began) * 1000, "ms")
    here.get_by_label("Search").fill("")
    here.get_by_role("button", name=SITES[3]).click()
    here.get_by_text("of 2,000,").wait_for()
    here.get_by_label("Status").select_option("offline")
    here.wait_for_url("**/?site=*&status=offline")
    offline = here.locator("tbody tr.offline")
    offline.first.wait_for()
    here.get_by_role("button", name="On", exact=True).click()
    here.get_by_text("101 to").wait_for()
    assert offline.count() == here.locator("section:nth-of-type(2) tbody tr").count() > 10
    here.reload()  # the address says what was looked for
    here.get_by_text("101 to").wait_for()
    assert here.evaluate("document.querySelectorAll('*').length") < 3000  # however many devices there are


def test_a_match_is_watched_to_its_end_and_once_more(
    cloud: httpx.Client, device: FakeDevice, page: Open, shoot: Shoot
) -> None:
    here = page(1440, 900)
    match = MatchId.mint()
    device.tell(MatchStarted(match_id=match, t=0.0, digits=7))
    t = 0.8
    while t < 40:
        device.tell(progress(match, t))
        t += 0.8
    sign_in(here, cloud, "/live")
    card = here.locator("a.card").first
    card.wait_for()
    here.get_by_text(re.compile(r"^Player 1 \d\d%$")).wait_for()
    assert serious(here) == []
    shoot(here, "console-live")
    card.click()
    here.get_by_role("heading", name="Who will win, over time").wait_for()
    while t < LENGTH:
        device.tell(progress(match, t))
        t += 0.8
    p1, p2 = scores(LENGTH)
    device.tell(MatchFinished(match_id=match, t=LENGTH, p1_final=p1, p2_final=p2, winner=2))
    here.get_by_text("Player 2 wins").wait_for()
    here.get_by_label("Place in the song").fill("44")
    assert "Player 1 led by 8,709 with 46% of the score decided" in here.locator(".why").inner_text()
    here.get_by_role("button", name="Replay").click()
    here.locator(".replay .soft", has_text="0:5").wait_for()
    here.get_by_role("button", name="Stop").click()
    shoot(here, "console-match")
    assert serious(here) == []
    here.goto(f"{cloud.base_url}/matches?q={device.id}")
    here.get_by_text("1 to 1 of 1").wait_for()
    shoot(here, "console-matches")
    assert serious(here) == []


def test_a_device_is_looked_after(cloud: httpx.Client, device: FakeDevice, page: Open, shoot: Shoot) -> None:
    play(device)
    here = page(1440, 1200)
    sign_in(here, cloud, f"/devices/{device.id}")
    here.get_by_text("online, since").wait_for()
    here.get_by_label("Player 1").fill("Mika")
    here.get_by_label("Player 2").fill("Noor")
    here.get_by_role("button", name="Set").click()
    here.get_by_text("The device has not answered yet.").wait_for()
    wish = eventually(lambda: device.desired and device.desired[-1].settings, "the wish")
    assert wish.values.players == ("Mika", "Noor")
    here.get_by_role("button", name="Let it show itself").click()
    here.get_by_text("Its own page says its name").wait_for()
    for fps in (30, 28, 12):
        telemetry(device, fps=fps)
        here.locator(".trends b", has_text=f"{fps}.0").wait_for()
    shoot(here, "console-device")
    assert serious(here) == []
    trouble(device)
    here.get_by_text("degraded, since").wait_for()
    device.vanish()
    here.get_by_text("What follows is the last that was heard").wait_for()


def test_names_of_any_length_keep_to_their_place(
    cloud: httpx.Client, device: FakeDevice, page: Open, shoot: Shoot
) -> None:
    device.report(READER, name=" ".join(LONG) + "x" * 80)
    play(device, 30, finish=False)
    here = page(1440, 800)
    sign_in(here, cloud, f"/?q={device.id}")
    here.get_by_text("1 to 1 of 1").wait_for()
    for path in (f"/?q={device.id}", "/live", f"/devices/{device.id}", f"/matches?q={device.id}"):
        here.goto(f"{cloud.base_url}{path}")
        here.get_by_text(LONG[0]).first.wait_for()
        assert here.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        hidden = "[...document.querySelectorAll('.table')].filter((each) => each.scrollWidth > each.clientWidth).length"
        assert here.evaluate(hidden) == 0, path
        shoot(here, f"console-long{path.split('?')[0].replace('/', '-')}"[:30])


def test_what_is_old_says_so_on_every_page(broker: tuple[str, int], tmp_path: Path, page: Open, shoot: Shoot) -> None:
    here = page(1440, 900)
    with control_plane(tmp_path, broker, client_id="another") as cloud:
        sign_in(here, cloud)
        here.get_by_text("live", exact=True).wait_for()
    here.get_by_text("The connection to the control plane is lost. What you see is from").wait_for()
    shoot(here, "console-old")
    assert serious(here) == []


def test_people_and_what_they_did(cloud: httpx.Client, page: Open, shoot: Shoot) -> None:
    here = page(1440, 900)
    sign_in(here, cloud, "/users")
    here.get_by_label("Name").fill("grace")
    here.get_by_label("Role", exact=True).select_option("viewer")
    here.get_by_role("button", name="Let somebody in").click()
    row = here.locator("tr", has_text="grace").first
    row.get_by_role("button", name="New token").click()
    here.get_by_text("It is shown this once").wait_for()
    secret = here.locator(".panel code").inner_text()
    assert secret not in here.url
    assert serious(here) == []

    hers = page(1280, 800)
    hers.goto(f"{cloud.base_url}/")
    hers.get_by_label("Token").fill(secret)
    hers.get_by_role("button", name="Sign in").click()
    hers.wait_for_selector("nav a")
    assert hers.locator("nav a").all_inner_texts() == ["Fleet", "Live", "Matches", "Models", "Rollouts"]
    hers.goto(f"{cloud.base_url}/users")
    hers.get_by_text("this needs admin").wait_for()

    row.get_by_role("button", name="Shut out").click()
    here.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    here.get_by_text("grace is shut out.").wait_for()
    hers.goto(f"{cloud.base_url}/matches")
    hers.wait_for_url("**/sign-in*")
    here.goto(f"{cloud.base_url}/audit?operator=admin&action=change")
    here.get_by_text("change operator").first.wait_for()
    shoot(here, "console-audit")
    assert serious(here) == []
    here.get_by_role("button", name="Sign out").click()
    here.wait_for_url("**/sign-in")
    assert serious(here) == []


@pytest.mark.parametrize("path", ["/models", "/accept", "/matches", "/live"])
def test_pages_with_nothing_on_them_say_so(broker: tuple[str, int], tmp_path: Path, page: Open, path: str) -> None:
    here = page(390, 844)
    with control_plane(tmp_path, broker, client_id="empty") as cloud:
        sign_in(here, cloud, path)
        here.locator(".empty:visible").first.wait_for()
        assert serious(here) == []
        assert here.evaluate("document.documentElement.scrollWidth <= innerWidth")
