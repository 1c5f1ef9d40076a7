"""Which models are signed, as far as the root goes that the device was given when it was let in."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from tuf.api import exceptions as tuf
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from contract.errors import InvalidIdError
from contract.ids import Sha256
from contract.trust import MAX_METADATA, METADATA
from edge_agent.errors import UpdateRefusedError, UpdateUntrustedError
from edge_agent.updates.pace import Pace, TooSlowError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
LIMITS = UpdaterConfig(
    max_root_rotations=64,
    max_delegations=4,
    root_max_length=MAX_METADATA,
    timestamp_max_length=16_384,
    snapshot_max_length=MAX_METADATA,
    targets_max_length=MAX_METADATA,
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where models come from.

    Attributes:
        url: of the control plane's port for devices.
        root: signed metadata that says whose keys count; None on a device that was let in before there was any.
        tls: what we show there and whom we trust; None asks anybody.
        slowest: bytes a second below which a download is given up.
    """

    url: str
    root: bytes | None
    tls: ssl.SSLContext | None = None
    slowest: float = 1024.0

    def client(self) -> httpx.Client:
        """What asks there."""
        checked = self.tls or not self.url.startswith("http:")
        return httpx.Client(timeout=TIMEOUT, verify=checked, trust_env=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A model as it was signed; `size` in bytes."""

    sha256: Sha256
    size: int
    kind: str
    name: str
    version: str


def find(source: Source, target: str, folder: Path) -> Found:
    """Look a target up in the metadata, as it stands now and not before what was seen earlier.

    Args:
        source: whom to ask.
        target: its name.
        folder: keeps what was seen of this root's metadata.

    Raises:
        UpdateRefusedError: there is no such target, or the device knows no root.
        UpdateUntrustedError: the metadata cannot be had, or must not be believed; worth another try.
    """
    if source.root is None:
        raise UpdateRefusedError("this device was let in before models were signed: enrol it again")
    seen = folder / hashlib.sha256(source.root).hexdigest()[:16]
    seen.mkdir(parents=True, exist_ok=True)
    url = source.url.rstrip("/") + METADATA + "/"
    try:
        with source.client() as client:
            fetcher = _Fetcher(client, source.slowest)
            updater = Updater(str(seen), url, fetcher=fetcher, config=LIMITS, bootstrap=source.root)
            info = updater.get_targetinfo(target)
    except (tuf.RepositoryError, tuf.DownloadError, TooSlowError) as error:
        raise UpdateUntrustedError(_reason(error)) from error
    except (httpx.HTTPError, OSError) as error:
        raise UpdateUntrustedError(f"the signed metadata cannot be had: {error or type(error).__name__}") from error
    if info is None:
        raise UpdateRefusedError(f"{target or 'it'} is not among the models that were signed")
    try:
        sha256 = Sha256(info.hashes["sha256"])
        custom = info.custom or {}
        return Found(sha256, info.length, str(custom["kind"]), str(custom["name"]), str(custom["version"]))
    except (KeyError, InvalidIdError) as error:
        raise UpdateRefusedError(f"{target} was signed without its hash, kind, name or version") from error


class _Fetcher(FetcherInterface):
    """Documents over HTTPS with the device's certificate; the length bound is the caller's."""

    def __init__(self, client: httpx.Client, slowest: float) -> None:
        self._client, self._slowest = client, slowest

    def _fetch(self, url: str) -> Iterator[bytes]:
        pace = Pace(self._slowest, time.monotonic)
        with self._client.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise tuf.DownloadHTTPError(f"the control plane answers {answer.status_code}", answer.status_code)
            for chunk in answer.iter_bytes():
                pace.came(len(chunk))
                yield chunk


def _reason(error: Exception) -> str:
    """One line for a person; first what it means, then the library's words."""
    meanings: tuple[tuple[type[Exception], str], ...] = (
        (tuf.UnsignedMetadataError, "the metadata is not signed with enough of the keys that count"),
        (tuf.ExpiredMetadataError, "the metadata has ended, and nobody has signed newer (or this clock is wrong)"),
        (tuf.BadVersionNumberError, "the metadata is older than what was seen, or not of one moment"),
        (tuf.LengthOrHashMismatchError, "the metadata is not what was named"),
        (tuf.DownloadLengthMismatchError, "the metadata is longer than it may be"),
        (tuf.DownloadHTTPError, "the metadata cannot be had"),
        (TooSlowError, "the metadata comes too slowly"),
    )
    meaning = next((text for kind, text in meanings if isinstance(error, kind)), "the metadata cannot be read")
    return f"{meaning}: {error}"
