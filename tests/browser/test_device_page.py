from __future__ import annotations

import io
import socket
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from edge_agent.capture.live import CaptureState, CaptureStatus
from tests.browser.conftest import serious, until
from tests.browser.show import LENGTH, LONG, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.show import Show

    Open = Callable[..., Page]
    Shoot = Callable[..., None]

pytestmark = pytest.mark.slow


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    with shown(tmp_path) as show:
        yield show


def phase(page: Page, name: str) -> None:
    page.wait_for_selector(f'body[data-phase="{name}"]')


def test_a_match_from_the_first_step_to_the_story_it_made(show: Show, page: Open, shoot: Shoot) -> None:
    show.yesterday()
    show.board.tell(join="http://192.168.1.23:8080")
    here = page()
    here.goto(show.url)
    assert here.locator(".best li").count() == 3
    until(here, "document.querySelector('#join-qr').naturalWidth > 0")
    shoot(here, "device-idle")
    assert serious(here) == []

    show.begin()
    show.play(14)
    phase(here, "match")
    here.get_by_text("Too close to call").wait_for()
    assert here.locator("#p1 .name").inner_text() == "Mika"
    assert here.locator("#lead").inner_text().split() == ["LEAD", "2,691"]
    show.play(45, 14.4)
    here.get_by_text("Mika to win").wait_for()
    assert "ends at" in here.locator("#p2 .end").inner_text()
    assert here.locator("#p2 .grade").inner_text() == "AA"
    show.play(82, 45.2)
    here.get_by_text("Noor to win").wait_for()
    assert here.locator("#ticker .what").text_content() == "Noor has it all but won"
    here.wait_for_timeout(700)
    shoot(here, "device-match", readme=True)
    assert serious(here) == []

    show.play(LENGTH - 0.2, 82.4)
    show.finish()
    phase(here, "result")
    assert here.locator("#won").inner_text() == "Noor"
    told = here.locator("#told li").all_inner_texts()
    assert told[0] == "Noor came back from a chance of 12 % at 0:32."
    assert told[1].startswith("The lead changed hands once, at 1:1")
    here.wait_for_timeout(300)
    shoot(here, "device-result", readme=True)
    assert serious(here) == []


def test_what_is_old_says_so_and_comes_back_by_itself(page: Open, tmp_path: Path, shoot: Shoot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    here = page()
    with shown(tmp_path, port) as show:
        here.goto(show.url)
        show.begin()
        show.play(40)
        phase(here, "match")
        show.board.picture(CaptureStatus(CaptureState.LOST, "/dev/video0 was unplugged", 0.0, 5, 0, 1))
        here.get_by_text("No picture", exact=True).wait_for()
        assert "/dev/video0 was unplugged" in here.locator("#tape").inner_text()
        shoot(here, "device-old")
        assert serious(here) == []
    here.get_by_text("Not live").wait_for()
    assert "What you see is from" in here.locator("#tape").inner_text()
    with shown(tmp_path, port):
        here.locator("#tape").wait_for(state="hidden", timeout=20_000)
        phase(here, "idle")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920), (390, 844), (1280, 720)])
def test_names_of_any_length_keep_to_their_place(show: Show, page: Open, shoot: Shoot, width: int, height: int) -> None:
    show.board.tell(players=LONG, device="The cabinet behind the pillar by the stairs to the roof, on the second floor")
    here = page(width, height)
    here.goto(show.url)
    show.begin(digits=9)
    show.play(60)
    phase(here, "match")
    here.wait_for_timeout(400)
    shoot(here, f"device-long-{width}x{height}")
    spilt = """[...document.querySelectorAll('#match *')].filter((node) => {
        const box = node.getBoundingClientRect();
        return box.width && (box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
    }).map((node) => node.className)"""
    assert here.evaluate(spilt) == []
    one, two = (here.locator(f"#p{player} .score").bounding_box() for player in (1, 2))
    assert one
    assert two
    assert one["x"] + one["width"] <= two["x"]
    did = here.locator("#ticker .what span")
    assert did.inner_text().strip() == "fights back"
    assert did.evaluate("(node) => node.getBoundingClientRect().right <= innerWidth")
    show.play(LENGTH, 60.4)
    show.finish()
    phase(here, "result")
    assert here.locator("#won").evaluate("(node) => node.getBoundingClientRect().right <= innerWidth")


def test_over_a_stream_all_but_the_scores_is_transparent(show: Show, page: Open, shoot: Shoot) -> None:
    here = page()
    here.goto(f"{show.url}/?overlay=1")

    def opaque() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        picture = Image.open(io.BytesIO(here.screenshot(omit_background=True)))
        return np.asarray(picture.convert("RGBA"))[..., 3] > 0

    here.wait_for_timeout(300)
    assert not opaque().any()  # between two songs there is nothing to show
    show.begin()
    show.play(60)
    phase(here, "match")
    here.wait_for_timeout(400)
    covered = opaque()
    assert not covered[:720].any()
    assert covered[800:].any()
    shoot(here, "device-overlay", readme=True)


def test_set_up_shows_what_is_seen_and_is_done_with_one_tap(show: Show, page: Open, shoot: Shoot) -> None:
    show.camera()
    here = page()
    here.goto(f"{show.url}/?setup=1")
    here.get_by_text("both displays found").wait_for()
    until(here, "document.querySelector('#picture').naturalWidth === 1280")
    assert here.locator("#outlines polygon").count() == 2
    assert here.locator(".found small").all_inner_texts() == ["99 % sure · 7 digits", "94 % sure · 7 digits"]
    assert serious(here) == []
    shoot(here, "device-setup")
    here.get_by_role("button", name="That is right").click()
    here.locator("#setup").wait_for(state="hidden")
    here.mouse.move(200, 200)
    here.get_by_role("button", name="Set up").click()
    here.get_by_text("Accepted on").wait_for()


def test_whoever_wants_no_motion_gets_none(show: Show, page: Open) -> None:
    here = page(reduced_motion="reduce")
    here.goto(show.url)
    assert here.locator(".arrows svg").first.evaluate("(node) => getComputedStyle(node).animationName") == "none"


def test_how_soon_it_is_painted_and_how_soon_a_prediction_is_seen(
    show: Show, page: Open, figure: Callable[[str, float, str], None]
) -> None:
    here = page()
    paints = []
    for _ in range(5):
        here.goto(show.url)
        until(here, "performance.getEntriesByName('first-contentful-paint').length > 0")
        paints.append(here.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    show.begin()
    phase(here, "match")
    delays = []
    for n in range(1, 26):
        show.at(n * 0.4)
        time.sleep(0.2)
        delays.append(float(here.evaluate("document.body.dataset.delay")))
    figure("device page, first paint, median of 5", statistics.median(paints), "ms")
    figure("device page, from prediction to screen, median of 25", statistics.median(delays), "ms")
    figure("device page, from prediction to screen, slowest of 25", max(delays), "ms")
    assert len(set(delays)) > 1  # it was measured anew each time
