"""Fetch a bundle over HTTP: never more than was announced, never under its own name before it is whole and right."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httpx

from edge_agent.errors import UpdateDelayedError, UpdateRefusedError
from models.bundle_format import MAX_BUNDLE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path
    from typing import IO

    from contract.messages import ModelAssignment
    from edge_agent.updates.store import ModelStore

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
TRY_AGAIN = frozenset({408, 425, 429})


def address(base: str, path: str) -> str:
    """Where a bundle is: `path` below the control plane's URL, and nowhere else.

    Raises:
        UpdateRefusedError: the path leads to another host.
    """
    root = httpx.URL(base.rstrip("/") + "/")
    url = root.join(path.lstrip("/"))
    if (url.scheme, url.host, url.port) != (root.scheme, root.host, root.port):
        raise UpdateRefusedError("the bundle is not on the control plane that this device belongs to")
    return str(url)


def fetch(
    assignment: ModelAssignment,
    base: str,
    store: ModelStore,
    *,
    stopped: Callable[[], bool] = lambda: False,
    tls: ssl.SSLContext | None = None,
) -> Path:
    """Download the bundle of an assignment into the store; one that is there already is not fetched again.

    `base` is the control plane's URL for devices, and `tls` what we show there and whom we trust.

    Raises:
        UpdateRefusedError: it is too large, not what was announced, or not there.
        UpdateDelayedError: the network or the disk failed; worth another try.
    """
    path = store.path(assignment.sha256)
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == assignment.sha256:
        return path
    if assignment.size > MAX_BUNDLE:
        raise UpdateRefusedError(f"{assignment.size} bytes are more than the {MAX_BUNDLE} that a bundle may have")
    url = address(base, assignment.path)
    try:
        with (
            store.replacing(path) as file,
            httpx.stream("GET", url, timeout=TIMEOUT, verify=True if tls is None else tls, trust_env=False) as answer,
        ):
            _check_status(answer)
            _copy(answer, file, assignment, stopped)
    except httpx.HTTPError as error:
        raise UpdateDelayedError(f"the download failed: {error or type(error).__name__}") from error
    except OSError as error:
        raise UpdateDelayedError(f"the bundle cannot be stored: {error.strerror or error}") from error
    return path


def _check_status(answer: httpx.Response) -> None:
    if answer.status_code in TRY_AGAIN or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise UpdateDelayedError(f"the control plane answers {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise UpdateRefusedError(f"the control plane has no such bundle (it answers {answer.status_code})")


def _copy(answer: httpx.Response, file: IO[bytes], assignment: ModelAssignment, stopped: Callable[[], bool]) -> None:
    digest, size = hashlib.sha256(), 0
    for chunk in answer.iter_bytes(65536):
        size += len(chunk)
        if size > assignment.size:
            raise UpdateRefusedError(f"the download is longer than the {assignment.size} bytes that were announced")
        if stopped():
            raise UpdateDelayedError("the agent is ending")
        digest.update(chunk)
        file.write(chunk)
    if size < assignment.size:
        raise UpdateRefusedError(f"the download has {size} bytes instead of {assignment.size}")
    if digest.hexdigest() != assignment.sha256:
        raise UpdateRefusedError(f"its hash is {digest.hexdigest()[:12]}..., announced was {assignment.sha256[:12]}...")
