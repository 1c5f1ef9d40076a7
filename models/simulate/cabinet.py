"""A whole cabinet: an evening of matches, and the pictures of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.simulate.render import Renderer
from models.simulate.session import SONG, Session
from models.simulate.themes import choose

if TYPE_CHECKING:
    from models.simulate.session import Scene
    from models.simulate.theme import Theme
    from vision.frame import Image

SMALLEST, LARGEST = 160, 3840  # pixels on a side


class CabinetError(Exception):
    """A cabinet cannot be built or run as asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Cabinet:
    """The same seed, theme, size and song length give the same evening and the same pictures."""

    seed: int
    theme: Theme
    size: tuple[int, int]
    session: Session
    renderer: Renderer

    def scene(self, t: float) -> Scene:
        """What is on at `t` seconds of the evening."""
        return self.session.at(t)

    def frame(self, t: float) -> Image:
        """The picture at `t` seconds: (height, width, 3) bytes, blue green red."""
        return self.renderer.frame(self.session.at(t))


def build(seed: int, theme: str = "auto", size: tuple[int, int] = (854, 480), song: float = SONG) -> Cabinet:
    """A cabinet.

    Args:
        seed: not below 0; decides everything that the other arguments leave open.
        theme: a name in `models.simulate.themes.THEMES`, or "auto".
        size: width and height, pixels.
        song: seconds of notes in a match, about.

    Raises:
        CabinetError: the seed is below 0, or the size or the song is out of range.
        ThemeError: no such theme.
    """
    if seed < 0:
        raise CabinetError(f"a seed is 0 or more, not {seed}")
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise CabinetError(f"a picture has {SMALLEST} to {LARGEST} pixels on a side, not {size[0]}x{size[1]}")
    if not 1.0 <= song <= 3600.0:  # noqa: PLR2004 - a second to an hour
        raise CabinetError(f"a song lasts 1 to 3600 seconds, not {song:g}")
    look = choose(theme, seed)
    return Cabinet(seed, look, size, Session(seed, look.rule, look.roll, song), Renderer(look, size, seed))
