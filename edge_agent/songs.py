"""Which song a match is danced to: read from a few pictures around its beginning, while the match is followed."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from game.song import Song
from vision.text import read_text, song_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vision.frame import Frame, Image
    from vision.text import TextSeen

APART = 1.5  # seconds between the pictures that are kept
PATIENCE = 10.0  # seconds that a song is waited for
KEPT = 3  # of them: the announcement of a song, and the screen on which it is danced


class Songs:
    """Keeps a few pictures, has them read in a thread when a match begins, and tells the song when it is asked.

    Args:
        read: gives the texts on a picture; slow.
    """

    def __init__(self, read: Callable[[Image], list[TextSeen]] = read_text) -> None:
        self._read = read
        self._pictures: deque[tuple[float, Image]] = deque(maxlen=KEPT)
        self._reading: threading.Thread | None = None
        self._song = Song()

    def see(self, frame: Frame) -> None:
        """Keep this picture when it is time."""
        if not self._pictures or not 0 <= frame.t - self._pictures[-1][0] < APART:
            self._pictures.append((frame.t, frame.image.copy()))

    def begin(self) -> None:
        """A match begins."""
        self.song()
        self._song = Song()
        pictures = [image for _, image in self._pictures]
        self._reading = threading.Thread(target=self._look, args=(pictures,), name="song", daemon=True)
        self._reading.start()

    def song(self) -> Song:
        """The song of the match that began last; after a match there is hardly anything to wait for."""
        if self._reading is not None:
            self._reading.join(PATIENCE)
        return self._song

    def _look(self, pictures: Sequence[Image]) -> None:
        self._song = song_of([self._read(image) for image in pictures])
