"""The cabinet's picture over HTTP, as an endless multipart stream that browsers and OpenCV alike can open."""

from __future__ import annotations

import errno
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

import cv2

from models.simulate.cabinet import Cabinet, CabinetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

QUALITY = 88  # of the JPEG pictures
PATIENCE = 5.0  # seconds that a viewer may take to swallow a picture before it is let go
BOUNDARY = "frame"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>kubeddr cabinet</title>
<style>html,body{{margin:0;height:100%;background:#0b0b10;color:#b9b9c6;font:14px/1.5 system-ui,sans-serif}}
body{{display:grid;place-content:center;justify-items:center;gap:12px}}
img{{max-width:96vw;max-height:86vh;border-radius:10px;box-shadow:0 12px 60px #000}}</style>
<img src="/stream.mjpg" alt="A dance-game cabinet, two players" width="{width}" height="{height}">
<div>theme {theme}, seed {seed}. Every note, player and score is simulated.</div></html>"""


class Feed:
    """Draws the newest picture for whoever watches; nobody watching, nothing drawn.

    Args:
        cabinet: what is drawn.
        fps: pictures a second.
        clock: seconds; the evening begins with the first call.
    """

    def __init__(self, cabinet: Cabinet, fps: float, clock: Callable[[], float] = time.monotonic) -> None:
        if fps <= 0:
            raise CabinetError(f"frames a second must be more than 0, not {fps:g}")
        self.cabinet = cabinet
        self._pause = 1.0 / fps
        self._clock = clock
        self._begin = clock()
        self._changed = threading.Condition()
        self._picture = b""
        self._number = 0
        self._viewers = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._draw, name="cabinet", daemon=True)

    @property
    def viewers(self) -> int:
        """How many are watching."""
        return self._viewers

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def stop(self) -> None:
        """End the drawing, and every viewer's wait."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def join(self) -> None:
        """One viewer more."""
        with self._changed:
            self._viewers += 1
            self._changed.notify_all()

    def leave(self) -> None:
        """One viewer less."""
        with self._changed:
            self._viewers -= 1

    def next(self, seen: int) -> tuple[int, bytes] | None:
        """The first picture after picture number `seen`, with its number; None when the feed has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._number > seen)
            return None if self._stopped else (self._number, self._picture)

    def now(self) -> bytes:
        """The picture of this moment, JPEG."""
        return self._jpeg(self._clock() - self._begin)

    def _draw(self) -> None:
        due = self._clock()
        while True:
            with self._changed:
                idle = self._viewers == 0
                self._changed.wait_for(lambda: self._stopped or self._viewers > 0)
                self._changed.wait_for(lambda: self._stopped, max(0.0, due - self._clock()))
                if self._stopped:
                    return
            now = self._clock()
            due = now + self._pause if idle else max(due + self._pause, now)
            picture = self._jpeg(now - self._begin)
            with self._changed:
                self._picture, self._number = picture, self._number + 1
                self._changed.notify_all()

    def _jpeg(self, t: float) -> bytes:
        _, data = cv2.imencode(".jpg", self.cabinet.frame(t), (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        return data.tobytes()


class CabinetServer:
    """Serves a feed: `/stream.mjpg`, `/frame.jpg`, a page at `/`, and `/healthz`. A context manager.

    Args:
        feed: the pictures.
        host: address to listen on.
        port: 0 for any free one.

    Raises:
        CabinetError: the port cannot be had.
    """

    def __init__(self, feed: Feed, host: str = "127.0.0.1", port: int = 0) -> None:
        self.feed = feed
        try:
            self._http = _Listener((host, port), feed)
        except (OSError, OverflowError) as error:
            why = "is taken" if getattr(error, "errno", None) == errno.EADDRINUSE else f"cannot be had ({error})"
            raise CabinetError(f"{host}:{port} {why}; choose another with --port") from error
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.1,), name="cabinet-http", daemon=True)

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}/"

    def __enter__(self) -> Self:
        self.feed.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.feed.stop()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], feed: Feed) -> None:
        self.feed = feed
        super().__init__(address, _Viewer)

    def handle_error(self, request: object, client_address: object) -> None:
        """A viewer that hangs up is no error."""


class _Viewer(BaseHTTPRequestHandler):
    """One viewer's connection."""

    timeout = PATIENCE
    server: _Listener

    def do_GET(self) -> None:
        """Answer one request."""
        path = self.path.split("?", 1)[0]
        cabinet = self.server.feed.cabinet
        if path == "/stream.mjpg":
            self._stream()
        elif path == "/frame.jpg":
            self._answer("image/jpeg", self.server.feed.now())
        elif path == "/":
            width, height = cabinet.size
            page = PAGE.format(width=width, height=height, theme=cabinet.theme.name, seed=cabinet.seed)
            self._answer("text/html; charset=utf-8", page.encode())
        elif path == "/healthz":
            self._answer("text/plain", b"ok\n")
        else:
            self.send_error(HTTPStatus.NOT_FOUND, "there are /, /stream.mjpg, /frame.jpg and /healthz")

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        feed = self.server.feed
        feed.join()
        try:
            seen = 0
            while (newest := feed.next(seen)) is not None:
                seen, picture = newest
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")
        except OSError:
            return  # hung up, or too slow
        finally:
            feed.leave()

    def log_message(self, *_: object) -> None:
        """Say nothing: the cabinet's terminal is for people."""
