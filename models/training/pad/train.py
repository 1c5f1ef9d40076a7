"""Make the pad bundle from nothing: render, fit, convert, measure on what training never shows, and pack."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models.bundle import Draft, Golden, write
from models.runtime import Network
from models.training.digits.fit import Plan, Samples, fit
from models.training.digits.nets import to_int8
from models.training.pad.dataset import FOOT, PANEL, render
from models.training.pad.loss import pad_loss
from models.training.pad.nets import pad_net
from models.training.pad.vary import vary
from vision.geometry import Box
from vision.pad.decode import CLASSES, LONG_SIDE, detect
from vision.pad.precision import Told, average_precision

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from models.bundle import Bundle
    from vision.frame import Floats, Image

SHAPE = (LONG_SIDE, LONG_SIDE, 3)
GOLDEN = (64, 96)  # pixels; small, because bundles travel
WINDOW = (256, 192)  # width and height, pixels
WHOLE_RATE = 1.5e-3
TOLERANCE = 0.6  # logits; int8 kernels of other processors may round a step or two otherwise
EVERY = 0.05  # probability from which boxes count for the average precision


@dataclass(frozen=True, slots=True)
class Size:
    """How much to render and learn."""

    pictures: int = 7_000
    held_out: int = 400
    window_epochs: int = 16
    epochs: int = 6
    batch: int = 16
    workers: int = 2
    seed: int = 1


SMOKE = Size(pictures=200, held_out=100, window_epochs=1, epochs=1, workers=1)


def train(out: Path, size: Size, version: str, progress: Callable[[str, int, int, float], None]) -> Bundle:
    """Train the network and write the bundle.

    Args:
        out: file to write.
        size: how much to render and learn.
        version: of the bundle.
        progress: hears the stage, steps done, steps in all and the loss.

    Returns:
        the bundle, with the figures on held-out pad models, lights and viewpoints in its settings.
    """
    samples = _samples(size.pictures, size, held_out=False, progress=progress)
    held = _samples(size.held_out, size, held_out=True, progress=progress)
    model = learn(samples, size, lambda *at: progress("learning", *at))
    return pack(out, model, (samples, held), size, version)


def learn(samples: Samples, size: Size, progress: Callable[[int, int, float], None]) -> Any:
    """A network fitted to rendered pictures (n, h, w, 3) and their objects (n, MOST, FIELDS).

    It learns from windows of them first, because these are cheaper, and from whole pictures at the end.
    """
    model = pad_net()
    windows = Plan(size.window_epochs, size.batch, seed=size.seed)
    fit(model, pad_loss, samples, windows, progress, partial(vary, window=WINDOW))
    fit(model, pad_loss, samples, Plan(size.epochs, size.batch, WHOLE_RATE, size.seed + 1), progress, vary)
    return model


def pack(out: Path, model: Any, sides: tuple[Samples, Samples], size: Size, version: str) -> Bundle:
    """Convert a network, measure it on the held-out side, and write its bundle."""
    samples, held = sides
    network = to_int8(model, SHAPE, [_square(picture) for picture in samples.pictures[:400:2]])
    given = held.pictures[:1, : GOLDEN[0], : GOLDEN[1]].astype(np.float32) / 255
    draft = Draft(
        kind="pad",
        name="pad",
        version=version,
        networks={"detector": network},
        goldens=[Golden("detector", given, Network(network)(given), TOLERANCE)],
        settings=figures(Network(network), held.pictures, held.truth),
        created_from={"sizes": hashlib.sha256(json.dumps(asdict(size), sort_keys=True).encode()).hexdigest()[:16]},
    )
    return write(out, draft)


def figures(network: Callable[[Floats], Floats], pictures: Image, tables: Floats) -> dict[str, float]:
    """Average precision at half overlap, a class, and how often the flag of what was found is right."""
    told: list[dict[str, list[Told]]] = []
    truth: list[Floats] = []
    right: dict[str, list[bool]] = {"panel": [], "foot": []}
    for picture, table in zip(pictures, tables, strict=True):
        seen = detect(picture, network, (EVERY,) * 3)
        told.append({kind: [(one.confidence, one.box) for one in seen if one.kind == kind] for kind in CLASSES})
        truth.append(table)
        for one in seen:
            kind = CLASSES.index(one.kind)
            if kind not in {PANEL, FOOT} or one.confidence < 0.4:
                continue
            for row in table[(table[:, 0] == kind) & (table[:, 8] > 0)]:
                if one.box.overlap(Box(*(float(side) for side in row[1:5]))) >= 0.5:
                    right[one.kind].append((one.flag > 0.5) == (row[5] > 0.5))
    found = {}
    for index, name in enumerate(CLASSES):
        pairs = [(shown[name], *_boxes(table, index)) for shown, table in zip(told, truth, strict=True)]
        found[f"{name}_ap50"] = round(average_precision(pairs), 4)
    for name, hits in right.items():
        found[f"{name}_flag_right"] = round(float(np.mean(hits)) if hits else 0.0, 4)
    return found


def _boxes(table: Floats, kind: int) -> tuple[list[Box], list[Box]]:
    """The boxes of a class that count, and those that are neither asked for nor wrong."""
    mine = table[table[:, 0] == kind]
    counts, rest = (mine[mine[:, 8] > 0.5], mine[mine[:, 8] < 0.5])
    return tuple([Box(*(float(side) for side in row[1:5])) for row in side] for side in (counts, rest))  # type: ignore[return-value]


def _samples(wanted: int, size: Size, *, held_out: bool, progress: Callable[[str, int, int, float], None]) -> Samples:
    pictures, tables, done = [], [], 0
    for images, truth in render(wanted, seed=size.seed, held_out=held_out, workers=size.workers):
        pictures.append(images)
        tables.append(truth)
        done += len(images)
        progress("rendering" + (" what is held out" if held_out else ""), done, max(wanted, done), 0.0)
    order = np.random.default_rng(size.seed).permutation(done)
    return Samples(np.concatenate(pictures)[order], np.concatenate(tables)[order])


def _square(picture: Image) -> Image:
    """The picture twice, one below the other, as far as the network's shape goes."""
    return np.tile(picture, (2, 2, 1))[: SHAPE[0], : SHAPE[1]]
