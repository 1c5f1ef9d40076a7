"""A picture together with how it has moved since the places on it were learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision.frame import Floats, Image


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What can be read from as if the camera stood still.

    Attributes:
        image: (height, width, 3) bytes, blue green red.
        pose: homography (3, 3) from the pixels in which lines are given to those of `image`; None for the same ones.
    """

    image: Image
    pose: Floats | None = None
