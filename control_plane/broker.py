"""Starts mosquitto where no broker is given, and stops it again: with certificates for devices, or in the clear."""

from __future__ import annotations

import getpass
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from contract.topics import DOWNWARD, UPWARD
from control_plane.authority.ca import SERVICE
from control_plane.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from contract.topics import TopicSchema
    from control_plane.authority.ca import Authority

log = structlog.get_logger("broker")

START_SECONDS = 10
HOST = "127.0.0.1"

# What waits for a control plane that is away is kept on disk, in order, and not just the thousand messages that
# mosquitto keeps by itself; and a whole batch may be under way unacknowledged.
_CONFIG = """\
user {user}
persistence true
persistence_location {folder}/
autosave_interval 15
max_inflight_messages 1000
max_queued_messages 200000
message_size_limit 131072
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
"""
_CLEAR = """\
listener {port} {host}
allow_anonymous true
"""
# The identity that a certificate names is the user's name and, where devices come in, the client's id too: so nobody
# can take over another's connection. The control plane's replicas share an identity and need ids of their own.
_SECURE = """\
allow_anonymous false
acl_file {folder}/acl
"""
_LISTENER = """\
listener {port} {host}
cafile {files}/ca.pem
certfile {files}/server.pem
keyfile {files}/server.key
crlfile {files}/crl.pem
require_certificate true
use_identity_as_username true
use_username_as_clientid {own_id}
"""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that runs.

    Attributes:
        devices: (host, port) where devices come in.
        service: (host, port) where the control plane does.
    """

    devices: tuple[str, int]
    service: tuple[str, int]
    process: subprocess.Popen[bytes]

    def reload(self) -> None:
        """Let it read its access list and the list of revoked certificates again."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGHUP)


def find_mosquitto() -> str:
    """Where mosquitto is.

    Raises:
        StartError: it is not installed.
    """
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if found is None:
        raise StartError(
            "mosquitto is not installed: run `sudo apt install mosquitto`, or name a broker with --broker HOST:PORT."
        )
    return found


@contextmanager
def mosquitto(folder: Path, port: int = 0) -> Iterator[tuple[str, int]]:
    """Run a broker in the clear on the loopback address for as long as the context lasts; yields (host, port).

    Args:
        folder: where it keeps what waits for delivery, between runs too.
        port: 0 takes a free one.

    Raises:
        StartError: it is not installed, the port is taken, or it does not start.
    """
    chosen = _choose(HOST, port)
    with _running(folder, _CLEAR.format(port=chosen, host=HOST), chosen):
        yield HOST, chosen


@contextmanager
def secure_mosquitto(
    folder: Path, authority: Authority, topics: TopicSchema, host: str = HOST, port: int = 0
) -> Iterator[Broker]:
    """Run a broker that knows devices by their certificates; `authority` must have written its list of revoked ones.

    It keeps what waits for delivery in `folder`, between runs too, and receives devices on `host` and `port`, of which
    0 takes a free one.

    Raises:
        StartError: it is not installed, the port is taken, or it does not start.
    """
    chosen, inner = _choose(host, port), _free_port(HOST)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "acl").exists():
        write_access(folder, topics, ())
    common = {"files": authority.folder.absolute()}
    config = _SECURE.format(folder=folder.absolute())
    config += _LISTENER.format(port=chosen, host=host, own_id="true", **common)
    config += _LISTENER.format(port=inner, host=HOST, own_id="false", **common)
    with _running(folder, config, inner) as process:
        yield Broker((host, chosen), (HOST, inner), process)


def write_access(folder: Path, topics: TopicSchema, shut_out: Iterable[str]) -> None:
    """Write who may do what: the control plane all, each device what is its own, and who is shut out nothing.

    A certificate that is revoked opens no new connection; the access list also silences one that is open.
    """
    lines = [f"user {SERVICE}", f"topic readwrite {topics.root}/#", ""]
    for device in sorted(shut_out):
        lines += [f"user {device}", "topic deny #", ""]
    lines += [f"pattern write {topics.build_filter('%u', channel)}" for channel in UPWARD]
    lines += [f"pattern read {topics.build_filter('%u', channel)}" for channel in DOWNWARD]
    new = folder / "acl.new"
    new.write_text("\n".join(lines) + "\n", encoding="utf-8")
    new.chmod(0o600)
    new.replace(folder / "acl")


def _choose(host: str, port: int) -> int:
    if port and _listening(port, host):
        raise StartError(f"Port {port} is taken: use the broker there with --broker {HOST}:{port}, or --broker-port 0.")
    return port or _free_port(host)


@contextmanager
def _running(folder: Path, listeners: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = find_mosquitto()
    folder.mkdir(parents=True, exist_ok=True)
    process = _start(program, folder.absolute(), listeners)
    try:
        _wait(process, folder, port)
        log.info("broker started", host=HOST, port=port)
        yield process
    finally:
        _stop(process)


def _start(program: str, folder: Path, listeners: str) -> subprocess.Popen[bytes]:
    config = folder / "mosquitto.conf"
    config.write_text(_CONFIG.format(folder=folder, user=getpass.getuser()) + listeners, encoding="utf-8")
    command = [program, "-c", str(config)]
    if leash := shutil.which("setpriv"):  # so that it ends with us even when we are killed
        command = [leash, "--pdeathsig", "TERM", *command]
    # in a session of its own: Ctrl-C is for us, and we stop it last
    return subprocess.Popen(  # noqa: S603 (our own command line)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def _wait(process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
            logged = folder / "mosquitto.log"
            last = logged.read_text(errors="replace").strip().splitlines()[-1:] if logged.is_file() else []
            raise StartError(f"mosquitto ended at once: {said or ' '.join(last) or f'exit code {process.returncode}'}")
        if _listening(port):
            return
        time.sleep(0.02)
    raise StartError(f"mosquitto did not listen on port {port} within {START_SECONDS} seconds; see {folder}.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stderr:
        process.stderr.close()


def _listening(port: int, host: str = HOST) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST if host in {"0.0.0.0", "::"} else host, port)) == 0  # noqa: S104 (compared)


def _free_port(host: str) -> int:
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        port: int = probe.getsockname()[1]
        return port
