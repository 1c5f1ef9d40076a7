"""Layouts that were found before: kept by the size of the picture, named for people, and tried first.

A known layout only saves the seconds of finding it again. It is believed once numbers of its lengths stand in all its
places, and gives way to what is found by how numbers move, as any layout does that is not proven yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from game.reading import ScoreUnit
from vision.geometry import TextLine
from vision.layout import Display, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vision.frame import Image
    from vision.layout import Number

TOP, BOTTOM = 1 / 3, 2 / 3  # of the picture's height
STRAY = 0.3  # digit heights by which a digit may be off its place
SHAPE = 0.01  # by which the shapes of two pictures may differ, width over height


@dataclass(frozen=True, slots=True)
class KnownLayout:
    """A layout on a picture of `width` by `height` pixels."""

    width: int
    height: int
    layout: Layout

    @property
    def name(self) -> str:
        """What people call it, such as `side by side at the top, 9 digits`."""
        displays = [d for d in (self.layout.p1, self.layout.p2) if d is not None]
        middle = sum(d.line.middle for d in displays) / len(displays) / self.height
        where = "at the top" if middle < TOP else "at the bottom" if middle > BOTTOM else "in the middle"
        percent = self.layout.unit is ScoreUnit.PERCENT
        what = "percent" if percent else f"{max(len(d.cells) for d in displays)} digits"
        return f"{self._arranged()} {where}, {what}"

    def _arranged(self) -> str:
        one, two = self.layout.p1, self.layout.p2
        if one is None or two is None:
            return "player 2 alone" if one is None else "player 1 alone"
        apart = abs(one.line.middle - two.line.middle) > (one.line.height + two.line.height) / 2
        return "one above the other" if apart else "side by side"

    def among(self, seen: Sequence[Number], image: Image) -> Layout | None:
        """The layout on a picture (h, w, 3) of its shape, when numbers stand in all its displays; else None."""
        high, wide = image.shape[:2]
        if abs(wide / high - self.width / self.height) > SHAPE:
            return None
        here = self.layout.moved(np.diag([wide / self.width, high / self.height, 1.0]))
        displays = [d for d in (here.p1, here.p2) if d is not None]
        return here if all(any(_shows(display, number) for number in seen) for display in displays) else None

    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "name": self.name,
            "width": self.width,
            "height": self.height,
            "p1": _plain(self.layout.p1),
            "p2": _plain(self.layout.p2),
        }


def known(image: Image, layout: Layout | None) -> KnownLayout | None:
    """What is worth keeping of a layout on a picture (h, w, 3): displays that stay where they are, seen straight on."""
    if layout is None or layout.leans or (layout.p1 is None and layout.p2 is None):
        return None
    if any(display is not None and display.grows for display in (layout.p1, layout.p2)):
        return None
    return KnownLayout(image.shape[1], image.shape[0], layout)


def _shows(display: Display, number: Number) -> bool:
    """Whether a number stands in a display, digit on digit."""
    if number.unit is not display.unit or len(number.cells) != len(display.cells):
        return False
    stray = STRAY * display.line.height
    return number.line.near(display.line) and bool(np.allclose(number.cells, display.cells, rtol=0.0, atol=stray))


def from_plain(fields: Mapping[str, Any]) -> KnownLayout:
    """The other way from `KnownLayout.plain`.

    Raises:
        ValueError: these are not the fields of a layout.
    """
    try:
        layout = Layout(_display(fields["p1"]), _display(fields["p2"]))
        found = KnownLayout(int(fields["width"]), int(fields["height"]), layout)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a layout: {error}") from error
    if min(found.width, found.height) <= 0 or (layout.p1 is None and layout.p2 is None):
        raise ValueError("not a layout: nothing is anywhere")
    return found


def _plain(display: Display | None) -> dict[str, Any] | None:
    if display is None:
        return None
    line = display.line
    return {
        "left": line.left,
        "right": line.right,
        "middle": line.middle,
        "height": line.height,
        "cells": list(display.cells),
        "unit": display.unit.value,
    }


def _display(fields: Mapping[str, Any] | None) -> Display | None:
    if fields is None:
        return None
    left, right, middle, height = (float(fields[name]) for name in ("left", "right", "middle", "height"))
    cells = tuple(float(x) for x in fields["cells"])
    if not (np.isfinite([left, right, middle, height, *cells]).all() and left < right and height > 0 and cells):
        raise ValueError("not a layout: a display without a place")
    return replace(Display(TextLine(left, right, middle, height), cells), unit=ScoreUnit(fields["unit"]))
