"""What there is to know of each kind of model: how one is made of a bundle, and which one comes with the agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract import messages as wire
from contract.ids import Sha256
from edge_agent.errors import UpdateRefusedError
from models.bundle import BundleError, open_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.ports import ScreenReader
    from models.bundle import Bundle
    from models.predictor import Predictor

    Part = ScreenReader | Predictor  # what does the work


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that can be put to work, and which one it is."""

    part: Part
    model: wire.ActiveModel


@dataclass(frozen=True, slots=True)
class Kit:
    """One kind of model.

    Attributes:
        build: a part from a bundle of this kind; raises UpdateRefusedError or BundleError.
        builtin: the one that comes with the agent; raises UpdateRefusedError when the installation is damaged.
        use: lets it do its work once, on nothing in particular; raises whatever it raises.
        file: the bundle of the one that comes with the agent, where it is one.
    """

    kind: wire.ModelKind
    build: Callable[[Bundle], Part]
    builtin: Callable[[], Loaded]
    use: Callable[[Part], None]
    file: Path | None = None


def load(path: Path, kit: Kit, assignment: wire.ModelAssignment | None = None) -> Loaded:
    """Open a bundle, make its part, and let that do its work once.

    Raises:
        UpdateRefusedError: it fails in any of that, or is not the one that was assigned.
    """
    try:
        bundle = open_bundle(path)
        _same(bundle, assignment)
        part = kit.build(bundle)
        kit.use(part)
    except UpdateRefusedError:
        raise
    except BundleError as error:
        raise UpdateRefusedError(str(error)) from error
    except Exception as error:  # networks of the wrong shape fail in many ways
        raise UpdateRefusedError(f"it does not run: {type(error).__name__}: {error}") from error
    manifest = bundle.manifest
    model = wire.ActiveModel(kind=kit.kind, name=manifest.name, version=manifest.version, sha256=Sha256(bundle.digest))
    return Loaded(part, model)


def _same(bundle: Bundle, assignment: wire.ModelAssignment | None) -> None:
    if assignment is None:
        return
    manifest = bundle.manifest
    is_called = f"{manifest.kind} {manifest.name} {manifest.version}"
    assigned = f"{assignment.kind.value} {assignment.name} {assignment.version}"
    if is_called != assigned:
        raise UpdateRefusedError(f"it calls itself {is_called}, assigned was {assigned}")
