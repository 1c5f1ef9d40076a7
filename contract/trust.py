"""What devices and the control plane agree on about signed models: where the metadata is, and how targets are called.

The metadata is that of The Update Framework (TUF 1.0). `root` and `targets` are signed with keys that are kept offline;
`targets` delegates everything below `models/` to the role `models`, with which the control plane signs what it was
given. With consistent snapshots a bundle is served under its SHA-256, so no bundle ever changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract.manifest import SUFFIX

if TYPE_CHECKING:
    from contract.ids import Sha256

METADATA = "/api/v1/trust/metadata"  # on the devices' own port; below it VERSION.ROLE.json, and timestamp.json
TARGETS = "/api/v1/trust/targets"  # below it, models/SHA256.NAME-VERSION.kubeddr
ROLE = "models"  # the delegated one
MAX_METADATA = 512_000  # bytes of any one document


def target_name(name: str, version: str) -> str:
    """What a model is called in the metadata.

    >>> target_name("reader", "1.2.0")
    'models/reader-1.2.0.kubeddr'
    """
    return f"{ROLE}/{name}-{version}{SUFFIX}"


def target_path(target: str, sha256: Sha256) -> str:
    """Where the bundle of a target is, below the control plane's URL for devices."""
    folder, _, base = target.rpartition("/")
    return f"{TARGETS}/{folder}/{sha256}.{base}"
