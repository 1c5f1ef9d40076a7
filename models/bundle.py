"""A model as a file: networks, what they are, and golden answers to test them by.

A bundle is one zip file, `*.kubeddr`, with stored (uncompressed) members and no folders:

    manifest.json   kind, name, version, schema, settings, created_from, and size and SHA-256 of every other member
    ROLE.tflite     one or more networks, such as locator.tflite and line.tflite
    golden.npz      inputs, the answers expected for them, and how far off an answer may be

The same content gives the same bytes, so a bundle's hash names its content. Nothing in a bundle is ever executed, and
nothing is unpacked to a disk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import JsonValue, ValidationError

from models.bundle_format import GOLDEN, MAX_BUNDLE, BundleError, Manifest, first_error, seal, unseal
from models.goldens import Golden, GoldenError, pack, unpack
from models.runtime import Network, NetworkError, backend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Bundle",
    "BundleError",
    "Draft",
    "Golden",
    "SelfTestFailed",
    "builtin",
    "decode",
    "encode",
    "open_bundle",
    "write",
]

SUFFIX = ".kubeddr"
BUILTIN = Path(__file__).parent / "bundles"


class SelfTestFailed(BundleError):  # noqa: N818 - it names what happened to the bundle
    """A network does not give its golden answers on this machine."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What goes into a new bundle; see `write`.

    Attributes:
        networks: the bytes of a .tflite file by role.
        goldens: at least one golden answer for every role.
    """

    kind: Literal["reader", "winner", "pad"]
    name: str
    version: str
    networks: Mapping[str, bytes]
    goldens: Sequence[Golden]
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    created_from: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose hashes fit.

    Attributes:
        digest: SHA-256 of the whole file, in hexadecimal.
        roles: the networks in it.
    """

    manifest: Manifest
    digest: str
    members: Mapping[str, bytes] = field(repr=False)
    goldens: tuple[Golden, ...] = field(repr=False)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of the networks, in alphabetical order."""
        return tuple(sorted(name.removesuffix(".tflite") for name in self.members if name.endswith(".tflite")))

    def network(self, role: str, *, num_threads: int = 1) -> Network:
        """The network of a role, ready to run; on a runtime that is not trusted it is held to its golden answers first.

        Raises:
            BundleError: no such role, or not a network.
            SelfTestFailed: the untrusted runtime answers wrongly.
        """
        if role not in self.roles:
            raise BundleError(f"{self.manifest.name} has no network {role!r}, only {', '.join(self.roles)}")
        try:
            network = Network(self.members[f"{role}.tflite"], num_threads=num_threads)
            if not backend().trusted:
                self._test(role, network)
        except NetworkError as error:
            raise BundleError(f"{self.manifest.name}: {role}: {error}") from error
        return network

    def self_test(self) -> None:
        """Run every network on its golden inputs.

        Raises:
            SelfTestFailed: an answer is off by more than its tolerance; the text gives the numbers.
            BundleError: a network does not load.
        """
        for role in self.roles:
            try:
                self._test(role, Network(self.members[f"{role}.tflite"]))
            except NetworkError as error:
                raise BundleError(f"{self.manifest.name}: {role}: {error}") from error

    def _test(self, role: str, network: Network) -> None:
        for golden in self.goldens:
            if golden.role != role:
                continue
            answer = network(golden.given)
            if answer.shape != golden.expected.shape:
                raise SelfTestFailed(f"{role}: answers {answer.shape}, expected {golden.expected.shape}")
            off = _distance(answer, golden.expected)
            if not off <= golden.tolerance:  # so that NaN fails too
                raise SelfTestFailed(f"{role}: off by {off:.3g}, allowed {golden.tolerance:.3g} ({backend().name})")


def _distance(one: NDArray[Any], two: NDArray[Any]) -> float:
    return float(np.max(np.abs(one.astype(np.float64) - two.astype(np.float64)), initial=0.0))


def encode(draft: Draft) -> bytes:
    """The bytes of a new bundle; the same draft gives the same bytes.

    Raises:
        BundleError: a name, size or role breaks the rules that `decode` checks, or a role has no golden answer.
    """
    members = {f"{role}.tflite": data for role, data in draft.networks.items()}
    members[GOLDEN] = pack(draft.goldens)
    try:
        manifest = Manifest(
            kind=draft.kind,
            name=draft.name,
            version=draft.version,
            settings=dict(sorted(draft.settings.items())),
            created_from=dict(sorted(draft.created_from.items())),
        )
    except ValidationError as error:
        raise BundleError(f"cannot write the manifest: {first_error(error)}") from error
    data = seal(manifest, members)
    decode(data)  # what is written can be read
    return data


def write(path: Path, draft: Draft) -> Bundle:
    """Write a new bundle and return it as it reads back; errors as `encode`."""
    data = encode(draft)
    path.write_bytes(data)
    return decode(data)


def decode(data: bytes) -> Bundle:
    """Check a bundle's bytes: names, sizes, hashes, manifest and golden answers.

    Raises:
        BundleError: anything is not as it must be; the text says what.
    """
    manifest, members = unseal(data)
    try:
        goldens = unpack(members[GOLDEN])
    except GoldenError as error:
        raise BundleError(f"bad {GOLDEN}: {error}") from error
    bundle = Bundle(manifest, hashlib.sha256(data).hexdigest(), members, goldens)
    untested = set(bundle.roles) ^ {golden.role for golden in goldens}
    if untested or not bundle.roles:
        raise BundleError(f"networks and golden answers differ: {', '.join(sorted(untested)) or 'no network'}")
    return bundle


def open_bundle(path: Path) -> Bundle:
    """Read and check a bundle file.

    Raises:
        BundleError: it cannot be read, or is not as a bundle must be.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BUNDLE + 1)
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror}") from error
    try:
        return decode(data)
    except BundleError as error:
        raise BundleError(f"{path.name}: {error}") from error


def builtin(name: str) -> Bundle:
    """The bundle of this name that comes with the project.

    Raises:
        BundleError: there is none.
    """
    path = BUILTIN / f"{name}{SUFFIX}"
    if not path.is_file():
        there = ", ".join(sorted(found.stem for found in BUILTIN.glob(f"*{SUFFIX}"))) or "none"
        raise BundleError(f"no built-in bundle {name!r} (there are: {there})")
    return open_bundle(path)
