"""Pads out of what was found: which panel is which, and where every point of the picture lies on the pad.

A pad is three by three cells. The homography from cells to the picture is first guessed from two panels and the middle
of the pad, for all ways in which two panels may lie, and then fitted to the boxes of all of them. The camera stands
behind or above the dancers: forward is upwards in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.geometry import Box
from vision.pad.plan import CELLS, NAMES, PLANS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.frame import Floats
    from vision.pad.decode import Found

LEAST_PANELS: Final = 3
HIDDEN: Final = 2  # panels of a pad that need not be seen
BELIEVED: Final = (0.7, 0.56)  # least probability of a pad and mean one of its panels
FEW_BELIEVED: Final = (0.8, 0.7)  # the same where only three panels are seen
OFF: Final = 0.3  # cells that a panel's middle may be off its cell's
TURN, LEAN = 0.85, 1.25  # radians by which a row and a column of a pad may be off the level and the upright
TURNED: Final = 1.2  # what each of them weighs, in panels: of two ways to see a pad the straighter one is right
SIZE: Final = (0.5, 1.35)  # of a panel's box, shares of what its cell takes
USUAL: Final = 0.88
UNTOLD: Final = 0.7  # what a panel weighs that lies in no cell
RIM: Final = 0.7  # overlap that a wide rim leaves; more of it tells nothing
FITS: Final = 0.45  # overlap of the pad's box with that of its cells
ROUNDS: Final = 8  # of fitting
HALF: Final = 0.5
NEAR: Final = 0.1  # of the pad's box: a panel as near its middle may be the one in the middle
AROUND: Final = 1.5  # cells from the middle to the edge
CORNERS: Final = np.array([[-1.0, 1.0], [1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
_ALL: Final = np.array(list(CELLS.values()), float)


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of a pad.

    Attributes:
        name: see `plan.CELLS`.
        box: pixels.
        lit: probability that it shines.
        confidence: probability that it was seen; 0 where only the others tell that it is there.
    """

    name: str
    box: Box
    lit: float
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Pad:
    """A pad with its panels.

    Attributes:
        box: pixels.
        cells: homography (3, 3) from cells (to the right, forward) to pixels.
    """

    box: Box
    panels: tuple[Panel, ...]
    confidence: float
    cells: Floats = field(repr=False)

    def place(self, pixel: tuple[float, float]) -> tuple[float, float]:
        """Where on the pad a pixel of the floor is, in cells from the middle."""
        x, y, w = np.linalg.inv(self.cells) @ [*pixel, 1.0]
        return (float(x / w), float(y / w)) if abs(w) > 1e-9 else (np.inf, np.inf)  # noqa: PLR2004 - the horizon

    def under(self, pixel: tuple[float, float]) -> str | None:
        """The panel at a pixel of the floor."""
        x, y = self.place(pixel)
        if max(abs(x), abs(y)) > AROUND:
            return None
        cell = (int(np.clip(round(x), -1, 1)), int(np.clip(round(y), -1, 1)))
        name = NAMES[cell]
        return name if any(panel.name == name for panel in self.panels) else None

    def within(self, name: str, pixel: tuple[float, float], slack: float) -> bool:
        """Whether a pixel of the floor lies on a panel, or `slack` cells beside it."""
        x, y = self.place(pixel)
        column, row = CELLS[name]
        return max(abs(x - column), abs(y - row)) <= HALF + slack


def find_pads(found: Sequence[Found]) -> list[Pad]:
    """The pads among what was found, from left to right; a pad has at least three panels where panels lie."""
    panels = [one for one in found if one.kind == "panel"]
    pads: list[Pad] = []
    for one in found:
        if one.kind != "pad" or any(one.box.overlap(pad.box) > HALF for pad in pads):
            continue
        inside = [panel for panel in panels if _holds(one.box, panel.box)]
        pad = _fit(one, inside)
        if pad is not None and _believed(pad):
            pads.append(pad)
    return sorted(pads, key=lambda pad: pad.box.x + pad.box.w / 2)


def _believed(pad: Pad) -> bool:
    """Whether so much of a pad was seen, and so surely, that it is one: tiles and windows also come in threes."""
    seen = [panel.confidence for panel in pad.panels if panel.confidence > 0]
    mean = sum(seen) / len(seen)
    pad_sure, panels_sure = BELIEVED if len(seen) > LEAST_PANELS else FEW_BELIEVED
    return pad.confidence >= pad_sure and mean >= panels_sure and len(pad.panels) - len(seen) <= HIDDEN


