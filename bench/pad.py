"""How well dance pads are read, and what it costs; on rendered pads, lights and viewpoints that training never shows.

No real pad has been filmed for this. Everything runs on one core.
"""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from bench.figure import Figure
from models.bundle import builtin
from models.runtime import backend
from models.simulate.pads.scene import Order, draw_scene
from vision.frame import Frame
from vision.pad.decode import CLASSES, detect
from vision.pad.precision import average_precision
from vision.pad.reader import PadReader, read_still

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from models.simulate.pads.dance import Press as TruePress
    from models.simulate.pads.scene import Scene, SceneTruth
    from vision.frame import Floats, Image
    from vision.geometry import Box
    from vision.pad.feet import Press

SEED = 770_000_000  # far from the seeds of training; what is held out differs by more than the seed
SCENES, CLIPS, SECONDS, FPS = 150, 6, 7.0, 30.0
SETTLED = 1.0  # seconds until steps count: pads have to be found first
WITHIN = 0.05  # seconds
SEEN = {"pad": 0.6, "panel": 0.3, "foot": 0.4}  # share of a thing that has to be visible to be asked for
LEAST = 5.0  # pixels across of what is asked for
HALF = 0.5  # overlap
SURELY = 0.05  # probability from which boxes count for the average precision
PRECISION = {"pad": None, "panel": 0.95, "foot": 0.90}
F1, RATE, TIMES = 0.95, 25.0, 5.0
PHOTOGRAPHS = (("skimage", "data"), ("sklearn", "datasets/images"))
POSE = "@mediapipe/pose"
POSE_FILE = "package/pose_landmark_full.tflite"


