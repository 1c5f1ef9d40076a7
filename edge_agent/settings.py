"""What an agent is started with, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from contract.errors import InvalidIdError
from contract.ids import DeviceId
from edge_agent.capture.source import Source, parse_source
from edge_agent.enrolment.keeper import DISCOVER
from edge_agent.errors import SettingsError
from edge_agent.reporting.link import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

MQTT_PORT = 1883
PAGE_PORT = 8080
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Settings:
    """A checked set of settings.

    Attributes:
        name: what people call the device.
        url: of the control plane, which lets the device in; `discover` looks for one in the network; None for none.
        broker: where else than told by the control plane the broker is; without `url` one that takes no certificates.
        data: the folder for the outbox and the models.
        host, port: where the device's own page listens; port 0 takes a free one.
    """

    source: Source
    device: DeviceId
    name: str
    url: str | None
    broker: Address | None
    data: Path
    host: str
    port: int
    serial: str = ""
    token: str = ""


def device_id(text: str) -> DeviceId:
    """A device's identifier.

    Raises:
        SettingsError: it is not shaped as one.
    """
    try:
        return DeviceId(text)
    except InvalidIdError as error:
        raise SettingsError(f"--device: {error}.") from error


def broker_address(text: str, device: DeviceId) -> Address:
    """`HOST`, `HOST:PORT` or `[HOST]:PORT`.

    Raises:
        SettingsError: it is none of them.
    """
    try:
        parts = urlsplit(f"//{text}")
        port = MQTT_PORT if parts.port is None else parts.port
    except ValueError as error:
        raise SettingsError(f"--broker {text}: {error}. Give HOST:PORT.") from error
    if not parts.hostname or parts.path or parts.username or not 0 < port <= _LAST_PORT:
        raise SettingsError(f"--broker {text}: give HOST:PORT.")
    return Address(parts.hostname, port, device)


def control_plane_url(text: str) -> str:
    """The control plane's URL without a slash at its end.

    Raises:
        SettingsError: not http or https.
    """
    if text == DISCOVER:
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"--url {text}: give an address such as http://control-plane:8080, or `{DISCOVER}`.")
    return text.rstrip("/")


def build(  # noqa: PLR0913 - one for each option of the command
    *,
    source: str,
    device: str,
    name: str,
    url: str,
    broker: str,
    data: Path | None,
    host: str,
    port: int,
    serial: str = "",
    token: str = "",
) -> Settings:
    """Settings from what the command was given; empty texts mean not given.

    `serial` is of the hardware: the board's own when it has one and none is given. `token` lets the device in without
    a person.

    Raises:
        SettingsError, SourceError: something does not fit; the text says which.
    """
    identity = device_id(device)
    return Settings(
        source=parse_source(source),
        device=identity,
        name=name or device,
        url=control_plane_url(url) if url else None,
        broker=broker_address(broker, identity) if broker else None,
        data=data or Path.home() / ".local" / "state" / "kubeddr" / device,
        host=host,
        port=port,
        serial=serial or hardware_serial(),
        token=token,
    )


def hardware_serial(path: Path = Path("/sys/firmware/devicetree/base/serial-number")) -> str:
    """What the board calls itself; empty where it has no name."""
    try:
        return path.read_text(encoding="ascii").strip("\0\n ")[:200]
    except (OSError, ValueError):
        return ""


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Settings from KUBEDDR_SOURCE, _DEVICE, _NAME, _URL, _BROKER, _DATA, _HOST, _PORT, _SERIAL and _ENROL_TOKEN.

    Raises:
        SettingsError, SourceError: one is missing or does not fit.
    """

    def given(name: str, default: str | None = "") -> str:
        value = environment.get(f"KUBEDDR_{name}", default)
        if value is None:
            raise SettingsError(f"KUBEDDR_{name} is not set.")
        return value

    port = given("PORT", str(PAGE_PORT))
    if not port.isdecimal() or int(port) > _LAST_PORT:
        raise SettingsError(f"KUBEDDR_PORT is {port!r}: give a port number.")
    return build(
        source=given("SOURCE", None),
        device=given("DEVICE", None),
        name=given("NAME"),
        url=given("URL"),
        broker=given("BROKER"),
        data=Path(given("DATA")) if given("DATA") else None,
        host=given("HOST", "127.0.0.1"),
        port=int(port),
        serial=given("SERIAL"),
        token=given("ENROL_TOKEN"),
    )


def without_credentials(source: Source) -> str:
    """What the source is called, fit for others to see."""
    return without_secrets(source.name)


def without_secrets(text: str) -> str:
    """A source as somebody wrote it, without user, password and query."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    return urlunsplit((parts.scheme, parts.netloc.rsplit("@", 1)[-1], parts.path, "", ""))
