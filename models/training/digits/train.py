"""Make a reader bundle from nothing but fonts: render, fit, convert, measure on fonts never seen, and pack."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.bundle import Draft, Golden, write
from models.runtime import Network
from models.training.digits.dataset import studio
from models.training.digits.fit import Plan, Samples, fit
from models.training.digits.nets import line_net, locator_loss, locator_net, masked_loss, to_int8
from models.training.digits.reels import reel
from models.training.digits.scenes import scene
from models.training.digits.strips import IGNORED, strip
from vision.digits import BLANK, STRIP_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from models.bundle import Bundle
    from models.training.digits.dataset import Maker, Studio
    from models.training.digits.glyphs import Face
    from vision.frame import Floats

LOCATOR_SHAPE = (352, 640, 3)
LINE_SHAPE = (STRIP_HEIGHT, 256, 3)
GOLDEN_SIZES = {"line": (STRIP_HEIGHT, 128), "locator": (96, 160)}  # small, because bundles travel
TOLERANCE = 0.4  # logits; int8 kernels of other processors may round a step or two of 0.15 otherwise


@dataclass(frozen=True, slots=True)
class Size:
    """How much to render and learn."""

    strips: int = 80_000
    filmed_strips: int = 120_000
    strip_epochs: int = 5
    scenes: int = 8_000
    scene_epochs: int = 6
    held_out: int = 2_000
    workers: int = 2
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Order:
    """Samples to render: what they are called, how one is made, how many."""

    name: str
    make: Maker
    count: int


SMOKE = Size(strips=500, filmed_strips=500, strip_epochs=1, scenes=250, scene_epochs=1, held_out=250)


def _strips(rng: np.random.Generator, faces: list[Face], weights: Floats) -> Iterator[tuple[np.ndarray, ...]]:
    sample = strip(rng, faces, weights)
    yield sample.image, sample.labels


def _filmed_strips(rng: np.random.Generator, faces: list[Face], weights: Floats) -> Iterator[tuple[np.ndarray, ...]]:
    for sample in reel(rng, faces, weights):
        yield sample.image, sample.labels


def _scenes(rng: np.random.Generator, faces: list[Face], weights: Floats) -> Iterator[tuple[np.ndarray, ...]]:
    sample = scene(rng, faces, weights)
    yield sample.image, sample.truth.astype(np.float16)


def train(out: Path, size: Size, version: str, progress: Callable[[str, int, int, float], None]) -> Bundle:
    """Train both networks and write the bundle.

    Args:
        out: file to write.
        size: how much to render and learn.
        version: of the bundle.
        progress: hears the stage, steps done, steps in all and the loss.

    Returns:
        the bundle, with the figures on held-out fonts in its settings.

    Raises:
        FileNotFoundError: no fonts are installed.
    """
    with studio(size.workers) as room:
        still = _samples(room, Order("strips", _strips, size.strips), size, progress)
        filmed = _samples(room, Order("filmed strips", _filmed_strips, size.filmed_strips), size, progress)
        scenes, held_scenes = _samples(room, Order("scenes", _scenes, size.scenes), size, progress)
    strips, held_strips = (_mixed(pair, size.seed) for pair in zip(still, filmed, strict=True))
    line = line_net()
    plan = Plan(size.strip_epochs, 64, seed=size.seed)
    fit(line, masked_loss(IGNORED), strips, plan, lambda *at: progress("line reader", *at))
    line_bytes = to_int8(line, LINE_SHAPE, strips.pictures[:4000:10])

    locator = locator_net()
    plan = Plan(size.scene_epochs, 16, seed=size.seed)
    fit(locator, locator_loss, scenes, plan, lambda *at: progress("locator", *at))
    locator_bytes = to_int8(locator, LOCATOR_SHAPE, _tiled(scenes.pictures[:4000:40]))

    figures = {**_line_figures(line_bytes, held_strips), **_locator_figures(locator_bytes, held_scenes)}
    draft = Draft(
        kind="reader",
        name="digits",
        version=version,
        networks={"line": line_bytes, "locator": locator_bytes},
        goldens=[
            _golden("line", line_bytes, held_strips.pictures[0]),
            _golden("locator", locator_bytes, held_scenes.pictures[0]),
        ],
        settings=figures,
        created_from={"sizes": hashlib.sha256(json.dumps(asdict(size), sort_keys=True).encode()).hexdigest()[:16]},
    )
    return write(out, draft)


def _samples(
    room: Studio, order: Order, size: Size, progress: Callable[[str, int, int, float], None]
) -> tuple[Samples, Samples]:
    sides = []
    for held_out, wanted in ((False, order.count), (True, size.held_out)):
        pictures, truth, done = [], [], 0
        for chunk in room.render(order.make, wanted, seed=size.seed, held_out=held_out):
            pictures.append(chunk[0])
            truth.append(chunk[1])
            done += len(chunk[0])
            progress(f"rendering {order.name}", done, max(wanted, done), 0.0)
        sides.append(Samples(np.concatenate(pictures), np.concatenate(truth)))
    return sides[0], sides[1]


def _mixed(parts: tuple[Samples, Samples], seed: int) -> Samples:
    """Both in one shuffled row, so that every batch has some of each."""
    order = np.random.default_rng(seed).permutation(sum(len(part.pictures) for part in parts))
    pictures = np.concatenate([part.pictures for part in parts])[order]
    return Samples(pictures, np.concatenate([part.truth for part in parts])[order])


def _tiled(pictures: np.ndarray) -> list[np.ndarray]:
    return [np.tile(picture, (2, 2, 1))[: LOCATOR_SHAPE[0], : LOCATOR_SHAPE[1]] for picture in pictures]


def _golden(role: str, network: bytes, picture: np.ndarray) -> Golden:
    height, width = GOLDEN_SIZES[role]
    given = picture[None, :height, :width].astype(np.float32) / 255
    return Golden(role, given, Network(network)(given), TOLERANCE)


def _line_figures(network: bytes, held: Samples) -> dict[str, float]:
    run = Network(network)
    right = digits = false = blanks = 0
    for picture, labels in zip(held.pictures, held.truth, strict=True):
        best = run(picture[None].astype(np.float32) / 255)[0, 0].argmax(axis=1)
        digit, blank = labels < 10, labels == BLANK
        right += int((best == labels)[digit].sum())
        digits += int(digit.sum())
        false += int((best < 10)[blank].sum())
        blanks += int(blank.sum())
    return {"digits_right": round(right / max(1, digits), 4), "digits_invented": round(false / max(1, blanks), 5)}


def _locator_figures(network: bytes, held: Samples) -> dict[str, float]:
    run = Network(network)
    hit = core = claimed = 0
    for picture, truth in zip(held.pictures, held.truth, strict=True):
        said = run(picture[None].astype(np.float32) / 255)[0, ..., 0] > 0
        wanted, counts = truth[..., 0] > 0, truth[..., 2] > 0
        hit += int((said & wanted).sum())
        core += int(wanted.sum())
        claimed += int((said & counts).sum())
    return {"core_recall": round(hit / max(1, core), 4), "core_precision": round(hit / max(1, claimed), 4)}
