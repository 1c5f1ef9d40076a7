"""Picture files that the command is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from vision.frame import Image


def opened(path: Path) -> Image:
    """The picture in a file.

    Raises:
        ValueError: it cannot be read or is no picture; the text is for the person who named it.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"Cannot read {path}: {error.strerror}.") from error
    picture = _decoded(data)
    if picture is None:
        raise ValueError(f"{path} is not a picture that can be read; PNG and JPEG can.")
    return picture


def _decoded(data: bytes) -> Image | None:
    """The picture in a file's bytes, or None."""
    import cv2  # noqa: PLC0415 - the rooms are heavy, --help is not
    import numpy as np  # noqa: PLC0415

    if not data:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # a header that promises more pixels than OpenCV takes
        return None
    return None if picture is None else picture.astype(np.uint8, copy=False)
