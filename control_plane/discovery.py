"""Tells the neighbours by multicast DNS where the control plane is, so that a device need not be told."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from zeroconf import Error as ZeroconfError
from zeroconf import InterfaceChoice, ServiceInfo, Zeroconf

from contract.enrolment import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger("discovery")


@contextmanager
def announced(host: str, port: int) -> Iterator[None]:
    """Answer to whoever looks for a control plane; a network that does not let us is told and lived with.

    Args:
        host: the address that the control plane listens on; an unspecified one means all of this machine's.
        port: of its pages and its API.
    """
    anywhere = host in {"0.0.0.0", "::"}  # noqa: S104 (compared, not bound)
    try:
        at = [] if anywhere else [socket.gethostbyname(host)]
        zeroconf = Zeroconf(interfaces=InterfaceChoice.All if anywhere else at)
        addresses = at or [each for each in _own() if not each.startswith("127.")]
        name = f"kubeddr {socket.gethostname()} {port}.{SERVICE}"
        info = ServiceInfo(SERVICE, name, port, parsed_addresses=addresses, properties={"version": "1"})
        zeroconf.register_service(info, allow_name_change=True)
    except (OSError, ZeroconfError) as error:
        log.warning("cannot be found by multicast DNS; give devices the address", reason=str(error))
        yield
        return
    log.info("can be found by multicast DNS", addresses=addresses, port=port)
    try:
        yield
    finally:
        zeroconf.unregister_all_services()
        zeroconf.close()


def _own() -> list[str]:
    found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    return list(dict.fromkeys(str(each[4][0]) for each in found))
