from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

from edge_agent.backoff import Backoff
from edge_agent.capture.live import CaptureState, LiveCapture, Patience
from tests.device_fakes import picture

if TYPE_CHECKING:
    from vision.frame import Image


class FakeCamera:
    """Gives what is put into it; None is a failed read; HANG waits until released."""

    def __init__(self) -> None:
        self.pictures: queue.Queue[Image | None] = queue.Queue()
        self.hang = threading.Event()
        self.released = False
        self.reads = 0

    def read(self) -> Image | None:
        self.reads += 1
        image = self.pictures.get()
        if image is not None and image.size == 0:
            self.hang.wait(20)
            return None
        return image

    def release(self) -> None:
        self.released = True


HANG: Image = picture(0, 0)[:0]


class FakeDriver:
    """Opens cameras in turn; None does not open."""

    def __init__(self, *cameras: FakeCamera | None) -> None:
        self.cameras = list(cameras)
        self.opened = 0

    def __call__(self) -> FakeCamera | None:
        self.opened += 1
        return self.cameras.pop(0) if self.cameras else None


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def soon(capture: LiveCapture, state: CaptureState, clock: Clock | None = None) -> None:
    """Ask until the capture is in this state; a clock is moved on a little each time."""
    end = time.monotonic() + 5
    while capture.status().state is not state:
        capture.take(0.01)
        if clock is not None:
            clock.now += 0.05
        assert time.monotonic() < end, capture.status()


def test_the_newest_frame_wins_and_the_others_are_counted() -> None:
    camera = FakeCamera()
    capture = LiveCapture(FakeDriver(camera))
    assert capture.take(0) is None
    for level in range(5):
        camera.pictures.put(picture(level, 0))
    end = time.monotonic() + 5
    while camera.reads < 6 and time.monotonic() < end:  # the sixth read waits: five were taken in
        time.sleep(0.001)
    status = capture.status()
    frame = capture.take(1)
    assert frame is not None
    assert status.read == frame.index + 1 == 5
    assert status.dropped == 4
    assert (frame.image == picture(4, 0)).all()
    camera.pictures.put(None)
    capture.close()


def test_a_hung_read_is_noticed_and_the_source_comes_back() -> None:
    hung, good = FakeCamera(), FakeCamera()
    hung.pictures.put(picture(1, 1))
    hung.pictures.put(HANG)
    good.pictures.put(picture(2, 2))
    clock = Clock()
    capture = LiveCapture(FakeDriver(hung, good), name="camera 0", clock=clock, patience=Patience(stall=2.0))
    soon(capture, CaptureState.LIVE)
    soon(capture, CaptureState.STALLED, clock)
    assert capture.status().reason == "camera 0 gave no picture for 2 s"
    soon(capture, CaptureState.LIVE, clock)
    assert capture.status().opened == 2
    hung.hang.set()
    good.pictures.put(None)
    capture.close()
    assert capture.status().state is CaptureState.CLOSED


def test_a_source_that_ends_or_does_not_open_is_tried_again_and_again() -> None:
    ends, good = FakeCamera(), FakeCamera()
    ends.pictures.put(picture(1, 1))
    for _ in range(5):
        ends.pictures.put(None)
    good.pictures.put(picture(2, 2))
    clock = Clock()
    driver = FakeDriver(None, ends, None, None, good)
    capture = LiveCapture(driver, name="camera 0", clock=clock, backoff=Backoff(0.5, 4.0))
    soon(capture, CaptureState.LOST, clock)
    assert capture.status().reason == "camera 0 does not open"
    soon(capture, CaptureState.LIVE, clock)
    soon(capture, CaptureState.LOST, clock)
    assert capture.status().reason == "camera 0 ended"
    soon(capture, CaptureState.LIVE, clock)
    assert driver.opened == 5
    assert ends.released
    good.pictures.put(None)
    capture.close()


def test_hung_drivers_do_not_collect_threads() -> None:
    cameras = [FakeCamera() for _ in range(8)]
    for camera in cameras:
        camera.pictures.put(HANG)
    clock = Clock()
    driver = FakeDriver(*cameras)
    capture = LiveCapture(driver, clock=clock, patience=Patience(stall=1.0), backoff=Backoff(0.1, 0.1))
    for _ in range(200):
        capture.take(0.002)
        clock.now += 0.3
    assert driver.opened == 3
    for camera in cameras:
        camera.hang.set()
    end = time.monotonic() + 5
    while driver.opened < 4 and time.monotonic() < end:
        capture.take(0.01)
        clock.now += 0.3
    assert driver.opened >= 4
    capture.close()


def test_a_driver_that_raises_loses_the_source_and_not_the_agent() -> None:
    def raises() -> FakeCamera | None:
        raise RuntimeError("no such format")

    clock = Clock()
    capture = LiveCapture(raises, name="camera 0", clock=clock)
    soon(capture, CaptureState.LOST, clock)
    assert capture.status().reason == "camera 0 failed: no such format"
    capture.close()
