"""Which programs the demo is made of, on which ports."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
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
        environment: what it is told besides, secrets included, which have no place in a command line.
        device: its identifier, where it is one: it needs a token to be let in.
    """

    name: str
    slug: str
    arguments: tuple[str, ...]
    url: str
    sees: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    device: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole demo.

    Attributes:
        url: the control plane's.
        broker: HOST:PORT.
        devices: HOST:PORT where devices fetch models.
        folder: for everything that is written.
        token: signs in as the control plane's admin.
    """

    url: str
    broker: str
    devices: str
    stations: tuple[Station, ...]
    folder: Path
    token: str

    @property
    def page(self) -> str:
        """The live page, signed in."""
        return f"{self.url}/sign-in#{self.token}"

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
        devices = ("--device-port", _port(self.devices))
        folder = str(self.folder / "control-plane")
        command = ("control-plane", *where, *devices, "--data", folder)
        secret = {"KUBEDDR_ADMIN_TOKEN": self.token}
        return Part("the control plane", "control-plane", command, self.url, environment=secret)

    def _rendered(self, station: Station) -> Part:
        command = ("cabinet", "--port", _port(station.picture), *station.look)
        return Part(f"{station.name}, rendered here", f"{station.device}-picture", command, station.picture)

    def _device(self, station: Station) -> Part:
        command = (
            *("agent", "--source", station.source, "--device", station.device, "--name", station.name),
            *("--url", self.url),
            *("--data", str(self.folder / "devices" / station.device), "--port", _port(station.page)),
        )
        return Part(
            f"the device at {station.name}", station.device, command, station.page, sees=True, device=station.device
        )


def plan(folder: Path, source: str) -> Plan:
    """A demo on free ports: of two rendered cabinets, or of one device on `source` where that is not empty."""
    control_plane, broker, devices, *rest = (f"{HOST}:{port}" for port in free_ports(7))
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
    token = os.environ.get("KUBEDDR_ADMIN_TOKEN") or secrets.token_urlsafe(18)
    return Plan(f"http://{control_plane}", broker, devices, tuple(stations), folder, token)


def free_ports(count: int) -> list[int]:
    """Loopback ports on which nobody listens; all are held until the last is found, so that none comes twice."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in found]


def _port(address: str) -> str:
    return address.rpartition(":")[2]
