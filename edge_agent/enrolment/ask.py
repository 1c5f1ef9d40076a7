"""One round of asking to be let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from contract.enrolment import (
    AUTHORITY,
    PATH,
    EnrolAnswer,
    EnrolRequest,
    EnrolState,
    claim_code,
    fingerprint,
    split_token,
)
from edge_agent.errors import EnrolmentDelayedError, EnrolmentRefusedError

if TYPE_CHECKING:
    from contract.ids import DeviceId
    from edge_agent.enrolment.identity import Identity, Key, Wallet

MOST = 64 * 1024  # bytes of an answer
TIMEOUT = httpx.Timeout(10.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class Applicant:
    """What a device shows for itself."""

    device: DeviceId
    serial: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nobody has said yes so far.

    Attributes:
        code: what the device's page shows and a person compares.
    """

    code: str


def ask(url: str, applicant: Applicant, key: Key, wallet: Wallet) -> Identity | Waiting:
    """Ask once.

    The code is computed from the authority as we see it, and the answer must bring that very one: somebody in between
    who shows us another authority also makes us show another code.

    Raises:
        EnrolmentRefusedError: a person said no, or whoever answers is not whom the token names.
        EnrolmentDelayedError: nobody answers, or not as a control plane does; worth another try.
    """
    try:
        with httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=False) as client:
            authority = x509.load_pem_x509_certificate(_body(client.get(AUTHORITY)))
            der = authority.public_bytes(Encoding.DER)
            _, mark = split_token(applicant.token)
            if mark and mark != fingerprint(der):
                raise EnrolmentRefusedError(f"whoever answers at {url} is not the control plane that made the token")
            asked = EnrolRequest(
                device=applicant.device,
                csr=key.request(applicant.device),
                serial=applicant.serial,
                token=applicant.token,
            )
            headers = {"Content-Type": "application/json"}
            body = _body(client.post(PATH, content=asked.model_dump_json(), headers=headers))
        answer = EnrolAnswer.model_validate_json(body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EnrolmentDelayedError(f"the control plane does not answer: {error or type(error).__name__}") from error
    except (ValidationError, ValueError) as error:
        raise EnrolmentDelayedError(f"{url} does not answer as a control plane does") from error
    if answer.state is EnrolState.REFUSED:
        raise EnrolmentRefusedError(answer.reason or "a person said no")
    if answer.state is not EnrolState.ACCEPTED:
        return Waiting(claim_code(key.public, der))
    try:
        if x509.load_pem_x509_certificate(answer.authority.encode()).public_bytes(Encoding.DER) != der:
            raise EnrolmentDelayedError("the control plane has changed its authority in between")
        return wallet.accept(key, answer)
    except (ValueError, TypeError, OSError) as error:
        raise EnrolmentDelayedError(f"the certificate cannot be used: {error}") from error


def _body(answer: httpx.Response) -> bytes:
    if answer.status_code != httpx.codes.OK or len(answer.content) > MOST:
        raise EnrolmentDelayedError(f"the control plane answers {answer.status_code}")
    return answer.content
