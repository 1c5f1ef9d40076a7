"""Scores on single pictures: the screen itself, and the screen within a larger picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from models.bundle import builtin
from models.simulate.cabinet import build
from models.simulate.screens.play import shown
from models.simulate.session import SELECT, STAGE
from vision.reader import read_still

if TYPE_CHECKING:
    from vision.frame import Image

AROUND = ("chat", "user12: gg 98%", "likes 12,340", "10:45 PM", "Published 2024-11-03", "1,204,331 subscribers")


def page(screen: Image) -> Image:
    """A browser's window with the screen in it, and the numbers that stand about on such pages."""
    paper = np.full((900, 1440, 3), 245, np.uint8)
    paper[:80] = (220, 215, 210)
    cv2.putText(paper, "stream.example/watch?v=8812345", (60, 50), 0, 0.7, (40, 40, 40), 1, cv2.LINE_AA)
    paper[110:648, 40:997] = cv2.resize(screen, (957, 538), interpolation=cv2.INTER_AREA)
    for row, text in enumerate(AROUND):
        cv2.putText(paper, text, (1020, 150 + 60 * row), 0, 0.7, (30, 30, 30), 1, cv2.LINE_AA)
    return paper


def digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


@pytest.mark.parametrize("framed", [False, True], ids=["screen", "page"])
@pytest.mark.parametrize("theme", ["plates", "crowded", "crowded-grove", "growing", "stacked", "duel", "solo"])
def test_every_score_is_found_and_no_other_number(theme: str, framed: bool) -> None:
    cabinet = build(42, theme, (1280, 720), 20.0)
    scene = cabinet.scene(SELECT + STAGE + 12.5)
    picture = cabinet.renderer.frame(scene)
    bundle = builtin("reader")
    found = read_still(page(picture) if framed else picture, bundle.network("locator"), bundle.network("line"))
    wanted = [shown(scene.match.sides[player], scene.t, scene.match.roll) for player in cabinet.theme.dancing]
    assert sorted(number.value for number in found) == sorted(wanted)
    assert all(digits(number.text).endswith(str(number.value)) for number in found)
