"""Whether a file is a bundle: what its manifest names is in it, byte for byte, and nothing else is."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

from contract import manifest as manifests
from contract.errors import ManifestError
from contract.manifest import MEMBER, Manifest

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20


def inspect(path: Path) -> Manifest:
    """Read a bundle's manifest and hold every member against it. Nothing is unpacked, loaded or executed.

    Raises:
        ManifestError: it is no bundle, or not the one that its manifest describes; the text says why.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _inspect(archive)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, ManifestError):
            raise
        raise ManifestError(f"not a whole zip file: {str(error)[:200]}") from error


def _inspect(archive: zipfile.ZipFile) -> Manifest:
    _check_members(archive.infolist())
    names = {member.filename for member in archive.infolist()}
    manifest = manifests.parse(archive.read(MEMBER))
    if odd := set(manifest.files) ^ (names - {MEMBER}):
        raise ManifestError(f"manifest and content differ: {', '.join(sorted(odd))[:200]}")
    for name, entry in manifest.files.items():
        digest = hashlib.sha256()
        with archive.open(name) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        if archive.getinfo(name).file_size != entry.size or digest.hexdigest() != entry.sha256:
            raise ManifestError(f"{name} is not what the manifest says (size or hash)")
    return manifest


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > manifests.MAX_MEMBERS + 1:
        raise ManifestError(f"{len(members)} members, allowed {manifests.MAX_MEMBERS + 1}")
    names = [member.filename for member in members]
    if MEMBER not in names:
        raise ManifestError(f"no {MEMBER} in it")
    if len(set(names)) != len(names):
        raise ManifestError("a member is there twice")
    for member in members:
        # a stored member is as big as it says, so nothing can swell; and no name leads out of a folder
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ManifestError(f"{member.filename[:60]!r} is compressed; members of a bundle are stored")
        if "/" in member.orig_filename or "\\" in member.orig_filename:
            raise ManifestError(f"{member.orig_filename[:60]!r} does not belong in a bundle")
        limit = manifests.MAX_MANIFEST if member.filename == MEMBER else manifests.MAX_MEMBER
        if member.file_size > limit:
            raise ManifestError(f"{member.filename[:60]!r} has {member.file_size} bytes, allowed {limit}")
