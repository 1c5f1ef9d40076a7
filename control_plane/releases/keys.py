"""Signing keys on disk, one file each. Those of a folder are found by their key id, whatever the files are called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, SSlibKey

from control_plane.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from securesystemslib.signer import Key

SHOWN = 12  # letters of a key id that tell keys apart for people


class Ring:
    """The private keys of some folders."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._signers: dict[str, CryptoSigner] = {}
        for folder in folders:
            for path in sorted(folder.glob("*.pem")):
                signer = _read(path)
                self._signers[signer.public_key.keyid] = signer

    def signer(self, keyid: str) -> CryptoSigner | None:
        """The key with this id, when it is here."""
        return self._signers.get(keyid)

    def signers(self, role: str, keyids: Iterable[str], threshold: int) -> list[CryptoSigner]:
        """Enough keys to sign for a role.

        Raises:
            RefusedError: too few of them are here.
        """
        found = [signer for keyid in keyids if (signer := self._signers.get(keyid)) is not None]
        if len(found) < threshold:
            raise RefusedError(
                f"Signing for {role} takes {threshold} of its keys, and {len(found)} are here: "
                "name the folders that hold them with --offline."
            )
        return found

    def make(self, folder: Path, role: str) -> Key:
        """A new key for a role, in `folder`, which only its owner may read."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        signer = CryptoSigner.generate_ed25519()
        key = signer.public_key
        path = folder / f"{role}-{key.keyid[:SHOWN]}.pem"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(signer.private_bytes)
            file.flush()
            os.fsync(file.fileno())
        self._signers[key.keyid] = signer
        return key


def _read(path: Path) -> CryptoSigner:
    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise RefusedError(f"The key {path} cannot be read: {error}.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise RefusedError(f"{path} is not one of the Ed25519 keys that `kubeddr keys init` makes.")
    return CryptoSigner(private, SSlibKey.from_crypto(private.public_key()))
