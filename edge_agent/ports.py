"""What the device needs from others, as protocols; the composition root plugs the real ones in, tests plug in fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from game.reading import ScreenReading
    from vision.frame import Frame


class ScreenReader(Protocol):
    """Reads both scores off a picture. Never raises for what is in the picture."""

    def read(self, frame: Frame) -> ScreenReading:
        """What the screen shows at `frame.t`; a score that is not sure has no value."""

    def reset(self) -> None:
        """Forget what was seen so far: the next frame has nothing to do with the last one."""
