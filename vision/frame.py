"""A picture and its moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]  # (height, width, 3), blue green red
Floats: TypeAlias = NDArray[Any]  # real numbers of either width; OpenCV's own types do not say which


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source.

    Attributes:
        image: (height, width, 3) bytes, blue green red.
        t: seconds, media time for a file and monotonic time for a live source.
        index: counts the source's frames from 0; a gap is a dropped frame.
    """

    image: Image
    t: float
    index: int
