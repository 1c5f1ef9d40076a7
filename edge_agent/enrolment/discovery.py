"""Finds the control plane by multicast DNS."""

from __future__ import annotations

import queue
import time
from contextlib import ExitStack

from zeroconf import Error as ZeroconfError
from zeroconf import InterfaceChoice, ServiceBrowser, ServiceListener, Zeroconf

from contract.enrolment import SERVICE


class _Found(ServiceListener):
    def __init__(self) -> None:
        self.names: queue.SimpleQueue[str] = queue.SimpleQueue()

    def add_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        self.names.put(name)

    def update_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        self.names.put(name)

    def remove_service(self, _zc: Zeroconf, _type: str, name: str) -> None:
        """It is gone; whoever uses it finds out."""


def find(seconds: float, interfaces: list[str] | None = None) -> str | None:
    """The URL of a control plane in this network; None when none says so in time.

    Args:
        seconds: to wait at most.
        interfaces: addresses of our own to ask at; all when None.
    """
    try:
        zeroconf = Zeroconf(interfaces=interfaces or InterfaceChoice.All)
    except (OSError, ZeroconfError):
        return None
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        stack.callback(zeroconf.close)
        found = _Found()
        browser = ServiceBrowser(zeroconf, SERVICE, found)
        stack.callback(browser.cancel)
        while (left := end - time.monotonic()) > 0:
            try:
                name = found.names.get(timeout=left)
            except queue.Empty:
                return None
            info = zeroconf.get_service_info(SERVICE, name, timeout=2000)
            addresses = info.parsed_addresses() if info is not None else []
            if info is not None and addresses and info.port:
                host = addresses[0]
                return f"http://{f'[{host}]' if ':' in host else host}:{info.port}"
    return None