def figures() -> Iterator[Figure]:
    """Measure one figure after the other."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if cores:
        os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    try:
        network = builtin("pad").network("detector")
        yield from _precision(network)
        pictures = yield from _presses(network)
        yield from _speed(network, pictures)
        yield _photographs(network)
    finally:
        if cores:
            os.sched_setaffinity(0, cores)


def _precision(network: Callable[[Floats], Floats]) -> Iterator[Figure]:
    rows: dict[str, list[tuple[list[tuple[float, Box]], list[Box], list[Box]]]] = {kind: [] for kind in CLASSES}
    named = [0, 0]
    for number in range(SCENES):
        scene = draw_scene(SEED + number, Order(held_out=True))
        picture, truth = scene.shot(2.0)
        found = detect(picture, network, (SURELY,) * 3)
        for kind, (asked, spare) in _asked(truth).items():
            rows[kind].append(([(one.confidence, one.box) for one in found if one.kind == kind], asked, spare))
        shown = [panel for pad in read_still(picture, network).pads for panel in pad.panels]
        for panel in (panel for pad in truth.pads for panel in pad.panels if panel.visible >= SEEN["panel"]):
            named[0] += any(one.name == panel.name and one.box.overlap(panel.box) >= HALF for one in shown)
            named[1] += 1
    for kind, pictures in rows.items():
        goal = PRECISION[kind]
        yield Figure(f"average precision at half overlap, {kind}", average_precision(pictures), "", goal, least=True)
    yield Figure("panels in a still that are found and named right", named[0] / max(1, named[1]), "")


def _asked(truth: SceneTruth) -> dict[str, tuple[list[Box], list[Box]]]:
    """The boxes of every class that are asked for, and those that are too hidden or too small for it."""
    things: dict[str, list[tuple[Box, float]]] = {
        "pad": [(pad.box, pad.visible) for pad in truth.pads],
        "panel": [(panel.box, panel.visible) for pad in truth.pads for panel in pad.panels],
        "foot": [(foot.box, foot.visible) for foot in truth.feet],
    }
    sides = {}
    for kind, these in things.items():
        told = [(box, share >= SEEN[kind] and min(box.w, box.h) >= LEAST) for box, share in these]
        sides[kind] = ([box for box, counts in told if counts], [box for box, counts in told if not counts])
    return sides


def _presses(network: Callable[[Floats], Floats]) -> Generator[Figure, None, list[Image]]:
    right = told = wanted = feet = unseen = 0
    kept: list[Image] = []
    for number in range(CLIPS):
        order = Order(size=(640, 480), seconds=SECONDS, held_out=True, pads=1 + number % 2, dancers=True, double=False)
        scene = draw_scene(SEED + 500 + number, order)
        reader = PadReader(network)
        seen: list[Press] = []
        for index in range(round(SECONDS * FPS)):
            picture, _ = scene.shot(index / FPS)
            seen += reader.read(Frame(picture, index / FPS, index)).presses
            if number == CLIPS - 1:
                kept.append(picture)
        due = [press for press in scene.presses if SETTLED <= press.t <= SECONDS - 2 / FPS]
        asked = [press for press in due if _visible(scene, press)]
        hidden = [press for press in due if press not in asked]
        pairs = paired(asked, [press for press in seen if press.t >= SETTLED - WITHIN])
        spare = {
            id(one) for _, one in paired(hidden, [press for press in seen if press not in [two for _, two in pairs]])
        }
        right, wanted, unseen = right + len(pairs), wanted + len(asked), unseen + len(hidden)
        told += sum(press.t >= SETTLED and id(press) not in spare for press in seen)
        feet += sum(("left", "right")[one.foot] == two.foot for one, two in pairs)
    name = "presses within 50 ms"
    yield Figure(f"{name}, F1", 2 * right / max(1, told + wanted), "", F1, least=True)
    yield Figure(f"{name}, precision", right / max(1, told), "")
    yield Figure(f"{name}, recall", right / max(1, wanted), "")
    yield Figure("presses that somebody hides, left out", unseen / max(1, unseen + wanted), "")
    yield Figure("presses with the right foot, of those found", feet / max(1, right), "")
    return kept


def _visible(scene: Scene, press: TruePress) -> bool:
    """Whether the camera can see the foot that lands."""
    feet = scene.truth(press.t).feet
    mine = (foot for foot in feet if foot.foot == press.foot and foot.player == press.pad)
    return any(foot.visible >= SEEN["foot"] for foot in mine)


def paired(truth: Sequence[TruePress], seen: Sequence[Press]) -> list[tuple[TruePress, Press]]:
    """Presses that were seen where and when they happened, each once."""
    left = list(seen)
    pairs = []
    for press in truth:
        near = [
            one for one in left if (one.pad, one.panel) == (press.pad, press.panel) and abs(one.t - press.t) <= WITHIN
        ]
        if near:
            best = min(near, key=lambda one: abs(one.t - press.t))
            left.remove(best)
            pairs.append((press, best))
    return pairs


def _speed(network: Callable[[Floats], Floats], pictures: list[Image]) -> Iterator[Figure]:
    square = np.zeros((1, 320, 320, 3), np.float32)
    alone = _spent(lambda: network(square))
    reader = PadReader(network)
    began = time.process_time()
    for index, picture in enumerate(pictures):
        reader.read(Frame(picture, index / FPS, index))
    whole = (time.process_time() - began) / len(pictures)
    yield Figure("pictures a second, everything, 640x480 read at 320", 1 / whole, "1/s", RATE, least=True)
    pose = _pose()
    took = None if pose is None else _spent(pose)
    yield Figure(
        "network at 320x320 beside MediaPipe pose full",
        1000 * alone,
        "ms",
        None if took is None else 1000 * took / TIMES,
        None if took is None else 1000 * took,
    )


def _spent(work: Callable[[], object]) -> float:
    """Seconds of processor time, the middle of many runs."""
    work()
    took = []
    for _ in range(25):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return float(np.median(took))


def _pose() -> Callable[[], object] | None:
    """A run of MediaPipe's full pose network, fetched through npm for this; None, and a word, where that fails."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not installed: MediaPipe pose is not measured", file=sys.stderr)
        return None
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - a package by its name
            [npm, "pack", POSE, "--silent", "--pack-destination", folder],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        packed = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or packed is None:
            print(f"{POSE} cannot be had through npm: MediaPipe pose is not measured", file=sys.stderr)
            return None
        with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
            member = next((one for one in archive if one.name == POSE_FILE), None)
            file = archive.extractfile(member) if member else None
            model = file.read() if file else None
    if model is None:
        print(f"{POSE} has no {POSE_FILE}: MediaPipe pose is not measured", file=sys.stderr)
        return None
    return _runner(model)


def _runner(model: bytes) -> Callable[[], object] | None:
    try:
        interpreter: Any = backend().interpreter(model_content=model, num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        print(f"MediaPipe pose does not load here ({error}): it is not measured", file=sys.stderr)
        return None
    detail = interpreter.get_input_details()[0]
    given = np.zeros(detail["shape"], detail["dtype"])

    def run() -> None:
        interpreter.set_tensor(detail["index"], given)
        interpreter.invoke()

    return run


def _photographs(network: Callable[[Floats], Floats]) -> Figure:
    """Pads seen on the photographs that come with packages, where these are installed; none of them shows one."""
    name = "pads seen on photographs without any"
    seen = looked = 0
    for package, inside in PHOTOGRAPHS:
        spec = importlib.util.find_spec(package)
        places = spec.submodule_search_locations if spec else None
        for path in sorted(path for place in places or () for path in (Path(place) / inside).iterdir()):
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.suffix in {".png", ".jpg", ".tif"} else None
            if picture is not None:
                looked += 1
                seen += len(read_still(picture.astype(np.uint8, copy=False), network).pads)
    if not looked:
        print("neither scikit-image nor scikit-learn is installed: no photographs to look at", file=sys.stderr)
        return Figure(name, None, "", 0)
    return Figure(f"{name} ({looked} of them)", seen, "", 0)
