"""What can be set, by command line, environment (`KUBEDDR_...`) or neither."""

import contextlib
import socket
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECURE = "mqtts://"
MIN_SECRET = 24
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """The control plane's settings.

    The control plane and the broker that it starts listen on the loopback address only, unless told otherwise.

    Attributes:
        host: the address that the pages and the API listen on.
        port: theirs; 0 takes a free one.
        data: the folder of the database, the bundles and the broker's own store.
        database_url: another database than SQLite in `data`, for example `postgresql+psycopg://...`.
        broker: HOST:PORT of a running MQTT broker that takes no certificates, or mqtts://HOST:PORT of one that asks for
            those of our authority; without it mosquitto is started, which does.
        broker_port: where that mosquitto receives devices, on `host`; 0 takes a free one.
        device_port: where devices fetch models and certificates, on `host`; 0 takes a free one.
        public_host: the name or address that devices reach this machine by; without, the one that they asked for.
        certificate_days: life of a device's certificate; devices renew after two thirds of it.
        discoverable: say by multicast DNS where the control plane is; by itself where `host` is not loopback.
        client_id: the MQTT client id, by which the broker keeps what arrives while the control plane is down. Two
            control planes at one broker need two.
        share: several control planes that name the same here, on one PostgreSQL and one broker, take turns in what
            devices send (MQTT 5); each needs a client id of its own.
        topic_root: the first level of every topic.
        admin_token: a secret that signs in as `admin`, for whoever starts the control plane by a program; without it
            the first start makes one and shows it.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(env_prefix="KUBEDDR_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: Port = 8080
    data: Path = Path("kubeddr-data")
    database_url: str = ""
    broker: str = ""
    broker_port: Port = 1883
    device_port: Port = 8443
    public_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]*$", max_length=253)] = ""
    certificate_days: Annotated[float, Field(gt=0, le=3650)] = 90
    discoverable: bool | None = None
    client_id: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")] = "kubeddr-ingest"
    share: Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9_-]*$")] = ""
    topic_root: Annotated[str, Field(pattern=r"^[^/+#\s]+(/[^/+#\s]+)*$")] = "kubeddr"
    admin_token: SecretStr = SecretStr("")

    @field_validator("broker")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        if text:
            host, _, port = text.removeprefix(SECURE).rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 (the range of a port)
                raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:1883")
        return text

    @field_validator("admin_token")
    @classmethod
    def _is_long(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"too short: give {MIN_SECRET} characters that nobody can guess, or none")
        return secret

    @property
    def broker_address(self) -> tuple[str, int] | None:
        """(host, port) of the broker to use, None to start one."""
        if not self.broker:
            return None
        host, _, port = self.broker.removeprefix(SECURE).rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def names(self) -> list[str]:
        """What the servers' certificates are made out to."""
        own = [self.public_host, "localhost", "127.0.0.1", "::1", socket.gethostname()]
        own += [] if self.host in {"0.0.0.0", "::"} else [self.host]  # noqa: S104 (compared, not bound)
        with contextlib.suppress(OSError):
            own += [str(each[4][0]) for each in socket.getaddrinfo(socket.gethostname(), None)]
        return list(dict.fromkeys(name for name in own if name))

    @property
    def announced(self) -> bool:
        """Whether to tell the neighbours."""
        if self.discoverable is not None:
            return self.discoverable
        return self.host not in {"127.0.0.1", "::1", "localhost"}

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'kubeddr.db'}"
