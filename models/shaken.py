"""A bundle whose networks were shaken: whole, signed for, true to its own golden answers, and a little worse.

What no self-test can find. It shows that rollouts find it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.bundle import Draft, encode
from models.runtime import Network, backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from models.bundle import Bundle

LEAST = 64  # numbers of a tensor that are weights and not shapes, steps or the like
SELF_TEST = 1e-3  # how far off golden answers may be


def shaken(bundle: Bundle, version: str, amount: float, seed: int = 1) -> bytes:
    """The bytes of a bundle like `bundle` whose weights are off by `amount` times their own spread.

    Args:
        bundle: stays as it is.
        version: of the new one.
        amount: 0 changes nothing but the version.
        seed: of all chance.
    """
    chance = np.random.default_rng(seed)
    networks = {role: _shaken(bundle.members[f"{role}.tflite"], amount, chance) for role in bundle.roles}
    run = {role: Network(data) for role, data in networks.items()}
    goldens = [
        replace(each, expected=run[each.role](each.given), tolerance=max(each.tolerance, SELF_TEST))
        for each in bundle.goldens
    ]
    draft = Draft(
        kind=bundle.manifest.kind,
        name=bundle.manifest.name,
        version=version,
        networks=networks,
        goldens=goldens,
        settings=bundle.manifest.settings,
        created_from={**bundle.manifest.created_from, "shaken": f"{bundle.manifest.version} by {amount}"},
    )
    return encode(draft)


def _shaken(network: bytes, amount: float, chance: np.random.Generator) -> bytes:
    """The same network, its constant tensors found by their bytes and changed in their places."""
    data = bytearray(network)
    for weights in _weights(network):
        old = weights.tobytes()
        at = network.find(old)
        if at >= 0:
            new = weights + amount * weights.std() * chance.standard_normal(weights.shape)
            data[at : at + len(old)] = new.astype(weights.dtype).tobytes()
    return bytes(data)


def _weights(network: bytes) -> Iterator[NDArray[np.float32]]:
    interpreter = backend().interpreter(model_content=network)
    for detail in interpreter.get_tensor_details():  # before any is allocated, only constants can be read
        if detail["dtype"] is np.float32 and int(np.prod(detail["shape"])) >= LEAST:
            try:
                yield interpreter.get_tensor(detail["index"])
            except ValueError:
                continue
