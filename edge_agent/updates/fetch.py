"""Fetch a bundle: the one that was signed, never more than was signed, and on from where the last try broke off."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import httpx

from contract.trust import target_path
from edge_agent.errors import UpdateDelayedError, UpdateRefusedError
from edge_agent.updates.pace import Pace, TooSlowError
from edge_agent.updates.signed import Found, Source, find
from models.bundle_format import MAX_BUNDLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import IO

    from contract.messages import ModelAssignment
    from edge_agent.updates.store import ModelStore

TRY_AGAIN = frozenset({408, 425, 429})


def fetch(
    assignment: ModelAssignment, source: Source, store: ModelStore, *, stopped: Callable[[], bool] = lambda: False
) -> Path:
    """Bring the bundle of an assignment into the store, when it is the one that was signed under its target.

    Raises:
        UpdateRefusedError: it was not signed so, is too large, not what was signed, or not there.
        UpdateDelayedError: the network, the metadata or the disk failed; worth another try.
    """
    found = find(source, assignment.target, store.metadata)
    _check_signed(assignment, found)
    path = store.path(found.sha256)
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == found.sha256:
        return path
    url = source.url.rstrip("/") + target_path(assignment.target, found.sha256)
    try:
        _download(url, source, found, store, stopped)
    except TooSlowError as error:
        raise UpdateDelayedError(f"the bundle comes too slowly: {error}") from error
    except httpx.HTTPError as error:
        raise UpdateDelayedError(f"the download failed: {error or type(error).__name__}") from error
    except OSError as error:
        raise UpdateDelayedError(f"the bundle cannot be stored: {error.strerror or error}") from error
    return path


def _check_signed(assignment: ModelAssignment, found: Found) -> None:
    if found.size > MAX_BUNDLE:
        raise UpdateRefusedError(f"{found.size} bytes are more than the {MAX_BUNDLE} that a bundle may have")
    asked = (assignment.kind.value, assignment.name, assignment.version)
    if asked != (found.kind, found.name, found.version):
        raise UpdateRefusedError(
            f"{assignment.target} was signed as the {found.kind} {found.name} {found.version}, "
            f"asked for was the {' '.join(asked)}"
        )
    if found.sha256 != assignment.sha256:
        raise UpdateRefusedError(
            f"{assignment.target} was signed with the hash {found.sha256[:12]}..., "
            f"asked for was {assignment.sha256[:12]}..."
        )


def _download(url: str, source: Source, found: Found, store: ModelStore, stopped: Callable[[], bool]) -> None:
    """Into a file of its own, which a later try goes on with, and into place when it is whole and right."""
    part = store.part(found.sha256)
    have = part.stat().st_size if part.is_file() else 0
    if have < found.size:
        headers = {"Range": f"bytes={have}-"} if have else {}
        with source.client() as client, client.stream("GET", url, headers=headers) as answer:
            _check_status(answer)
            going_on = answer.status_code == httpx.codes.PARTIAL_CONTENT
            with part.open("ab" if going_on else "wb") as file:
                _copy(answer, file, found, stopped, Pace(source.slowest, time.monotonic))
    _keep(part, found, store)


def _check_status(answer: httpx.Response) -> None:
    if answer.status_code in TRY_AGAIN or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise UpdateDelayedError(f"the control plane answers {answer.status_code}")
    if answer.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        raise UpdateRefusedError(f"the control plane has no such bundle (it answers {answer.status_code})")


def _copy(answer: httpx.Response, file: IO[bytes], found: Found, stopped: Callable[[], bool], pace: Pace) -> None:
    for chunk in answer.iter_bytes():
        pace.came(len(chunk))
        if stopped():
            raise UpdateDelayedError("the agent is ending")
        file.write(chunk[: found.size + 1 - file.tell()])
        if file.tell() > found.size:
            break


def _keep(part: Path, found: Found, store: ModelStore) -> None:
    size = part.stat().st_size
    digest = hashlib.sha256(part.read_bytes()).hexdigest() if size == found.size else ""
    if digest == found.sha256:
        store.take(part, found.sha256)
        return
    part.unlink()
    if size > found.size:
        raise UpdateRefusedError(f"the download is longer than the {found.size} bytes that were signed")
    if size < found.size:
        raise UpdateRefusedError(f"the download has {size} bytes instead of {found.size}")
    raise UpdateRefusedError(f"its hash is {digest[:12]}..., signed was {found.sha256[:12]}...")
