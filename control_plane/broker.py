"""Starts mosquitto where no broker is given, and stops it again."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from control_plane.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = structlog.get_logger("broker")

START_SECONDS = 10
HOST = "127.0.0.1"

# What waits for a control plane that is away is kept on disk, in order, and not just the thousand messages that
# mosquitto keeps by itself; and a whole batch may be under way unacknowledged.
_CONFIG = """\
listener {port} {host}
allow_anonymous true
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
    """Run a broker on the loopback address for as long as the context lasts; yields (host, port).

    Args:
        folder: where it keeps what waits for delivery, between runs too.
        port: 0 takes a free one.

    Raises:
        StartError: it is not installed, the port is taken, or it does not start.
    """
    program = find_mosquitto()
    folder.mkdir(parents=True, exist_ok=True)
    if port and _listening(port):
        raise StartError(f"Port {port} is taken: use the broker there with --broker {HOST}:{port}, or --broker-port 0.")
    chosen = port or _free_port()
    process = _start(program, folder.absolute(), chosen)
    try:
        _wait(process, folder, chosen)
        log.info("broker started", host=HOST, port=chosen)
        yield HOST, chosen
    finally:
        _stop(process)


def _start(program: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    config = folder / "mosquitto.conf"
    config.write_text(_CONFIG.format(port=port, host=HOST, folder=folder, user=getpass.getuser()), encoding="utf-8")
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


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
