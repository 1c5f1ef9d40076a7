from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from contract import messages as wire
from contract.ids import Sha256
from edge_agent.backoff import Backoff
from edge_agent.errors import UpdateDelayedError, UpdateRefusedError
from edge_agent.updates.fetch import address, fetch
from edge_agent.updates.startup import first_reader
from edge_agent.updates.store import ModelStore
from edge_agent.updates.updater import Hands, Loaded, Updater
from models import bundle
from models.bundle import Bundle, Draft, Golden
from models.runtime import Network
from tests.device_broker import eventually
from tests.device_fakes import LevelReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_agent.ports import ScreenReader

TINY = (Path(__file__).parents[1] / "data" / "tiny_float.tflite").read_bytes()
GIVEN = np.linspace(0, 1, 96, dtype=np.float32).reshape(1, 8, 12, 1)
PHASES = wire.ModelPhase


def model(version: str, *, wrong: float = 0.0) -> bytes:
    """A bundle with one network; with `wrong`, its golden answers do not fit."""
    golden = Golden("line", GIVEN, Network(TINY)(GIVEN) + np.float32(wrong), 1e-4)
    return bundle.encode(Draft("reader", "tiny", version, {"line": TINY}, [golden]))


def assign(data: bytes, version: str, path: object = "/models/x", **changed: object) -> wire.ModelAssignment:
    fields = {"kind": "reader", "name": "tiny", "version": version, "path": path, "size": len(data)}
    fields["sha256"] = hashlib.sha256(data).hexdigest()
    return wire.ModelAssignment.model_validate(fields | changed)


class Server:
    """Serves what it is given, by path; a number is a status, and `cut` breaks off half-way."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | int] = {}
        self.cut = False
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                found = outer.files.get(self.path, 404)
                if isinstance(found, int):
                    self.send_response(found)
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(found)))
                self.end_headers()
                self.wfile.write(found[: len(found) // 2] if outer.cut else found)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Bench:
    """An updater with the worker's side played by hand."""

    def __init__(self, folder: Path, url: str) -> None:
        self.store = ModelStore(folder)
        self.reports: list[wire.ModelReport] = []
        self.asked: tuple[Loaded, threading.Event] | None = None
        self.settlings = 0
        hands = Hands(self.build, self.swap, self.cancel, self.reports.append, self.settle)
        active = wire.ActiveModel(kind=wire.ModelKind.READER, name="built-in", version="1")
        self.updater = Updater(url, self.store, hands, active, backoff=Backoff(0.02, 0.05))
        self.updater.start()

    def build(self, given: Bundle) -> ScreenReader:
        return LevelReader()

    def swap(self, loaded: Loaded) -> threading.Event:
        self.asked = (loaded, threading.Event())
        return self.asked[1]

    def cancel(self) -> bool:
        taken, self.asked = self.asked, None
        return taken is not None and not taken[1].is_set()

    def settle(self) -> None:
        self.settlings += 1

    def song_ends(self) -> None:
        eventually(lambda: self.asked)
        assert self.asked is not None
        self.asked[1].set()

    def want(self, version: int, *given: wire.ModelAssignment, asked: int | None = None) -> None:
        models = tuple(model.model_copy(update={"asked": asked or version}) for model in given)
        self.updater.offer(wire.Desired(version=version, time=datetime.now(UTC), models=models))

    def phases(self) -> list[wire.ModelPhase]:
        return [report.phase for report in self.reports]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def bench(tmp_path: Path, server: Server) -> Iterator[Bench]:
    bench = Bench(tmp_path / "models", server.url)
    yield bench
    bench.updater.close()


def test_a_model_comes_in_at_the_end_of_the_song_and_is_remembered(
    bench: Bench, server: Server, tmp_path: Path
) -> None:
    data = model("2.0")
    server.files["/models/x"] = data
    bench.want(7, assign(data, "2.0"))
    eventually(lambda: bench.asked)
    assert bench.phases() == [PHASES.ANNOUNCED, PHASES.DOWNLOADING, PHASES.VERIFIED]
    assert bench.updater.active.name == "built-in"  # the song is still running
    bench.song_ends()
    eventually(lambda: bench.updater.settled == 7)
    assert bench.phases()[-1] is PHASES.ACTIVATED
    assert (bench.updater.active.name, bench.updater.active.version) == ("tiny", "2.0")
    again = ModelStore(tmp_path / "models")
    assert again.pointer.slot("reader").current == hashlib.sha256(data).hexdigest()
    assert again.pointer.settled == 7


