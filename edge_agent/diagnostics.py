"""A bundle of what helps to find a fault: made on request, handed in with the device's certificate, never a secret."""

from __future__ import annotations

import io
import json
import platform
import threading
import zipfile
from typing import TYPE_CHECKING

import httpx
import structlog

from contract.enrolment import DIAGNOSTICS
from edge_agent import logs

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

MOST = 4 * 1024 * 1024  # bytes
TIMEOUT = httpx.Timeout(30.0, connect=5.0)

log = structlog.get_logger(__name__)


def bundle(documents: Mapping[str, object], picture: bytes | None) -> bytes:
    """A zip file: documents as JSON, the last lines of the log, what the machine is, and what the camera sees."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, document in documents.items():
            archive.writestr(f"{name}.json", json.dumps(document, indent=2, default=str))
        archive.writestr("log.txt", "\n".join(logs.recent()))
        about = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.platform()}
        archive.writestr("machine.json", json.dumps(about, indent=2))
        if picture is not None and len(picture) < MOST // 2:
            archive.writestr("picture.jpg", picture)
    return out.getvalue()


def hand_in(url: str, tls: ssl.SSLContext, name: str, data: bytes) -> None:
    """Send it, in a thread of its own; a failure is logged, and whoever wants it asks again."""

    def send() -> None:
        try:
            with httpx.Client(base_url=url, verify=tls, timeout=TIMEOUT, trust_env=False) as client:
                client.put(f"{DIAGNOSTICS}/{name}", content=data[:MOST]).raise_for_status()
            log.info("diagnostics handed in", size=len(data))
        except httpx.HTTPError as error:
            log.warning("cannot hand in the diagnostics", reason=str(error))

    threading.Thread(target=send, name="diagnostics", daemon=True).start()
