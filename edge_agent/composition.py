"""Where the device's readers and predictors are put together from bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.errors import UpdateRefusedError
from edge_agent.pipeline import Pipeline
from models import predictor
from models.bundle import BundleError, builtin

if TYPE_CHECKING:
    from edge_agent.ports import ScreenReader
    from models.bundle import Bundle
    from vision.layout import Display

READER = "reader"


def reader_from(bundle: Bundle) -> ScreenReader:
    """A reader that runs the networks of a bundle.

    Raises:
        UpdateRefusedError: the bundle is of another kind, or has not the networks that a reader needs.
    """
    from vision.reader import Reader  # noqa: PLC0415 - everything else here is useful without eyes

    if bundle.manifest.kind != READER:
        raise UpdateRefusedError(f"{bundle.manifest.name} is a {bundle.manifest.kind} bundle, not a reader")
    try:
        return Reader(bundle.network("locator"), bundle.network("line"))
    except BundleError as error:
        raise UpdateRefusedError(str(error)) from error


def builtin_reader() -> tuple[ScreenReader, Bundle]:
    """The reader that comes with the project, and the bundle it is made of.

    Raises:
        UpdateRefusedError: the installation is damaged.
    """
    try:
        bundle = builtin(READER)
    except BundleError as error:
        raise UpdateRefusedError(f"The built-in reader does not load: {error}. Install kubeddr again.") from error
    return reader_from(bundle), bundle


def builtin_pipeline() -> Pipeline:
    """A pipeline of what comes with the project."""
    reader, _ = builtin_reader()
    return Pipeline(reader, predictor.default())


def displays(reader: ScreenReader) -> tuple[Display | None, Display | None]:
    """Where a reader sees player 1's and player 2's scores, as far as it says so."""
    layout = getattr(reader, "layout", None)
    return (None, None) if layout is None else (layout.p1, layout.p2)
