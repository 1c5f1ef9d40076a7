"""How a device becomes one of the fleet: what it asks over HTTP, and what it is told.

The device posts an `EnrolRequest` to `PATH` again and again until it is accepted or refused. It has no certificate yet,
and the control plane's is not known to it, so what protects this first talk is either the fingerprint in a one-use
token, or the claim code: a digest of the device's key and of the authority's certificate, which a person compares.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated

from pydantic import Field, StringConstraints

from contract.ids import DeviceId  # noqa: TC001 - pydantic asks for it
from contract.values import OpenEnum, Text, Time, Wire

PATH = "/api/v1/enrolment"
AUTHORITY = "/api/v1/enrolment/authority"
RENEWAL = "/api/v1/renewal"  # on the devices' own port, as are the rest
DIAGNOSTICS = "/api/v1/diagnostics"
STANDING = "/api/v1/standing"
SERVICE = "_kubeddr._tcp.local."  # as multicast DNS names it; the property `url` says where
PRINT = 32  # hexadecimal digits of a fingerprint in a token: 128 bits
CODE = 12  # characters of a claim code: 60 bits

Pem = Annotated[str, StringConstraints(max_length=8000, pattern=r"^-----BEGIN [A-Z ]+-----\n[A-Za-z0-9+/=\n -]+$")]
Secret = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_.-]*$")]


class EnrolRequest(Wire):
    """A device asks to be let in.

    Attributes:
        device: the name that it would like to have.
        csr: PKCS #10, signed with the key that never leaves the device.
        serial: of its hardware, empty when it has none.
        token: one that lets it in without a person, or empty.
    """

    device: DeviceId
    csr: Pem
    serial: Text = ""
    token: Secret = ""


class EnrolState(OpenEnum):
    """What became of a request."""

    PENDING = "pending"  # a person has to compare the code and say yes
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class EnrolAnswer(Wire):
    """What the control plane says to a request. All but the state and the reason is there once it is accepted.

    Attributes:
        code: the claim code as the control plane computes it.
        certificate: of the device, with what it is called from now on as its common name.
        authority: the certificate that signed it, and that everything of the control plane is held to.
        broker: `mqtts://HOST:PORT`, or `mqtt://HOST:PORT` where the broker is one that takes no certificates.
        url: of the devices' own port, by HTTPS with the certificate.
        root: the root of the signed metadata about models, which the device holds to from now on; see `contract.trust`.
    """

    state: EnrolState
    reason: Text = ""
    code: Text = ""
    certificate: str = ""
    authority: str = ""
    broker: Text = ""
    url: Text = ""
    root: str = ""


class RenewRequest(Wire):
    """A device asks for a new certificate before the old one ends; the old one says who asks."""

    csr: Pem


class Standing(Wire):
    """How a device stands with the control plane, and what time it is there."""

    device: DeviceId
    now: Time
    expires: Time | None = None


class Approval(Wire):
    """A one-use token or a serial that lets a device in without a person; see `claim_token`."""

    secret: Annotated[str, Field(max_length=300)]


def claim_code(key: bytes, authority: bytes) -> str:
    """What device and control plane each compute and a person compares; another key or authority gives another code.

    Args:
        key: the device's public key, DER (SubjectPublicKeyInfo).
        authority: the authority's certificate as this side sees it, DER.
    """
    digest = hashlib.sha256(
        b"kubeddr claim\0" + hashlib.sha256(key).digest() + hashlib.sha256(authority).digest()
    ).digest()
    text = base64.b32encode(digest).decode()[:CODE]
    return "-".join(text[start : start + 4] for start in range(0, CODE, 4))


def fingerprint(authority: bytes) -> str:
    """What a token says about the authority, so that no other can answer to it."""
    return hashlib.sha256(authority).hexdigest()[:PRINT]


def claim_token(secret: str, authority: bytes) -> str:
    """A token as it is handed to a device: the secret, and whom it may be told to.

    >>> claim_token("s3cret", b"certificate")
    's3cret.03d66dd08835c1ca3f128cceacd1f31a'
    """
    return f"{secret}.{fingerprint(authority)}"


def split_token(token: str) -> tuple[str, str]:
    """(secret, fingerprint) of a token; the fingerprint is empty when it has none."""
    secret, _, mark = token.partition(".")
    return secret, mark