def _holds(box: Box, panel: Box) -> bool:
    x, y = panel.x + panel.w / 2, panel.y + panel.h / 2
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h


def _fit(pad: Found, panels: list[Found]) -> Pad | None:
    if len(panels) < LEAST_PANELS:
        return None
    boxes = np.array([[p.box.x, p.box.y, p.box.x + p.box.w, p.box.y + p.box.h] for p in panels])
    guess = _guess(pad.box, boxes, np.array([p.confidence for p in panels]))
    if guess is None:
        return None
    homography, owner = guess
    for _ in range(2):  # the first time with what an affine map explains, then with all
        chosen = sorted(owner)
        homography = _refined(homography, boxes[[owner[cell] for cell in chosen]], np.array(chosen, float))
        owner = _owners(homography, boxes) or owner
    chosen = sorted(owner)
    plan = _plan(frozenset(NAMES[cell] for cell in chosen))
    shown = []
    for name in CELLS:  # the order of reading
        if name not in plan:
            continue
        seen = panels[owner[CELLS[name]]] if CELLS[name] in owner else None
        if seen is None:
            shown.append(Panel(name, _box(homography, np.array(CELLS[name], float), HALF * 0.92), 0.0, 0.0))
        else:
            shown.append(Panel(name, seen.box, seen.flag, seen.confidence))
    return Pad(pad.box, tuple(shown), pad.confidence, homography)


