from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from models.simulate.cabinet import CabinetError, build
from models.simulate.server import CabinetServer, Feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZE = (320, 180)


def reached(condition: Callable[[], bool]) -> bool:
    """Wait for something that has to happen, with a generous bound."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def server() -> Iterator[CabinetServer]:
    with CabinetServer(Feed(build(3, "overlay", SIZE, 5.0), fps=25.0)) as running:
        yield running


def get(server: CabinetServer, path: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


def opened(server: CabinetServer) -> socket.socket:
    """A viewer that asks for the stream and then reads nothing."""
    address = urlsplit(server.url)
    viewer = socket.create_connection((address.hostname or "", address.port or 0), timeout=10)
    viewer.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: cabinet\r\n\r\n")
    return viewer


def test_opencv_opens_the_stream_and_the_picture_moves(server: CabinetServer) -> None:
    capture = cv2.VideoCapture(f"{server.url}stream.mjpg")
    try:
        frames = [capture.read() for _ in range(8)]
    finally:
        capture.release()
    assert all(ok for ok, _ in frames)
    assert frames[0][1].shape == (180, 320, 3)
    assert np.abs(frames[-1][1].astype(int) - frames[0][1]).mean() > 0.2
    assert reached(lambda: server.feed.viewers == 0), "the viewer hung up and is still counted"


def test_a_viewer_that_reads_nothing_holds_nobody_up(server: CabinetServer) -> None:
    stalled = opened(server)
    assert reached(lambda: server.feed.viewers == 1)
    capture = cv2.VideoCapture(f"{server.url}stream.mjpg")
    assert all(capture.read()[0] for _ in range(10))
    capture.release()
    stalled.close()
    assert reached(lambda: server.feed.viewers == 0)


def test_many_come_and_go_and_no_thread_stays(server: CabinetServer) -> None:
    before = threading.active_count()
    viewers = [opened(server) for _ in range(12)]
    assert reached(lambda: server.feed.viewers == 12)
    for viewer in viewers:
        viewer.close()
    assert reached(lambda: server.feed.viewers == 0)
    assert reached(lambda: threading.active_count() <= before)


def test_nothing_is_drawn_while_nobody_watches(server: CabinetServer) -> None:
    viewer = opened(server)
    assert reached(lambda: server.feed._number >= 2)
    viewer.close()
    assert reached(lambda: server.feed.viewers == 0)
    time.sleep(0.2)  # the picture that was being drawn
    number = server.feed._number
    time.sleep(0.3)
    assert server.feed._number == number


def test_page_picture_health_and_what_is_not_there(server: CabinetServer) -> None:
    status, kind, page = get(server, "/")
    assert (status, kind.split(";")[0]) == (200, "text/html")
    assert b'src="/stream.mjpg"' in page
    status, kind, data = get(server, "/frame.jpg")
    assert (status, kind) == (200, "image/jpeg")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (180, 320, 3)
    assert get(server, "/healthz")[2] == b"ok\n"
    assert get(server, "/elsewhere")[0] == 404


def test_stopping_ends_every_stream_and_frees_the_port() -> None:
    with CabinetServer(Feed(build(3, "plates", SIZE, 5.0), fps=25.0)) as server:
        port = urlsplit(server.url).port or 0
        viewer = opened(server)
        assert reached(lambda: server.feed.viewers == 1)
    assert reached(lambda: not any(thread.name.startswith("cabinet") for thread in threading.enumerate()))
    while viewer.recv(65536):
        pass  # what was on its way, then the end
    viewer.close()
    with CabinetServer(Feed(build(3, "plates", SIZE, 5.0), fps=25.0), port=port) as again:
        assert urlsplit(again.url).port == port
        with pytest.raises(CabinetError, match=r"is taken; choose another with --port"):
            CabinetServer(Feed(build(3, "plates", SIZE, 5.0), fps=25.0), port=port)


COMMAND = [str(Path(sys.executable).with_name("kubeddr")), "cabinet", "--size", "320x180", "--song", "1.5"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    process = subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    url = next(word for word in line.split() if word.startswith("http"))
    capture = cv2.VideoCapture(f"{url}stream.mjpg")
    assert capture.read()[0]
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    capture.release()
    assert (process.returncode, errors) == (0, "")


def test_the_command_films(tmp_path: Path) -> None:
    video, truth = tmp_path / "a.mp4", tmp_path / "a.jsonl"
    done = subprocess.run(
        [*COMMAND, "--file", video, "--truth", truth, "--theme", "arcade", "--fps", "4", "--seed", "9"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "theme arcade, seed 9" in done.stderr
    assert video.stat().st_size > 10_000
    assert '"type":"eval"' in truth.read_text()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--theme", "mauve"], 1, "there are auto, plates"),
        (["--seed", "-1"], 1, "a seed is 0 or more"),
        (["--size", "huge"], 2, "is not WIDTHxHEIGHT"),
        (["--size", "20x20"], 1, "pixels on a side"),
        (["--fps", "0"], 1, "more than 0"),
        (["--truth", "x.jsonl"], 2, "give --file too"),
        (["--file", "nowhere/x.mp4"], 1, "there is no folder"),
        (["--file", "x.mp4", "--matches", "0"], 1, "nothing to film"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_answered_in_one_sentence(options: list[str], code: int, said: str, tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == code
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
