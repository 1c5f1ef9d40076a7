"""A live stream over HTTP that hangs, dies and comes back, read through the real OpenCV."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import cv2
import pytest

from edge_agent.backoff import Backoff
from edge_agent.capture.live import CaptureState, LiveCapture
from edge_agent.capture.opencv import open_video
from edge_agent.capture.source import parse_source
from tests.device_broker import eventually, free_port
from tests.device_fakes import picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Camera:
    """An MJPEG server that can be killed, started again on its port, and made to hang without hanging up."""

    def __init__(self) -> None:
        self.port = free_port()
        self.hangs = False
        self.dead = False
        self.sent = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def start(self) -> None:
        outer = self
        outer.dead = False

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                try:
                    while not outer.dead:
                        if not outer.hangs:
                            outer.sent += 1
                            data = cv2.imencode(".jpg", picture(outer.sent % 20, 1))[1].tobytes()
                            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                            self.wfile.write(head.encode() + data + b"\r\n")
                        time.sleep(0.03)
                except OSError:
                    pass

            def log_message(self, *args: object) -> None:
                pass

        ThreadingHTTPServer.daemon_threads = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.dead = True
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def camera() -> Iterator[Camera]:
    camera = Camera()
    yield camera
    camera.stop()


def test_a_stream_that_hangs_or_dies_comes_back_by_itself(camera: Camera) -> None:
    source = parse_source(f"http://127.0.0.1:{camera.port}/stream.mjpg")
    capture = LiveCapture(lambda: open_video(source), name=source.name, backoff=Backoff(0.1, 0.5))

    def is_in(state: CaptureState) -> bool:
        capture.take(0.05)
        return capture.status().state is state

    eventually(lambda: is_in(CaptureState.LIVE))
    camera.stop()
    eventually(lambda: is_in(CaptureState.LOST))
    camera.start()
    eventually(lambda: is_in(CaptureState.LIVE), 15)
    camera.hangs = True
    begun = time.monotonic()
    eventually(lambda: is_in(CaptureState.STALLED))
    assert time.monotonic() - begun < 5  # although the read itself has not come back
    camera.hangs = False
    eventually(lambda: is_in(CaptureState.LIVE), 15)
    assert capture.status().opened >= 3
    capture.close()


def watching(source: str, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from kubeddr.cli import main; main()", "watch", source, "--jsonl", str(out)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_watching_a_stream_ends_in_good_order_on_a_signal(camera: Camera, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    process = watching(f"http://127.0.0.1:{camera.port}/stream.mjpg", out)
    eventually(lambda: out.is_file() and out.stat().st_size > 0, 20)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert "The picture is there." in told
    assert all(json.loads(line) for line in io.StringIO(out.read_text()))


def test_a_camera_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    process = watching("/dev/video63", tmp_path / "out.jsonl")
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert told.strip().splitlines()[-1].startswith("/dev/video63 does not open.")
    assert "Traceback" not in told
