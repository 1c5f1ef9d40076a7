"""Who the device is: a key that never leaves it, the certificate for it, and whom it trusts; a folder on the disk."""

from __future__ import annotations

import contextlib
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Self

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

    from contract.enrolment import EnrolAnswer

RENEW_AT = 2 / 3  # of a certificate's life

log = structlog.get_logger(__name__)


class Place(BaseModel):
    """Where the device belongs: as `EnrolAnswer` told it."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    broker: str
    url: str


@dataclass(frozen=True, slots=True)
class Key:
    """A device's key."""

    private: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls) -> Self:
        """A new one."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> bytes:
        """The public half, DER."""
        return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def pem(self) -> bytes:
        """The private half, for the disk."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def request(self, device: str) -> str:
        """A signing request, which proves that the key is here."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
        made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.private, hashes.SHA256())
        return made.public_bytes(Encoding.PEM).decode()


@dataclass(frozen=True, slots=True)
class Identity:
    """A device that was let in.

    Attributes:
        device: what the control plane calls it.
        begins, ends: life of the certificate.
    """

    device: str
    place: Place
    begins: datetime
    ends: datetime
    folder: Path

    def tls(self) -> ssl.SSLContext:
        """How to talk to what belongs to the control plane; nobody else's certificate counts."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.folder / "authority.pem"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.folder / "identity.pem")
        return context

    def root(self) -> bytes | None:
        """Whose signatures on models count: the metadata that the device was given when it was let in."""
        try:
            return (self.folder / "root.json").read_bytes() or None
        except FileNotFoundError:
            return None

    def due(self, now: datetime) -> bool:
        """Whether it is time for a new certificate."""
        return now >= self.begins + (self.ends - self.begins) * RENEW_AT


class Wallet:
    """The folder. `identity.pem` holds key and certificate in one file, so that they change together or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def identity(self) -> Identity | None:
        """Who the device is; None when it was not let in yet, or the files are damaged."""
        try:
            pem = (self.folder / "identity.pem").read_bytes()
            certificate = x509.load_pem_x509_certificate(pem)
            load_pem_private_key(pem, None)
            place = Place.model_validate_json((self.folder / "place.json").read_bytes())
            name = str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
            begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            found = Identity(name, place, begins, ends, self.folder)
            found.tls()
        except FileNotFoundError:
            return None
        except (OSError, ValueError, IndexError, ValidationError, ssl.SSLError) as error:
            log.error("the device's identity is damaged, asking for a new one", reason=str(error))  # noqa: TRY400
            return None
        return found

    def waiting_key(self) -> Key:
        """The key that asks to be let in: the same after a restart, so that its claim code stays."""
        path = self.folder / "waiting.key"
        with contextlib.suppress(OSError, ValueError, TypeError):
            key = load_pem_private_key(path.read_bytes(), None)
            if isinstance(key, ec.EllipticCurvePrivateKey):
                return Key(key)
        made = Key.make()
        _write(path, made.pem)
        return made

    def drop_waiting_key(self) -> None:
        """Ask as somebody else the next time."""
        (self.folder / "waiting.key").unlink(missing_ok=True)

    def accept(self, key: Key, answer: EnrolAnswer) -> Identity:
        """Become who the control plane says.

        Raises:
            ValueError: what it says does not fit the key or itself.
        """
        certificate = x509.load_pem_x509_certificate(answer.certificate.encode())
        authority = x509.load_pem_x509_certificate(answer.authority.encode())
        certificate.verify_directly_issued_by(authority)
        _write(self.folder / "authority.pem", answer.authority.encode())
        _write(self.folder / "root.json", answer.root.encode())
        _write(self.folder / "place.json", Place(broker=answer.broker, url=answer.url).model_dump_json().encode())
        self.replace(key, answer.certificate)
        self.drop_waiting_key()
        found = self.identity()
        if found is None:
            raise ValueError("the identity that was told cannot be used")
        return found

    def replace(self, key: Key, certificate: str) -> None:
        """Take a new certificate.

        Raises:
            ValueError: it is not for this key.
        """
        known = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        if known.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != key.public:
            raise ValueError("the certificate is for another key")
        _write(self.folder / "identity.pem", key.pem + certificate.encode())


def now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
