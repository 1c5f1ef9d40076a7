"""Keys and certificates on disk, made by `cryptography`: the authority, the servers, and what devices are given."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from control_plane.errors import RefusedError, StartError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from contract.ids import DeviceId

SERVICE = "control.plane"  # the common name of the control plane's own client; no device id has a dot
AUTHORITY_LIFE = timedelta(days=365 * 20)
SERVER_LIFE = timedelta(days=365)
CRL_LIFE = timedelta(days=30)
EARLY = timedelta(days=1)  # valid from so long ago: clocks of small boards are late
_CLIENT, _SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True, slots=True)
class Request:
    """A checked signing request.

    Attributes:
        key: the public key, DER.
    """

    csr: x509.CertificateSigningRequest
    key: bytes


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate for a device. `serial` is in hexadecimal digits, without leading zeros."""

    serial: str
    pem: str
    expires: datetime


class Authority:
    """A folder with the authority's key, which only its owner may read, and the control plane's own certificates.

    Args:
        folder: made when it is not there; a new authority is made in an empty one.
        names: host names and addresses that the servers are reached by.

    Raises:
        StartError: what is there cannot be read.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._key, self.certificate = self._load_or_make()
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise StartError(f"The authority in {folder} cannot be read: {error}. Restore it from a backup.") from error
        self._keep_server(names)
        self._keep_client()

    @property
    def der(self) -> bytes:
        """The authority's certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        """The authority's certificate as text."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def path(self, name: str) -> Path:
        """One of the files: ca.pem, server.pem, server.key, client.pem, client.key, crl.pem."""
        return self.folder / name

    def issue(self, request: Request, device: DeviceId, life: timedelta) -> Issued:
        """A certificate for a device's key. Only the key is taken from the request: the name is ours to give."""
        made = self._sign(request.csr.public_key(), device, life, (_CLIENT,), ())
        pem = made.public_bytes(Encoding.PEM).decode()
        return Issued(f"{made.serial_number:x}", pem, made.not_valid_after_utc)

    def write_crl(self, revoked: Iterable[tuple[str, datetime]]) -> None:
        """Write the list of certificates that count no more: (serial, when)."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - EARLY).next_update(now + CRL_LIFE)
        for serial, when in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(when)
            builder = builder.add_revoked_certificate(entry.build())
        crl = builder.sign(self._key, hashes.SHA256())
        _write(self.path("crl.pem"), crl.public_bytes(Encoding.PEM))

    def as_client(self) -> ssl.SSLContext:
        """How the control plane goes to the broker."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.path("ca.pem")))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.path("client.pem"), self.path("client.key"))
        return context

    def as_server(self) -> ssl.SSLContext:
        """How devices are received: only with a certificate of ours."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.path("ca.pem")))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.path("server.pem"), self.path("server.key"))
        return context

    def _load_or_make(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key_file, file = self.path("ca.key"), self.path("ca.pem")
        if key_file.exists() and file.exists():
            key = load_pem_private_key(key_file.read_bytes(), None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise TypeError("its key is of another kind")
            return key, x509.load_pem_x509_certificate(file.read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"kubeddr {os.urandom(4).hex()}")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - EARLY)
            .not_valid_after(now + AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        made = builder.sign(key, hashes.SHA256())
        _write(key_file, _private(key), 0o600)
        _write(file, made.public_bytes(Encoding.PEM))
        return key, made

    def _keep_server(self, names: Sequence[str]) -> None:
        wanted = tuple(dict.fromkeys(names))
        if self._fresh("server") and _names_of(self.path("server.pem")) == wanted:
            return
        self._make("server", wanted[0] if wanted else "localhost", (_SERVER,), wanted)

    def _keep_client(self) -> None:
        if not self._fresh("client"):
            self._make("client", SERVICE, (_CLIENT,), ())

    def _make(self, stem: str, name: str, uses: Sequence[x509.ObjectIdentifier], names: Sequence[str]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(key.public_key(), name, SERVER_LIFE, uses, names)
        _write(self.path(f"{stem}.key"), _private(key), 0o600)
        _write(self.path(f"{stem}.pem"), made.public_bytes(Encoding.PEM))

    def _fresh(self, stem: str) -> bool:
        try:
            known = x509.load_pem_x509_certificate(self.path(f"{stem}.pem").read_bytes())
        except (OSError, ValueError):
            return False
        mine = known.issuer == self.certificate.subject and self.path(f"{stem}.key").exists()
        return mine and known.not_valid_after_utc - datetime.now(UTC) > SERVER_LIFE / 3

    def _sign(
        self,
        key: object,
        name: str,
        life: timedelta,
        uses: Sequence[x509.ObjectIdentifier],
        names: Sequence[str],
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.certificate.subject)
            .public_key(key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - EARLY)
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(each) for each in names]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


def check_request(pem: str) -> Request:
    """Read a signing request and hold it to what we sign: an elliptic key on P-256, proven to be the asker's.

    Raises:
        RefusedError: it is no such thing.
    """
    try:
        csr = x509.load_pem_x509_csr(pem.encode())
        valid, key = csr.is_signature_valid, csr.public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm, InvalidSignature, TypeError) as error:
        raise RefusedError("This is no certificate signing request.") from error
    if not valid or not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != ec.SECP256R1.name:
        raise RefusedError("Only requests that are signed with a key on the curve P-256 are taken.")
    return Request(csr, der)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(path: Path) -> tuple[str, ...]:
    known = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        names = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in names)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a file whole; a secret is never readable by others, not even for a moment."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