BROKEN: dict[str, tuple[Callable[[], bytes], dict[str, object], str]] = {
    "golden answers": (lambda: model("2.0", wrong=0.5), {}, "off by 0.5"),
    "hash": (lambda: model("2.0"), {"sha256": "0" * 64}, "announced was 000000000000"),
    "longer": (lambda: model("2.0"), {"size": 100}, "longer than the 100 bytes"),
    "shorter": (lambda: model("2.0"), {"size": 10**6}, "instead of 1000000"),
    "too large": (lambda: model("2.0"), {"size": 10**12}, "more than the"),
    "no bundle": (lambda: b"PK not really", {}, "zip"),
    "another version": (lambda: model("2.1"), {}, "calls itself tiny 2.1, assigned was tiny 2.0"),
    "another kind": (lambda: model("2.0"), {"kind": "winner"}, "takes no winner models"),
    "another host": (
        lambda: model("2.0"),
        {"path": "http://198.51.100.1/models/x"},
        "no such bundle|not on the control",
    ),
    "not there": (lambda: b"", {"path": "/models/none", "size": 5}, "no such bundle"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_model_is_refused_once_and_the_old_one_goes_on(fault: str, bench: Bench, server: Server) -> None:
    make, changed, words = BROKEN[fault]
    data = make()
    server.files["/models/x"] = data
    bench.want(3, assign(data, "2.0", **changed))
    eventually(lambda: bench.updater.settled == 3)
    last = bench.reports[-1]
    assert last.phase is PHASES.REFUSED
    assert any(word in last.reason for word in words.split("|")), last.reason
    assert bench.asked is None
    assert bench.updater.active.name == "built-in"
    asked = len(server.asked)
    bench.want(3, assign(data, "2.0", **changed))  # the retained document comes with every connection
    bench.want(2, assign(data, "2.0", **changed))  # and one that is out of date changes nothing
    good = model("3.0")
    server.files["/models/good"] = good
    bench.want(4, assign(good, "3.0", "/models/good"))
    bench.song_ends()
    eventually(lambda: bench.updater.settled == 4)
    assert bench.updater.active.version == "3.0"
    assert len(server.asked) == asked + 1


def test_a_cut_download_and_a_server_in_trouble_are_tried_again(bench: Bench, server: Server) -> None:
    data = model("2.0")
    server.files["/models/x"] = 503
    bench.want(1, assign(data, "2.0"))
    eventually(lambda: len(server.asked) >= 2)
    server.cut = True
    server.files["/models/x"] = data
    tried = len(server.asked)
    eventually(lambda: len(server.asked) >= tried + 2)
    server.cut = False
    bench.song_ends()
    eventually(lambda: bench.updater.settled == 1)
    assert PHASES.REFUSED not in bench.phases()


def test_a_newer_document_calls_off_a_swap_that_waits(bench: Bench, server: Server) -> None:
    first, second = model("2.0"), model("3.0")
    server.files |= {"/models/1": first, "/models/2": second}
    bench.want(1, assign(first, "2.0", "/models/1"))
    eventually(lambda: bench.asked)
    bench.want(2, assign(second, "3.0", "/models/2"))
    eventually(lambda: bench.asked is not None and bench.asked[0].model.version == "3.0")
    bench.song_ends()
    eventually(lambda: bench.updater.settled == 2)
    assert bench.updater.active.version == "3.0"


def test_a_model_that_runs_already_is_not_fetched(bench: Bench, server: Server) -> None:
    data = model("2.0")
    server.files["/models/x"] = data
    bench.want(1, assign(data, "2.0"))
    bench.song_ends()
    eventually(lambda: bench.updater.settled == 1)
    bench.want(2, assign(data, "2.0"))
    eventually(lambda: bench.updater.settled == 2)
    assert server.asked == ["/models/x"]


def test_a_later_document_that_carries_a_refused_model_along_does_not_ask_again(bench: Bench, server: Server) -> None:
    data = model("2.0", wrong=0.5)
    server.files["/models/x"] = data
    bench.want(1, assign(data, "2.0"))
    eventually(lambda: bench.updater.settled == 1)
    bench.want(2, assign(data, "2.0"), asked=1)
    eventually(lambda: bench.updater.settled == 2)
    assert bench.phases().count(PHASES.REFUSED) == 1


def test_a_path_that_leads_elsewhere_is_refused() -> None:
    assert address("http://plane:8000", "/api/bundles/abc") == "http://plane:8000/api/bundles/abc"
    assert address("http://plane:8000/base/", "bundles/abc") == "http://plane:8000/base/bundles/abc"
    with pytest.raises(UpdateRefusedError, match="not on the control plane"):
        address("http://plane:8000", "http://elsewhere/abc")


def test_nothing_half_downloaded_stays(tmp_path: Path, server: Server) -> None:
    store = ModelStore(tmp_path)
    data = model("2.0")
    server.files["/models/x"], server.cut = data, True
    with pytest.raises(UpdateDelayedError):
        fetch(assign(data, "2.0"), server.url, store)
    assert list(tmp_path.iterdir()) == []


def put(store: ModelStore, data: bytes) -> Sha256:
    digest = Sha256(hashlib.sha256(data).hexdigest())
    with store.replacing(store.path(digest)) as file:
        file.write(data)
    return digest


def started(folder: Path) -> Loaded:
    def builtin() -> tuple[ScreenReader, Bundle]:
        return LevelReader(), bundle.decode(model("0.1"))

    return first_reader(ModelStore(folder), lambda _bundle: LevelReader(), builtin)


def test_a_restart_runs_the_current_model_else_the_one_before_else_the_built_in(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    for version in ("1.0", "2.0"):
        digest = put(store, model(version))
        store.point(store.pointer.activated("reader", digest))
    current, previous = store.pointer.slot("reader").current, store.pointer.slot("reader").previous
    assert current is not None
    assert previous is not None
    assert started(tmp_path).model.version == "2.0"
    store.path(current).write_bytes(b"damaged")
    assert started(tmp_path).model.version == "1.0"
    assert started(tmp_path).model.sha256 == previous
    store.path(previous).unlink()
    assert started(tmp_path).model.version == "0.1"
    assert started(tmp_path).model.sha256 is None


def test_a_damaged_pointer_means_the_built_in_model(tmp_path: Path) -> None:
    (tmp_path / "active.json").write_text('{"slots": 3')
    assert started(tmp_path).model.version == "0.1"


def test_models_that_no_slot_names_are_deleted(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    for version in ("1.0", "2.0", "3.0"):
        digest = put(store, model(version))
        store.point(store.pointer.activated("reader", digest))
    assert len(list(tmp_path.glob("*.kubeddr"))) == 2
