"""The kinds of models that a device runs: its reader, and its predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from contract import messages as wire
from edge_agent.composition import builtin_reader, reader_from
from edge_agent.updates.kit import Kit, Loaded
from game.match import IDLE
from models import predictor
from models.bundle import BUILTIN, SUFFIX, BundleError, builtin
from models.winner import TrainedWinner
from vision.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.ports import ScreenReader
    from edge_agent.updates.kit import Part
    from models.bundle import Bundle
    from models.predictor import Predictor

READER, WINNER = wire.ModelKind.READER, wire.ModelKind.WINNER


def reader_kit(
    build: Callable[[Bundle], ScreenReader] = reader_from,
    first: Callable[[], tuple[ScreenReader, Bundle]] = builtin_reader,
) -> Kit:
    """Readers."""

    def comes_with_us() -> Loaded:
        reader, bundle = first()
        manifest = bundle.manifest
        return Loaded(reader, wire.ActiveModel(kind=READER, name=manifest.name, version=manifest.version))

    def look(part: Part) -> None:
        reader = cast("ScreenReader", part)
        reader.read(Frame(np.zeros((360, 640, 3), np.uint8), 0.0, 0))
        reader.reset()

    return Kit(READER, build, comes_with_us, look, BUILTIN / f"reader{SUFFIX}")


def winner_kit() -> Kit:
    """Predictors."""

    def comes_with_us() -> Loaded:
        part = predictor.default()
        try:
            manifest = builtin("winner").manifest
            model = wire.ActiveModel(kind=WINNER, name=manifest.name, version=manifest.version)
        except BundleError:  # then it is one without networks
            model = wire.ActiveModel(kind=WINNER, name=part.name, version="")
        return Loaded(part, model)

    def say(part: Part) -> None:
        cast("Predictor", part).predict(IDLE)

    return Kit(WINNER, TrainedWinner.of, comes_with_us, say, BUILTIN / f"winner{SUFFIX}")
