"""Signed models on a server that can be told to misbehave, and small bundles to put there."""

from __future__ import annotations

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contract import messages as wire
from contract.ids import Sha256
from contract.trust import METADATA, TARGETS, target_name, target_path
from control_plane.releases.repository import Repository, Signed
from edge_agent.updates.signed import Source
from models import bundle
from models.bundle import Draft, Golden
from models.runtime import Network

if TYPE_CHECKING:
    from collections.abc import Mapping

TINY = (Path(__file__).parent / "data" / "tiny_float.tflite").read_bytes()
GIVEN = np.linspace(0, 1, 96, dtype=np.float32).reshape(1, 8, 12, 1)


def model(
    version: str,
    *,
    wrong: float = 0.0,
    kind: Literal["reader", "winner"] = "reader",
    name: str = "tiny",
    settings: Mapping[str, Any] | None = None,
) -> bytes:
    """A bundle with one network; with `wrong`, its golden answers do not fit."""
    golden = Golden("line", GIVEN, Network(TINY)(GIVEN) + np.float32(wrong), 1e-4)
    return bundle.encode(Draft(kind, name, version, {"line": TINY}, [golden], settings or {}))


def digest(data: bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).hexdigest())


class Shelf:
    """A repository, and a server of it.

    Attributes:
        answers: by path, what is answered instead of the truth: bytes, or a status.
        cut: bundles break off half-way.
        trickle: seconds between two bytes; 0 for no such thing.
    """

    def __init__(self, folder: Path) -> None:
        self.offline = folder / "offline"
        self.repository = Repository(folder / "releases")
        self.repository.create(self.offline)
        self.root = self.repository.pinned().encode()
        self.signed: dict[str, Signed] = {}
        self.bundles: dict[str, bytes] = {}
        self.answers: dict[str, bytes | int] = {}
        self.cut = False
        self.trickle = 0.0
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def source(self) -> Source:
        return Source(self.url, self.root)

    def add(self, data: bytes, version: str = "2.0", **changed: Any) -> wire.ModelAssignment:
        """Sign a bundle under this version; `changed` are fields of what is signed, and of the assignment."""
        signed: dict[str, Any] = {
            "sha256": digest(data),
            "size": len(data),
            "kind": "reader",
            "name": "tiny",
            "version": version,
        }
        signed |= {name: value for name, value in changed.items() if name in signed}
        target = target_name(signed["name"], signed["version"])
        self.signed[target] = Signed(**signed)
        self.repository.declare(self.signed)
        path = target_path(target, signed["sha256"])
        self.bundles[path] = data
        rest = {name: value for name, value in changed.items() if name not in signed}
        return wire.ModelAssignment.model_validate(signed | {"target": target, "path": path} | rest)

    def answer(self, path: str) -> bytes | int:
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path.startswith(METADATA):
            file = self.repository.metadata / path.rpartition("/")[2]
            return file.read_bytes() if file.is_file() else 404
        return self.bundles.get(path, 404)

    def fetched(self) -> list[str]:
        """The bundles that were asked for."""
        return [path for path in self.asked if path.startswith(TARGETS)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(shelf: Shelf) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = shelf.answer(self.path)
            if isinstance(found, int):
                self.send_response(found)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            begin = 0
            if wanted := self.headers.get("Range", ""):
                shelf.ranges.append(wanted)
                begin = int(wanted.removeprefix("bytes=").partition("-")[0])
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(found) - begin))
            self.end_headers()
            self._send(found[begin:])

        def _send(self, data: bytes) -> None:
            if shelf.trickle:
                for at in range(len(data)):
                    self.wfile.write(data[at : at + 1])
                    self.wfile.flush()
                    time.sleep(shelf.trickle)
            elif shelf.cut and self.path.startswith(TARGETS):
                self.wfile.write(data[: len(data) // 2])
            else:
                self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
