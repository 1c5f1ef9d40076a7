"""An agent in a thread, with a reader that has its bad moments."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from edge_agent import settings
from edge_agent.agent import Agent
from models import bundle
from models.bundle import Bundle, Draft, Golden
from models.runtime import Network
from tests.device_fakes import LevelReader

if TYPE_CHECKING:
    from edge_agent.ports import ScreenReader
    from game.reading import ScreenReading
    from vision.frame import Frame

TINY = (Path(__file__).parent / "data" / "tiny_float.tflite").read_bytes()
GIVEN = np.linspace(0, 1, 96, dtype=np.float32).reshape(1, 8, 12, 1)


class NervousReader(LevelReader):
    """Fails now and then, as no reader should."""

    frames = 0

    def read(self, frame: Frame) -> ScreenReading:
        self.frames += 1
        if self.frames % 7 == 0:
            raise ValueError("a bad moment")
        return super().read(frame)


def builtin() -> tuple[ScreenReader, Bundle]:
    golden = Golden("line", GIVEN, Network(TINY)(GIVEN), 1e-4)
    return NervousReader(), bundle.decode(bundle.encode(Draft("reader", "fake", "1.0", {"line": TINY}, [golden])))


class Running:
    """An agent in a thread, as `kubeddr agent` runs it."""

    def __init__(self, folder: Path, source: str, broker: str = "", *, url: str = "", token: str = "") -> None:
        given = settings.build(
            source=source,
            device="cabinet-1",
            name="First cabinet",
            url=url,
            token=token,
            broker=broker,
            data=folder / "data",
            host="127.0.0.1",
            port=0,
        )
        self.agent = Agent(given, build_reader=lambda _bundle: LevelReader(), builtin=builtin)
        self._loop = asyncio.new_event_loop()
        # a daemon, so that a test that fails before `stop` does not keep the suite from ending
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self.agent.run()), daemon=True)
        self._thread.start()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.agent.page + path)

    def view(self) -> dict[str, Any]:
        return self.agent.board.view()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.agent.stop)
            self._thread.join(5)
        assert not self._thread.is_alive()
