"""Which programs the demo is made of, on which ports."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
LOOKS = (("--theme", "plates", "--seed", "1"), ("--theme", "sunset", "--seed", "2"))


@dataclass(frozen=True, slots=True)
class Station:
    """A device and what it watches.

    Attributes:
        device: its identifier.
        name: what people call it.
        picture: the address of the rendered cabinet, empty for a source of the user's own.
        look: how that cabinet is rendered: options of `kubeddr cabinet`.
    """

    device: str
    name: str
    source: str
    page: str
    picture: str = ""
    look: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One program.

    Attributes:
        slug: names its log file.
        arguments: of the command `kubeddr`.
        url: where its `/healthz` answers.
        sees: whether it is well only once it has a picture, which may take longer than its start.
    """

    name: str
    slug: str
    arguments: tuple[str, ...]
    url: str
    sees: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole demo.

    Attributes:
        url: the control plane's.
        broker: HOST:PORT.
        folder: for everything that is written.
    """

    url: str
    broker: str
    stations: tuple[Station, ...]
    folder: Path

    @property
    def logs(self) -> Path:
        """The folder of what the programs say."""
        return self.folder / "logs"

    def waves(self) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """What starts first, and what starts once that is well."""
        rendered = (self._rendered(station) for station in self.stations if station.picture)
        return (self._control_plane(), *rendered), tuple(self._device(station) for station in self.stations)

    def _control_plane(self) -> Part:
        where = ("--host", HOST, "--port", _port(self.url), "--broker-port", _port(self.broker))
        folder = str(self.folder / "control-plane")
        return Part("the control plane", "control-plane", ("control-plane", *where, "--data", folder), self.url)

    def _rendered(self, station: Station) -> Part:
        command = ("cabinet", "--port", _port(station.picture), *station.look)
        return Part(f"{station.name}, rendered here", f"{station.device}-picture", command, station.picture)

    def _device(self, station: Station) -> Part:
        command = (
            *("agent", "--source", station.source, "--device", station.device, "--name", station.name),
            *("--url", self.url, "--broker", self.broker),
            *("--data", str(self.folder / "devices" / station.device), "--port", _port(station.page)),
        )
        return Part(f"the device at {station.name}", station.device, command, station.page, sees=True)


def plan(folder: Path, source: str) -> Plan:
    """A demo on free ports: of two rendered cabinets, or of one device on `source` where that is not empty."""
    control_plane, broker, *rest = (f"{HOST}:{port}" for port in free_ports(6))
    if source:
        stations = [Station("cabinet", "the cabinet", source, f"http://{rest[0]}")]
    else:
        pairs = zip("AB", rest[:2], rest[2:], LOOKS, strict=True)
        stations = [
            Station(
                device=f"cabinet-{letter.lower()}",
                name=f"Cabinet {letter}",
                source=f"http://{picture}/stream.mjpg",
                page=f"http://{page}",
                picture=f"http://{picture}",
                look=look,
            )
            for letter, page, picture, look in pairs
        ]
    return Plan(f"http://{control_plane}", broker, tuple(stations), folder)


def free_ports(count: int) -> list[int]:
    """Loopback ports on which nobody listens; all are held until the last is found, so that none comes twice."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in found]


def _port(address: str) -> str:
    return address.rpartition(":")[2]
