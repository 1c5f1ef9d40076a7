"""What can be set, by command line, environment (`KUBEDDR_...`) or neither."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """The control plane's settings.

    There is no authentication yet: whoever reaches the port can see everything and send models to devices. So the
    control plane and the broker that it starts listen on the loopback address only, unless told otherwise. Telling them
    otherwise belongs on a network of one's own.

    Attributes:
        host: the address that the pages and the API listen on.
        port: theirs; 0 takes a free one.
        data: the folder of the database, the bundles and the broker's own store.
        database_url: another database than SQLite in `data`, for example `postgresql+psycopg://...`.
        broker: HOST:PORT of a running MQTT broker; without it mosquitto is started.
        broker_port: where that mosquitto listens, on 127.0.0.1; 0 takes a free one.
        client_id: the MQTT client id, by which the broker keeps what arrives while the control plane is down. Two
            control planes at one broker need two.
        topic_root: the first level of every topic.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(env_prefix="KUBEDDR_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: Port = 8080
    data: Path = Path("kubeddr-data")
    database_url: str = ""
    broker: str = ""
    broker_port: Port = 1883
    client_id: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")] = "kubeddr-ingest"
    topic_root: Annotated[str, Field(pattern=r"^[^/+#\s]+(/[^/+#\s]+)*$")] = "kubeddr"

    @field_validator("broker")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        if text:
            host, _, port = text.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 (the range of a port)
                raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:1883")
        return text

    @property
    def broker_address(self) -> tuple[str, int] | None:
        """(host, port) of the broker to use, None to start one."""
        if not self.broker:
            return None
        host, _, port = self.broker.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'kubeddr.db'}"