def _guess(pad: Box, boxes: Floats, weights: Floats) -> tuple[Floats, dict[tuple[int, int], int]] | None:
    """An affine map from cells to pixels, and which box lies in which cell, under the best of all simple hypotheses."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    sizes = boxes[:, 2:] - boxes[:, :2]
    middle = np.array([pad.x + pad.w / 2, pad.y + pad.h / 2])
    best: tuple[float, Floats, dict[tuple[int, int], int]] | None = None
    close = np.abs((centres - middle) / [pad.w, pad.h]).max(axis=1)
    origins = [middle, _between(centres), *centres[close < NEAR]]
    for origin in origins:
        for one, two in combinations(range(len(centres)), 2):
            for axes in _axes(centres[one] - origin, centres[two] - origin):
                owner, score = _judge(axes, origin, centres, sizes, weights, pad)
                if len(owner) >= LEAST_PANELS and (best is None or score > best[0]):
                    best = (score, np.c_[axes, origin], owner)
    if best is None:
        return None
    return np.vstack([best[1], [0, 0, 1]]), best[2]


def _between(centres: Floats) -> Floats:
    """Half-way between the outermost panels."""
    return np.asarray((centres.min(axis=0) + centres.max(axis=0)) / 2)


_PAIRS: Final = [
    (a, b, np.linalg.inv(np.array([a, b], float).T))
    for a in CELLS.values()
    for b in CELLS.values()
    if abs(a[0] * b[1] - a[1] * b[0]) > 0
]
_TURNS: Final = np.stack([turn for _, _, turn in _PAIRS])


def _axes(one: Floats, two: Floats) -> list[Floats]:
    """What a cell to the right and a cell forward may be in pixels, as columns, given two panels from the middle."""
    axes = np.stack([one, two], axis=1) @ _TURNS
    right, forward = axes[:, :, 0], axes[:, :, 1]
    level = np.abs(np.arctan2(right[:, 1], right[:, 0])) < TURN
    upward = np.abs(np.arctan2(forward[:, 0], -forward[:, 1])) < LEAN
    area = right[:, 0] * forward[:, 1] - right[:, 1] * forward[:, 0]
    return list(axes[level & upward & (area < -1)])


def _judge(  # noqa: PLR0913, PLR0917 - a hypothesis and all that it is held to
    axes: Floats, origin: Floats, centres: Floats, sizes: Floats, weights: Floats, pad: Box
) -> tuple[dict[tuple[int, int], int], float]:
    """Which panel lies in which cell, and how well that agrees with everything."""
    places = (centres - origin) @ np.linalg.inv(axes).T
    cells = np.clip(np.round(places), -1, 1)
    off = np.abs(places - cells).max(axis=1)
    spread = np.abs(axes).sum(axis=1)  # pixels that a cell takes in width and height
    share = (sizes / spread).mean(axis=1)
    fine = (off < OFF) & (share > SIZE[0]) & (share < SIZE[1])
    owner: dict[tuple[int, int], int] = {}
    score = 0.0
    for index in np.argsort(off):
        cell = (int(cells[index, 0]), int(cells[index, 1]))
        if fine[index] and cell not in owner:
            owner[cell] = int(index)
            score += float(weights[index]) * (1 - float(off[index]))
    if len(owner) < LEAST_PANELS:
        return owner, 0.0
    whole = Box(
        origin[0] - AROUND * spread[0], origin[1] - AROUND * spread[1], 2 * AROUND * spread[0], 2 * AROUND * spread[1]
    )
    fit = pad.overlap(whole)
    if fit < FITS:
        return {}, 0.0
    names = frozenset(NAMES[cell] for cell in owner)
    plan = _plan(names)
    score -= 0.8 * len(names - plan) + 0.4 * len(plan - names)
    turned = abs(float(np.arctan2(axes[1, 0], axes[0, 0]))) + 0.3 * abs(float(np.arctan2(axes[0, 1], -axes[1, 1])))
    odd = float(np.abs(np.log(share[list(owner.values())] / USUAL)).mean())
    score -= UNTOLD * (len(centres) - len(owner))
    return owner, score + 4 * min(fit, RIM) - 5 * odd - TURNED * turned


def _owners(homography: Floats, boxes: Floats) -> dict[tuple[int, int], int]:
    """Which box lies in which cell under a homography; nothing when too few do."""
    middles = np.c_[(boxes[:, :2] + boxes[:, 2:]) / 2, np.ones(len(boxes))] @ np.linalg.inv(homography).T
    places = middles[:, :2] / middles[:, 2:]
    cells = np.clip(np.round(places), -1, 1)
    off = np.abs(places - cells).max(axis=1)
    owner: dict[tuple[int, int], int] = {}
    for index in np.argsort(off):
        if off[index] < OFF:
            owner.setdefault((int(cells[index, 0]), int(cells[index, 1])), int(index))
    return owner if len(owner) >= LEAST_PANELS else {}


def _plan(names: frozenset[str]) -> frozenset[str]:
    """The kind of pad that these panels belong to: one too many weighs more than one unseen."""
    return min(PLANS, key=lambda plan: (2 * len(names - plan) + len(plan - names), len(plan)))


def _refined(homography: Floats, boxes: Floats, cells: Floats) -> Floats:
    """The homography under which panels of one size would fill their boxes best; Gauss and Newton's way, damped."""
    scale = float(np.mean(boxes[:, 2:] - boxes[:, :2]))
    values = np.append((homography / homography[2, 2]).ravel()[:8], 0.45)
    steps = np.array([1e-3 * scale, 1e-3 * scale, 1e-3 * scale] * 2 + [1e-5, 1e-5] + [1e-4])
    pull = np.array([0.0] * 6 + [3.0, 3.0] + [3.0])  # towards an affine map and panels of a usual size
    rest = np.array([0.0] * 8 + [0.45])

    def misses(now: Floats) -> Floats:
        off = (_edges(now, cells) - boxes).ravel() / scale
        return np.concatenate([np.arctan(3 * off) / 3, pull * (now - rest) * 0.1])

    damping = 1e-3
    missed = misses(values)
    for _ in range(ROUNDS):
        slope = np.stack(
            [(misses(values + step) - missed) / size for step, size in zip(np.diag(steps), steps, strict=True)], axis=1
        )
        normal = slope.T @ slope
        change = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -slope.T @ missed)
        tried = misses(values + change)
        if float(tried @ tried) < float(missed @ missed):
            values, missed, damping = values + change, tried, damping / 5
        else:
            damping *= 10
    return np.append(values[:8], 1.0).reshape(3, 3)


def _edges(values: Floats, cells: Floats) -> Floats:
    """Boxes (n, 4: left, top, right, bottom) that panels at `cells` (n, 2) take."""
    homography = np.append(values[:8], 1.0).reshape(3, 3)
    corners = cells[:, None] + CORNERS * values[8]
    seen = corners @ homography[:, :2].T + homography[:, 2]
    pixels = seen[..., :2] / np.maximum(seen[..., 2:], 0.05)
    return np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=1)


def _box(homography: Floats, cell: Floats, half: float) -> Box:
    left, top, right, bottom = (float(s) for s in _edges(np.append(homography.ravel()[:8], half), cell[None])[0])
    return Box(left, top, right - left, bottom - top)
