"""Which capture devices this machine has, as Linux tells (V4L2), and which of them is most likely the cabinet's."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CLASS = Path("/sys/class/video4linux")
# The same words as in 70-kubeddr.rules; a test holds them together.
NO_PICTURES = ("bcm2835-codec*", "bcm2835-isp*", "bcm2835_*", "pispbe*", "rpi-hevc*", "rpivid*")
CARDS = (
    "*[Hh][Dd][Mm][Ii]*",
    "*Cam Link*",
    "*[Cc]apture*",
    "*USB Video*",
    "*USB3 Video*",
    "*MS2109*",
    "*Game Capture*",
    "*tc358743*",
)
CSI = ("unicam*", "rp1-cfe*", "vi-output*")  # Raspberry Pi up to 4, from 5 on, Jetson


class Kind(IntEnum):
    """What it is; what is more likely to see a cabinet is greater."""

    CSI = 1
    CAMERA = 2
    CARD = 3


@dataclass(frozen=True, slots=True)
class Camera:
    """A node that gives pictures: its path in /dev, and what its driver calls it."""

    path: str
    name: str
    kind: Kind


def find(folder: Path = CLASS) -> tuple[Camera, ...]:
    """All of this machine, the likeliest first."""
    found = (_look(node) for node in sorted(folder.glob("video*"), key=lambda node: (len(node.name), node.name)))
    return in_order(camera for camera in found if camera is not None)


def in_order(cameras: Iterable[Camera]) -> tuple[Camera, ...]:
    """The likeliest first: capture cards, then USB cameras, then ribbon cables; by number within a kind."""
    return tuple(sorted(cameras, key=lambda camera: -camera.kind))


def kind_of(name: str) -> Kind | None:
    """What a driver's name says; None for what gives no pictures.

    >>> kind_of("USB Video: USB Video").name, kind_of("HD Pro Webcam C920").name, kind_of("bcm2835-isp-capture0")
    ('CARD', 'CAMERA', None)
    """
    for kind, patterns in ((None, NO_PICTURES), (Kind.CSI, CSI), (Kind.CARD, CARDS)):
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            return kind
    return Kind.CAMERA


def _look(node: Path) -> Camera | None:
    try:
        name, index = ((node / part).read_text(encoding="utf-8").strip() for part in ("name", "index"))
    except (OSError, ValueError):
        return None
    kind = kind_of(name)
    return Camera(f"/dev/{node.name}", name, kind) if kind is not None and index == "0" else None
