"""The bundle's container: which members a bundle may have, their sizes and hashes. Bytes in, bytes out."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "manifest.json"
GOLDEN = "golden.npz"
MAX_MEMBER = 16 << 20  # bytes
MAX_BUNDLE = 32 << 20
MAX_MANIFEST = 64 << 10
MAX_MEMBERS = 16
_MEMBER = re.compile(r"[a-z][a-z0-9_]{0,31}\.tflite|golden\.npz|manifest\.json")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date a zip can hold: a bundle has no date of its own


class BundleError(Exception):
    """A bundle must not be used; the text says why."""


class FileEntry(BaseModel):
    """One member of a bundle as the manifest declares it."""

    model_config = ConfigDict(frozen=True)

    size: int = Field(ge=0, le=MAX_MEMBER)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a bundle says about itself.

    Attributes:
        kind: what the model is for.
        settings: what the code that runs the networks has to know, such as an alphabet.
        created_from: where the model comes from, such as the data's seed and the code's version.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["reader", "winner", "pad"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$")
    schema_version: Literal[1] = Field(default=1, alias="schema")
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    created_from: dict[str, str] = Field(default_factory=dict)
    files: dict[str, FileEntry] = Field(default_factory=dict)


def seal(manifest: Manifest, members: Mapping[str, bytes]) -> bytes:
    """The zip file of these members; the manifest's own list of files is made here."""
    files = {n: FileEntry(size=len(d), sha256=hashlib.sha256(d).hexdigest()) for n, d in sorted(members.items())}
    text = manifest.model_copy(update={"files": files}).model_dump_json(by_alias=True, indent=2)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted({**members, MANIFEST: text.encode() + b"\n"}.items()):
            archive.writestr(_member(name), data)
    return out.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3  # the same bytes on every system
    info.external_attr = 0o644 << 16
    return info


def unseal(data: bytes) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest and the other members, when names, sizes and hashes are as they must be.

    Raises:
        BundleError: anything is not; the text says what.
    """
    if len(data) > MAX_BUNDLE:
        raise BundleError(f"{len(data)} bytes, allowed {MAX_BUNDLE}")
    members = _members(data)
    try:
        manifest = Manifest.model_validate_json(members.pop(MANIFEST))
    except ValidationError as error:
        raise BundleError(f"bad {MANIFEST}: {first_error(error)}") from error
    if set(manifest.files) != set(members):
        odd = ", ".join(sorted(set(manifest.files) ^ set(members)))
        raise BundleError(f"manifest and content differ: {odd}")
    for name, entry in manifest.files.items():
        if len(members[name]) != entry.size or hashlib.sha256(members[name]).hexdigest() != entry.sha256:
            raise BundleError(f"{name} is not what the manifest says (size or hash)")
    return manifest, members


def _members(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            for info in infos:
                _check_member(info)
            names = [info.filename for info in infos]
            if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
                raise BundleError(f"too many members, or one twice: {len(names)}")
            if missing := {MANIFEST, GOLDEN} - set(names):
                raise BundleError(f"missing {', '.join(sorted(missing))}")
            return {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BundleError(f"not a whole zip file: {error}") from error


def _check_member(info: zipfile.ZipInfo) -> None:
    if not _MEMBER.fullmatch(info.orig_filename):
        raise BundleError(f"member {info.orig_filename[:60]!r} does not belong in a bundle")
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise BundleError(f"{info.filename} is compressed; members are stored")
    limit = MAX_MANIFEST if info.filename == MANIFEST else MAX_MEMBER
    if info.file_size > limit:
        raise BundleError(f"{info.filename} has {info.file_size} bytes, allowed {limit}")


def first_error(error: ValidationError) -> str:
    """The first fault that pydantic found, in one line."""
    detail = error.errors()[0]
    return f"{'.'.join(str(part) for part in detail['loc']) or 'content'}: {detail['msg']}"
