"""A real browser: Debian's chromium, driven by Playwright, which brings none of its own."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
)  # fmt: skip

SHOTS = Path(".state") / "shots"
WIDE, COLOURS = 1200, 128  # of the README's pictures


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="`make test-browser` installs it")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium here: sudo apt install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a window of a size; what a page's script reports as an error fails the test."""
    contexts, errors = [], list[str]()

    def opened(width: int = 1920, height: int = 1080, **more: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        made = context.new_page()
        made.on("pageerror", lambda error: errors.append(str(error)))
        return made

    yield opened
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def shoot() -> Callable[..., None]:
    """Takes a picture of a page into .state/shots; of those for the README, small ones also into KUBEDDR_SHOTS."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    kept = os.environ.get("KUBEDDR_SHOTS")

    def take(page: Page, name: str, *, readme: bool = False) -> None:
        path = SHOTS / f"{name}.png"
        page.screenshot(path=path)
        if kept and readme:
            picture = Image.open(path).convert("RGB")
            small = picture.resize((WIDE, round(picture.height * WIDE / picture.width)), Image.Resampling.LANCZOS)
            small.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                Path(kept) / f"{name}.png", optimize=True
            )

    return take


def until(page: Page, expression: str, seconds: float = 30.0) -> None:
    """Wait for something to be true on a page, asked from outside: its policy lets nothing be evaluated inside."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"not within {seconds:g} seconds: {expression}"
        page.wait_for_timeout(50)


def serious(page: Page) -> list[str]:
    """What axe finds on the page that is serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']} ({each['nodes'][0]['html'][:120]})"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, float, str], None]:
    """Tells a figure at the end of the run; what a busy machine measures fails nobody."""

    def tell(name: str, value: float, unit: str) -> None:
        request.config.stash.setdefault(FIGURES, []).append(f"{name}: {value:.0f} {unit}")

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(line)
