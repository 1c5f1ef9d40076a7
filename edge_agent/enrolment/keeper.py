"""Gets the device let in and keeps it in: asks, renews, and asks again when it was shut out. A thread of its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import structlog
from pydantic import ValidationError

from contract.enrolment import RENEWAL, STANDING, RenewRequest, Standing
from edge_agent.backoff import Backoff
from edge_agent.enrolment.ask import Applicant, Waiting, ask
from edge_agent.enrolment.discovery import find
from edge_agent.enrolment.identity import Identity, Key, Wallet, now
from edge_agent.errors import EnrolmentDelayedError, EnrolmentRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

DISCOVER = "discover"
LOOK_FOR = 10.0  # seconds
AFTER_NO = 300.0  # seconds before a device that was refused asks again, with another key
CHECK_EVERY = 3600.0
CHECK_ALONE = 60.0  # while the broker does not let it in
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
SHUT_OUT = frozenset({401, 403})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ears:
    """Whom the keeper tells; called in its thread.

    Attributes:
        claim: what the page shall show while the device waits: (code, control plane's URL), or empty texts, and why.
        identity: who the device is from now on.
        connected: whether the broker has let it in.
        drift: how far our clock is from the control plane's.
    """

    claim: Callable[[str, str, str], None]
    identity: Callable[[Identity], None]
    connected: Callable[[], bool]
    drift: Callable[[timedelta], None]


class Keeper:
    """See above.

    Args:
        url: of the control plane, or `discover`.
        interfaces: where to look for one; all when None.
    """

    def __init__(  # noqa: PLR0913 - the last two are for tests
        self,
        url: str,
        applicant: Applicant,
        wallet: Wallet,
        ears: Ears,
        *,
        backoff: Backoff | None = None,
        interfaces: list[str] | None = None,
    ) -> None:
        self._url, self._applicant, self._wallet, self._ears = url, applicant, wallet, ears
        self._backoff = backoff or Backoff(1.0, 15.0, jitter=0.3)
        self._interfaces = interfaces
        self._stopping = threading.Event()
        self._soon = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, timeout: float = 0.5) -> None:
        """End the thread."""
        self._stopping.set()
        self._soon.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def check_soon(self) -> None:
        """Something is odd, such as a broker that does not let us in: look now how we stand."""
        self._soon.set()

    def _run(self) -> None:
        identity = self._wallet.identity()
        if identity is not None:
            self._ears.identity(identity)
        while not self._stopping.is_set():
            try:
                identity = self._look_after(identity) if identity is not None else self._come_in()
            except Exception:  # whatever it was, the device goes on with what it has
                log.exception("enrolment")
                self._wait(CHECK_ALONE)

    def _come_in(self) -> Identity | None:
        url = self._url if self._url != DISCOVER else find(LOOK_FOR, self._interfaces)
        if url is None:
            self._ears.claim("", "", "looking for a control plane in this network")
            return None
        key = self._wallet.waiting_key()
        try:
            told = ask(url, self._applicant, key, self._wallet)
        except EnrolmentRefusedError as error:
            log.warning("not let in", reason=str(error))
            self._ears.claim("", url, str(error))
            self._wallet.drop_waiting_key()
            self._wait(AFTER_NO)
            return None
        except EnrolmentDelayedError as error:
            self._ears.claim("", url, str(error))
            self._wait(self._backoff.next())
            return None
        if isinstance(told, Waiting):
            self._ears.claim(told.code, url, "")
            self._wait(self._backoff.next())
            return None
        self._backoff.reset()
        log.info("let in", device=told.device, until=told.ends.isoformat())
        self._ears.claim("", "", "")
        self._ears.identity(told)
        return told

    def _look_after(self, identity: Identity) -> Identity | None:
        self._soon.clear()
        with httpx.Client(
            base_url=identity.place.url, verify=identity.tls(), timeout=TIMEOUT, trust_env=False
        ) as client:
            standing = self._standing(client)
            if standing is None:
                return None
            if standing and identity.due(now()):
                return self._renew(client, identity)
        self._soon.wait(CHECK_EVERY if self._ears.connected() else CHECK_ALONE)
        return identity

    def _standing(self, client: httpx.Client) -> bool | None:
        """True when all is well, False when nobody answers, None when we were shut out."""
        try:
            answer = client.get(STANDING)
        except httpx.HTTPError:
            return False
        if answer.status_code in SHUT_OUT:
            log.warning("shut out, asking to be let in again", reason=answer.text[:200])
            self._wallet.drop_waiting_key()
            return None
        try:
            self._ears.drift(now() - Standing.model_validate_json(answer.content).now)
        except ValidationError:
            return False
        return True

    def _renew(self, client: httpx.Client, identity: Identity) -> Identity:
        key = Key.make()
        try:
            asked = RenewRequest(csr=key.request(identity.device)).model_dump_json()
            answer = client.post(RENEWAL, content=asked, headers={"Content-Type": "application/json"})
            answer.raise_for_status()
            self._wallet.replace(key, answer.text)
        except (httpx.HTTPError, ValueError, OSError) as error:
            log.warning("cannot renew the certificate, trying again", reason=str(error), ends=identity.ends.isoformat())
            self._wait(CHECK_ALONE)
            return identity
        found = self._wallet.identity()
        if found is None:
            return identity
        log.info("certificate renewed", until=found.ends.isoformat())
        self._ears.identity(found)
        return found

    def _wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)
