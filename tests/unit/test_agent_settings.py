from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from edge_agent.capture.source import parse_source
from edge_agent.errors import EdgeAgentError
from edge_agent.settings import build, from_environment, without_credentials
from kubeddr.cli import app

if TYPE_CHECKING:
    from pathlib import Path

FINE = {"KUBEDDR_SOURCE": "0", "KUBEDDR_DEVICE": "cabinet-1"}


def test_a_device_needs_a_source_and_an_identifier_and_nothing_else() -> None:
    settings = from_environment(FINE)
    assert (settings.name, settings.url, settings.broker, settings.port) == ("cabinet-1", None, None, 8080)
    assert settings.data.name == "cabinet-1"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("plane", "plane", 1883),
        ("plane:2883", "plane", 2883),
        ("[::1]:1884", "::1", 1884),
        ("10.0.0.2", "10.0.0.2", 1883),
    ],
)
def test_broker_addresses(text: str, host: str, port: int) -> None:
    broker = from_environment(FINE | {"KUBEDDR_BROKER": text}).broker
    assert broker is not None
    assert (broker.host, broker.port, broker.device) == (host, port, "cabinet-1")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"KUBEDDR_DEVICE": "Cabinet 1"}, "lower-case letters"),
        ({"KUBEDDR_BROKER": "plane:99999"}, "HOST:PORT"),
        ({"KUBEDDR_BROKER": "mqtt://plane"}, "HOST:PORT"),
        ({"KUBEDDR_URL": "plane:8000"}, "such as http"),
        ({"KUBEDDR_PORT": "http"}, "port number"),
        ({"KUBEDDR_SOURCE": "missing.mp4"}, "There is no"),
    ],
)
def test_what_does_not_fit_is_said(changed: dict[str, str], words: str) -> None:
    with pytest.raises(EdgeAgentError, match=words):
        from_environment(FINE | changed)


def test_what_is_missing_is_said() -> None:
    with pytest.raises(EdgeAgentError, match="KUBEDDR_DEVICE is not set"):
        from_environment({"KUBEDDR_SOURCE": "0"})


def test_the_command_ends_with_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["agent", "--source", str(tmp_path / "no.mp4"), "--device", "cabinet-1"])
    assert result.exit_code == 1
    assert "There is no" in result.stderr
    assert "Traceback" not in result.output


def test_a_source_is_told_to_others_without_its_password(tmp_path: Path) -> None:
    assert without_credentials(parse_source("rtsp://user:secret@camera:554/1?token=x")) == "rtsp://camera:554/1"
    given = build(source="2", device="cabinet-1", name="", url="", broker="", data=tmp_path, host="127.0.0.1", port=0)
    assert without_credentials(given.source) == "camera 2"
