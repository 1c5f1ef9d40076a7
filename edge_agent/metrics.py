"""What the device tells Prometheus. Counts are read where they are kept, when they are asked for."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from edge_agent.capture.live import CaptureState, CaptureStatus
from edge_agent.reporting.reconnection import LinkState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.metrics_core import Metric

    from edge_agent.ports import ScreenReader
    from game.match import MatchState
    from game.reading import ScreenReading
    from models.predictor import Prediction, Predictor
    from vision.frame import Frame

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
ENOUGH = 50  # frames that say what is usual
WINDOW = 5.0  # seconds over which the rate and the median are taken


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures are kept.

    Attributes:
        outbox: (events waiting, samples dropped, events that the disk did not take).
        link: (state, connections so far).
    """

    capture: Callable[[], CaptureStatus]
    outbox: Callable[[], tuple[int, int, int]]
    link: Callable[[], tuple[LinkState, int]]


class Metrics:
    """The device's registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        stage = Histogram("kubeddr_stage_seconds", "Time by stage.", ["stage"], buckets=BUCKETS, registry=self.registry)
        self._read, self._predict, self._age = (stage.labels(name) for name in ("read", "predict", "age"))
        confidence = Gauge("kubeddr_reading_confidence", "Of the last reading.", ["player"], registry=self.registry)
        self._confidence = (confidence.labels("1"), confidence.labels("2"))
        self.errors = Counter("kubeddr_pipeline_errors", "Frames that ended in an error.", registry=self.registry)
        self.matches = Counter("kubeddr_matches", "Matches that were finished.", registry=self.registry)
        self._recent: deque[tuple[float, float, float]] = deque(maxlen=600)
        self._sure: deque[tuple[float, float]] = deque(maxlen=600)
        self._predicted: deque[tuple[float, float]] = deque(maxlen=200)
        self._looked: deque[tuple[float, float]] = deque(maxlen=200)
        self._effort: deque[float] = deque(maxlen=600)
        self.finished = 0

    def watch(self, sources: Sources) -> None:
        """Report the figures of these parts as well."""
        self.registry.register(_Kept(sources))

    def frame(self, reading: ScreenReading, age: float, took: float, effort: float = 0.0) -> None:
        """Note a frame that was handled.

        Args:
            reading: what came out.
            age: seconds between the picture's arrival and the end of its handling.
            took: seconds of work.
            effort: seconds of processor time that it took, whatever else the machine does.
        """
        self._age.observe(age)
        now = time.monotonic()
        self._recent.append((now, took, age))
        if reading.visible:  # to look for displays costs otherwise than to read them
            self._effort.append(effort)
            self._sure.append((now, min(reading.p1.confidence, reading.p2.confidence)))
        for gauge, player in zip(self._confidence, (reading.p1, reading.p2), strict=True):
            gauge.set(player.confidence)

    def rate(self) -> tuple[float, float | None]:
        """Frames a second, and the median milliseconds of one, over the last seconds."""
        since = time.monotonic() - WINDOW
        took = [seconds for at, seconds, _ in tuple(self._recent) if at >= since]
        return len(took) / WINDOW, median(took) * 1000 if took else None

    def confidence(self) -> float | None:
        """Of the weaker of both scores while a game shows them, the median of the last seconds; None without a game."""
        return _median(self._sure, time.monotonic() - WINDOW)

    def stages(self) -> dict[str, float]:
        """Milliseconds by stage, medians of the last seconds; a stage that did not run is not in it."""
        since = time.monotonic() - WINDOW
        recent = tuple(self._recent)
        found = {
            "read": _median([(at, took) for at, took, _ in recent], since),
            "age": _median([(at, age) for at, _, age in recent], since),
            "predict": _median(self._predicted, since),
        }
        return {name: round(seconds * 1000, 3) for name, seconds in found.items() if seconds is not None}

    def usual(self) -> tuple[float | None, float | None]:
        """Milliseconds of processor time a frame, and confidence, while a game is shown; medians since `begin_anew`.

        None where too little was seen to tell.
        """
        effort, sure = tuple(self._effort), [value for _, value in tuple(self._sure)]
        return (
            median(effort) * 1000 if len(effort) >= ENOUGH else None,
            median(sure) if len(sure) >= ENOUGH else None,
        )

    def begin_anew(self) -> None:
        """What was usual is so no more: another model has taken over."""
        self._effort.clear()
        self._sure.clear()

    def latency(self, *, reader: bool) -> float | None:
        """Median milliseconds of the last runs of the reader, or of the predictor."""
        took = [seconds for _, seconds in tuple(self._looked if reader else self._predicted)]
        return median(took) * 1000 if took else None

    def timed(self, reader: ScreenReader) -> TimedReader:
        """The same reader, with its time taken."""
        return TimedReader(reader, self._read, self._looked)

    def timed_predictor(self, predictor: Predictor) -> TimedPredictor:
        """The same predictor, with its time taken."""
        return TimedPredictor(predictor, self._predict, self._predicted)


class TimedReader:
    """A reader whose time is taken."""

    __slots__ = ("_histogram", "_recent", "inner")

    def __init__(self, inner: ScreenReader, histogram: Histogram, recent: deque[tuple[float, float]]) -> None:
        self.inner, self._histogram, self._recent = inner, histogram, recent

    def read(self, frame: Frame) -> ScreenReading:
        """As the inner reader."""
        begun = time.perf_counter()
        reading = self.inner.read(frame)
        took = time.perf_counter() - begun
        self._histogram.observe(took)
        self._recent.append((time.monotonic(), took))
        return reading

    def reset(self) -> None:
        """As the inner reader."""
        self.inner.reset()


class TimedPredictor:
    """A predictor whose time is taken."""

    __slots__ = ("_histogram", "_inner", "_recent")

    def __init__(self, inner: Predictor, histogram: Histogram, recent: deque[tuple[float, float]]) -> None:
        self._inner, self._histogram, self._recent = inner, histogram, recent

    @property
    def name(self) -> str:
        """As the inner predictor."""
        return self._inner.name

    def predict(self, state: MatchState) -> Prediction:
        """As the inner predictor."""
        begun = time.perf_counter()
        said = self._inner.predict(state)
        took = time.perf_counter() - begun
        self._histogram.observe(took)
        self._recent.append((time.monotonic(), took))
        return said


class _Kept(Collector):
    """Figures that their owners keep."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        capture = self._sources.capture()
        waiting, dropped, lost = self._sources.outbox()
        link, connections = self._sources.link()
        yield CounterMetricFamily("kubeddr_frames_read", "Pictures received.", capture.read)
        yield CounterMetricFamily("kubeddr_frames_dropped", "Pictures that a newer one replaced.", capture.dropped)
        yield CounterMetricFamily("kubeddr_source_opened", "How often the source was opened.", capture.opened)
        yield _states("kubeddr_capture_state", "Where the source stands.", CaptureState, capture.state)
        yield GaugeMetricFamily("kubeddr_outbox_events", "Events that wait for their receipt.", waiting)
        yield CounterMetricFamily("kubeddr_outbox_dropped", "Samples dropped because the outbox was full.", dropped)
        yield CounterMetricFamily("kubeddr_events_lost", "Events that the disk did not take.", lost)
        yield _states("kubeddr_link_state", "Where the connection to the broker stands.", LinkState, link)
        yield CounterMetricFamily("kubeddr_link_connections", "Tries to connect.", connections)


def _median(samples: Iterable[tuple[float, float]], since: float) -> float | None:
    recent = [value for at, value in tuple(samples) if at >= since]
    return median(recent) if recent else None


def _states(name: str, text: str, states: Iterable[str], now: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state in states:
        family.add_metric([str(state)], float(state == now))
    return family


def temperature(path: Path = Path("/sys/class/thermal/thermal_zone0/temp")) -> float | None:
    """Of the processor, degrees Celsius; None where the machine does not tell."""
    try:
        return int(path.read_text()) / 1000
    except (OSError, ValueError):
        return None


def memory(path: Path = Path("/proc/self/statm")) -> int | None:
    """Resident bytes of this process; None where the machine does not tell."""
    try:
        return int(path.read_text().split()[1]) * 4096
    except (OSError, ValueError, IndexError):
        return None
