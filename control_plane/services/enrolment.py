"""How devices come in, stay in, and are shut out."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from contract.enrolment import EnrolRequest, EnrolState, claim_code, claim_token, split_token
from contract.ids import DeviceId
from control_plane.authority.ca import Request, check_request
from control_plane.domain.access import digest, mint
from control_plane.errors import ConflictError, ForbiddenError, NotFoundError
from control_plane.storage import enrolment as rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, RowMapping

    from control_plane.authority.ca import Authority, Issued
    from control_plane.storage.database import Database

log = structlog.get_logger("enrolment")

MAX_WAITING = 1000  # a request costs nothing to make, so they must not fill the database
UNHEARD = timedelta(hours=1)  # a device that waits asks every few seconds
KEPT = timedelta(days=30)
TOKEN_LIFE = timedelta(days=1)
TOKEN, SERIAL = "token", "serial"


@dataclass(frozen=True, slots=True)
class Policy:
    """How certificates are given.

    Attributes:
        life: of a device's certificate.
        on_change: called with whom to shut out whenever somebody is shut out or let in again; not in a transaction.
    """

    life: timedelta
    on_change: Callable[[set[str]], None]


class Enrolment:
    """Requests, approvals and certificates."""

    def __init__(self, database: Database, authority: Authority, policy: Policy) -> None:
        self._database = database
        self._policy = policy
        self._lock = threading.Lock()
        self._published: object = None
        self.authority = authority

    def ask(self, asked: EnrolRequest) -> RowMapping:
        """A device asks, for the first time or again; the answer is what became of it.

        Raises:
            RefusedError: the request itself cannot be signed.
        """
        request, now = check_request(asked.csr), datetime.now(UTC)
        key = hashlib.sha256(request.key).hexdigest()
        with self._database.write("enrolment") as connection:
            row = rows.request(connection, key)
            if row is None or (row["state"] == EnrolState.PENDING.value and row["device"] != asked.device):
                self._take(connection, key, request, asked, now)
            else:
                rows.change_request(connection, key, heard=now)
            row = rows.request(connection, key)
            if row is not None and row["state"] == EnrolState.PENDING.value:
                by = self._approved(connection, asked, now)
                if by:
                    self._accept(connection, key, request, asked.device, by)
                row = rows.request(connection, key)
        self._changed()
        if row is None:
            raise ForbiddenError("Too many devices wait to be let in. Accept or refuse some, then this one asks again.")
        return row

    def accept(self, code: str, by: str, device: DeviceId | None = None, *, replace: bool = False) -> RowMapping:
        """A person has compared the code and lets the device in, by another name if wished.

        With `replace` it is the device that has this name already, wiped: what it had counts no more.

        Raises:
            NotFoundError: no device that waits shows this code.
            ConflictError: another device has this name.
        """
        with self._database.write("enrolment") as connection:
            row = _waiting(connection, code)
            name = device or DeviceId(row["device"])
            if not replace and rows.live(connection, name, datetime.now(UTC)):
                raise ConflictError(
                    f"There is a device {name} already: replace it if it was wiped, or give another name."
                )
            self._accept(connection, row["key"], check_request(row["csr"]), name, by)
            row = rows.request(connection, row["key"]) or row
        self._changed()
        return row

    def refuse(self, code: str, by: str, reason: str) -> RowMapping:
        """A person does not let the device in.

        Raises:
            NotFoundError: no device that waits shows this code.
        """
        with self._database.write("enrolment") as connection:
            row = _waiting(connection, code)
            rows.change_request(
                connection, row["key"], state=EnrolState.REFUSED.value, reason=reason or "refused", decided_by=by
            )
            return rows.request(connection, row["key"]) or row

    def token(self, by: str, device: DeviceId | None, life: timedelta | None = None) -> str:
        """A token that lets one device in, once; bound to a name, it may also take that name over from another key."""
        secret, now = mint(), datetime.now(UTC)
        row = {"id": digest(secret), "kind": TOKEN, "label": "", "device": device, "created_by": by, "created": now}
        with self._database.write("enrolment") as connection:
            rows.add_approval(connection, row | {"expires": now + (life or TOKEN_LIFE)})
        return claim_token(secret, self.authority.der)

    def approve(self, by: str, serial: str, device: DeviceId | None) -> None:
        """Let the hardware with this serial in, once, whenever it asks; approve it again when it was wiped."""
        row = {"id": digest(f"serial:{serial}"), "kind": SERIAL, "label": serial, "device": device, "created_by": by}
        with self._database.write("enrolment") as connection:
            rows.add_approval(connection, row | {"created": datetime.now(UTC), "expires": None})

    def withdraw(self, approval: str) -> None:
        """Take an approval back.

        Raises:
            NotFoundError: it is not there, or used up.
        """
        with self._database.write("enrolment") as connection:
            if not rows.drop_approval(connection, approval):
                raise NotFoundError(f"There is no approval {approval[:12]}: it may be used up.")

    def renew(self, device: DeviceId, csr: str) -> Issued:
        """A new certificate for a device that has shown its old one; the old one counts until it ends.

        Raises:
            RefusedError: the request cannot be signed.
        """
        request = check_request(csr)
        with self._database.write("enrolment") as connection:
            return self._issue(connection, request, device)

    def standing(self, device: str, serial: str) -> RowMapping:
        """The certificate that somebody shows, if it counts.

        Raises:
            ForbiddenError: it was taken back, or is not one that was given to this device.
        """
        with self._database.read() as connection:
            row = rows.certificate(connection, serial)
        if row is None or row["device"] != device:
            raise ForbiddenError("This certificate is not known here. Enrol the device again.")
        if row["revoked"] is not None:
            raise ForbiddenError(f"This certificate was taken back: {row['reason'] or 'no reason given'}.")
        return row

    def revoke(self, device: DeviceId, reason: str) -> int:
        """Shut a device out: its certificates count no more, and an open connection falls silent.

        Raises:
            NotFoundError: it has none.
        """
        with self._database.write("enrolment") as connection:
            count = rows.revoke(connection, device, datetime.now(UTC), reason)
        if not count:
            raise NotFoundError(f"{device} has no certificate that counts.")
        self._changed()
        return count

    def requests(self, limit: int, offset: int, state: str | None) -> tuple[Sequence[RowMapping], int]:
        """Requests, newest first, and how many there are."""
        with self._database.read() as connection:
            return rows.requests(connection, limit, offset, state)

    def approvals(self, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
        """Approvals, newest first, and how many there are."""
        with self._database.read() as connection:
            return rows.approvals(connection, limit, offset)

    def certificates(self, limit: int, offset: int, device: str | None) -> tuple[Sequence[RowMapping], int]:
        """Certificates, newest first, and how many there are."""
        with self._database.read() as connection:
            return rows.certificates(connection, limit, offset, device)

    def publish(self) -> None:
        """Write the list of revoked certificates and say who is shut out, whether or not anything changed."""
        now = datetime.now(UTC)
        with self._lock:
            with self._database.read() as connection:
                revoked, out = rows.revoked(connection, now), rows.shut_out(connection, now)
            self._published = (frozenset(revoked), frozenset(out))
            self.authority.write_crl(revoked)
            self._policy.on_change(out)

    def tidy(self) -> None:
        """Forget requests that nobody makes any more."""
        now = datetime.now(UTC)
        with self._database.write("enrolment") as connection:
            rows.forget_requests(connection, EnrolState.PENDING.value, now - UNHEARD)
            for state in (EnrolState.REFUSED, EnrolState.ACCEPTED):
                rows.forget_requests(connection, state.value, now - KEPT)

    def _take(self, connection: Connection, key: str, request: Request, asked: EnrolRequest, now: datetime) -> None:
        if rows.waiting(connection) >= MAX_WAITING:
            rows.forget_requests(connection, EnrolState.PENDING.value, now - timedelta(minutes=1))
            if rows.waiting(connection) >= MAX_WAITING:
                return
        row = {
            "key": key,
            "device": asked.device,
            "hardware": asked.serial,
            "csr": asked.csr,
            "code": claim_code(request.key, self.authority.der),
            "state": EnrolState.PENDING.value,
            "reason": "",
            "certificate": "",
            "requested": now,
            "heard": now,
            "decided_by": "",
        }
        rows.put_request(connection, row)
        log.info("a device asks to be let in", device=asked.device, code=row["code"])

    def _approved(self, connection: Connection, asked: EnrolRequest, now: datetime) -> str:
        """Who or what lets it in without a person; empty for nobody. What does is used up by it."""
        taken = bool(rows.live(connection, asked.device, now))
        secret, _ = split_token(asked.token)
        for key, kind in ((digest(secret), TOKEN), (digest(f"serial:{asked.serial}"), SERIAL)):
            if (kind == TOKEN and not secret) or (kind == SERIAL and not asked.serial):
                continue
            row = rows.approval(connection, key, now)
            if row is None or row["kind"] != kind or (row["device"] is not None and row["device"] != asked.device):
                continue
            if taken and row["device"] is None:
                continue  # nobody meant it to take a name from a device that has one
            if rows.drop_approval(connection, key):
                return f"{kind} of {row['created_by']}"
        return ""

    def _accept(self, connection: Connection, key: str, request: Request, device: DeviceId, by: str) -> None:
        issued = self._issue(connection, request, device)
        rows.revoke(connection, device, datetime.now(UTC), "enrolled anew", but=issued.serial)
        accepted = {"state": EnrolState.ACCEPTED.value, "certificate": issued.pem, "device": device, "decided_by": by}
        rows.change_request(connection, key, **accepted)
        rows.expect_device(connection, device, datetime.now(UTC))
        log.info("a device was let in", device=device, by=by)

    def _issue(self, connection: Connection, request: Request, device: DeviceId) -> Issued:
        issued = self.authority.issue(request, device, self._policy.life)
        key = hashlib.sha256(request.key).hexdigest()
        row = {"serial": issued.serial, "device": device, "key": key, "issued": datetime.now(UTC)}
        rows.add_certificate(connection, row | {"expires": issued.expires})
        return issued

    def _changed(self) -> None:
        """Publish when who is shut out, or what is revoked, is not what was published last."""
        now = datetime.now(UTC)
        with self._database.read() as connection:
            state = (frozenset(rows.revoked(connection, now)), frozenset(rows.shut_out(connection, now)))
        if state != self._published:
            self.publish()


def _waiting(connection: Connection, code: str) -> RowMapping:
    row = rows.request_by_code(connection, code.strip().upper())
    if row is None or row["state"] != EnrolState.PENDING.value:
        raise NotFoundError(
            f"No device that waits shows the code {code}. `kubeddr devices waiting` lists those that do."
        )
    return row
