"""From the ingest thread to every open page."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

MAX_WAITING = 500  # notices; a page that is further behind is told to read everything again
BEAT = 3.0  # seconds between signs of life, by which a page knows a dead connection from a quiet one


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that changed.

    Attributes:
        event: its kind, as the stream names it.
        data: JSON.
        device, match: what it is about; empty when it is about all.
    """

    event: str
    data: str
    device: str = ""
    match: str = ""

    def text(self) -> str:
        """As server-sent events have it."""
        return f"event: {self.event}\ndata: {self.data}\n\n"


@dataclass(eq=False, slots=True)
class _Page:
    loop: asyncio.AbstractEventLoop
    devices: frozenset[str]
    matches: frozenset[str]
    kinds: frozenset[str]
    queue: asyncio.Queue[Notice | None] = field(default_factory=lambda: asyncio.Queue(MAX_WAITING + 1))

    def wants(self, notice: Notice) -> bool:
        if self.kinds and notice.event not in self.kinds:
            return False
        about_mine = not notice.device or not self.devices or notice.device in self.devices
        return about_mine and (not notice.match or not self.matches or notice.match in self.matches)

    def put(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            if self.queue.qsize() >= MAX_WAITING:
                while not self.queue.empty():
                    self.queue.get_nowait()
                self.queue.put_nowait(Notice("resync", "{}"))
                return
            self.queue.put_nowait(notice)


class Hub:
    """Hands notices to whoever listens. `publish` may be called from any thread."""

    def __init__(self) -> None:
        self._pages: set[_Page] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def watched(self) -> bool:
        """Whether anybody listens: else nothing need be prepared."""
        return bool(self._pages)

    def wants(self, event: str, *, device: str = "", match: str = "") -> bool:
        """Whether anybody listens to that: else it need not be prepared. What is not known may be anything."""
        asked = Notice(event, "", device, match)
        with self._lock:
            return any(page.wants(asked) for page in self._pages)

    def publish(self, notices: Sequence[Notice]) -> None:
        """Hand them on, in this order."""
        with self._lock:
            pages = list(self._pages)
        for page in pages:
            wanted = [notice for notice in notices if page.wants(notice)]
            if wanted and not page.loop.is_closed():
                page.loop.call_soon_threadsafe(page.put, wanted)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        with self._lock:
            pages = list(self._pages)
        for page in pages:
            if not page.loop.is_closed():
                page.loop.call_soon_threadsafe(page.queue.put_nowait, None)

    @contextmanager
    def _joined(self, devices: Iterable[str], matches: Iterable[str], kinds: Iterable[str]) -> Iterator[_Page]:
        page = _Page(asyncio.get_running_loop(), frozenset(devices), frozenset(matches), frozenset(kinds))
        with self._lock:
            self._pages.add(page)
        try:
            yield page
        finally:
            with self._lock:
                self._pages.discard(page)

    async def listen(
        self, *, devices: Iterable[str] = (), matches: Iterable[str] = (), kinds: Iterable[str] = ()
    ) -> AsyncIterator[Notice | None]:
        """What changes from now on, for ever; None whenever nothing did for a while. Naming none means all."""
        with self._joined(devices, matches, kinds) as page:
            yield None
            while not self._closed:
                try:
                    notice = await asyncio.wait_for(page.queue.get(), BEAT)
                except TimeoutError:
                    yield None
                else:
                    if notice is None:
                        return
                    yield notice
