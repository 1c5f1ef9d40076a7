"""Requests to be a device, what lets them in, and certificates, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, func, insert, select, update

from control_plane.storage.tables import ApprovalRow, CertificateRow, Device, EnrolmentRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from contract.ids import DeviceId

REQUESTS: Table = EnrolmentRow.__table__  # type: ignore[attr-defined]
APPROVALS: Table = ApprovalRow.__table__  # type: ignore[attr-defined]
CERTIFICATES: Table = CertificateRow.__table__  # type: ignore[attr-defined]
DEVICES: Table = Device.__table__  # type: ignore[attr-defined]


def request(connection: Connection, key: str) -> RowMapping | None:
    """What became of a key's request."""
    return connection.execute(select(REQUESTS).where(REQUESTS.c.key == key)).mappings().one_or_none()


def request_by_code(connection: Connection, code: str) -> RowMapping | None:
    """The request that shows this code."""
    return connection.execute(select(REQUESTS).where(REQUESTS.c.code == code)).mappings().first()


def put_request(connection: Connection, row: dict[str, Any]) -> None:
    """Keep a request, in place of one of the same key."""
    connection.execute(delete(REQUESTS).where(REQUESTS.c.key == row["key"]))
    connection.execute(insert(REQUESTS), [row])


def change_request(connection: Connection, key: str, **changes: Any) -> None:
    """Note what became of a request."""
    connection.execute(update(REQUESTS).where(REQUESTS.c.key == key).values(**changes))


def waiting(connection: Connection) -> int:
    """How many requests wait for a person."""
    mine = select(func.count()).select_from(REQUESTS).where(REQUESTS.c.state == "pending")
    return int(connection.execute(mine).scalar_one())


def forget_requests(connection: Connection, state: str, before: datetime) -> None:
    """Forget requests in a state that were last heard before."""
    connection.execute(delete(REQUESTS).where(REQUESTS.c.state == state, REQUESTS.c.heard < before))


def requests(connection: Connection, limit: int, offset: int, state: str | None) -> tuple[Sequence[RowMapping], int]:
    """Requests, newest first, and how many there are."""
    wanted = select(REQUESTS) if state is None else select(REQUESTS).where(REQUESTS.c.state == state)
    return _page(connection, wanted, (REQUESTS.c.requested.desc(), REQUESTS.c.key), limit, offset)


def add_approval(connection: Connection, row: dict[str, Any]) -> None:
    """Let a token or a serial in, in place of the same one before."""
    connection.execute(delete(APPROVALS).where(APPROVALS.c.id == row["id"]))
    connection.execute(insert(APPROVALS), [row])


def approval(connection: Connection, key: str, now: datetime) -> RowMapping | None:
    """An approval that counts now."""
    mine = (APPROVALS.c.id == key) & ((APPROVALS.c.expires.is_(None)) | (APPROVALS.c.expires > now))
    return connection.execute(select(APPROVALS).where(mine)).mappings().one_or_none()


def drop_approval(connection: Connection, key: str) -> bool:
    """Use an approval up, or take it back; of several callers at once only one hears True."""
    return connection.execute(delete(APPROVALS).where(APPROVALS.c.id == key)).rowcount > 0


def approvals(connection: Connection, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
    """Approvals, newest first, and how many there are."""
    return _page(connection, select(APPROVALS), (APPROVALS.c.created.desc(), APPROVALS.c.id), limit, offset)


def add_certificate(connection: Connection, row: dict[str, Any]) -> None:
    """Note a certificate."""
    connection.execute(insert(CERTIFICATES), [{"revoked": None, "reason": ""} | row])


def certificate(connection: Connection, serial: str) -> RowMapping | None:
    """One certificate."""
    return connection.execute(select(CERTIFICATES).where(CERTIFICATES.c.serial == serial)).mappings().one_or_none()


def live(connection: Connection, device: str, now: datetime) -> Sequence[RowMapping]:
    """A device's certificates that count now."""
    mine = (CERTIFICATES.c.device == device) & CERTIFICATES.c.revoked.is_(None) & (CERTIFICATES.c.expires > now)
    return connection.execute(select(CERTIFICATES).where(mine)).mappings().all()


def revoke(connection: Connection, device: str, now: datetime, reason: str, *, but: str = "") -> int:
    """Take back a device's certificates but the one with the serial `but`; returns how many."""
    mine = (CERTIFICATES.c.device == device) & CERTIFICATES.c.revoked.is_(None) & (CERTIFICATES.c.serial != but)
    return connection.execute(update(CERTIFICATES).where(mine).values(revoked=now, reason=reason)).rowcount


def revoked(connection: Connection, now: datetime) -> list[tuple[str, datetime]]:
    """(serial, when) of all that were taken back and have not ended anyway."""
    mine = CERTIFICATES.c.revoked.is_not(None) & (CERTIFICATES.c.expires > now)
    return [(row.serial, row.revoked) for row in connection.execute(select(CERTIFICATES).where(mine))]


def shut_out(connection: Connection, now: datetime) -> set[str]:
    """Devices that had certificates and have none that counts."""
    known = set(connection.execute(select(CERTIFICATES.c.device).where(CERTIFICATES.c.revoked.is_not(None))).scalars())
    mine = CERTIFICATES.c.revoked.is_(None) & (CERTIFICATES.c.expires > now)
    return known - set(connection.execute(select(CERTIFICATES.c.device).where(mine)).scalars())


def certificates(
    connection: Connection, limit: int, offset: int, device: str | None
) -> tuple[Sequence[RowMapping], int]:
    """Certificates, newest first, and how many there are."""
    wanted = select(CERTIFICATES) if device is None else select(CERTIFICATES).where(CERTIFICATES.c.device == device)
    return _page(connection, wanted, (CERTIFICATES.c.issued.desc(), CERTIFICATES.c.serial), limit, offset)


def expect_device(connection: Connection, device: DeviceId, now: datetime) -> None:
    """See to it that the fleet knows a device that was let in and has not reported yet."""
    if connection.execute(select(DEVICES.c.id).where(DEVICES.c.id == device)).first() is None:
        blank = {"connection": 0, "online": False, "name": "", "desired_version": 0, "reported_version": 0}
        connection.execute(insert(DEVICES), [blank | {"id": device, "first_seen": now}])


def _page(connection: Connection, wanted: Any, order: Any, limit: int, offset: int) -> tuple[Sequence[RowMapping], int]:
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    return connection.execute(wanted.order_by(*order).limit(limit).offset(offset)).mappings().all(), total
