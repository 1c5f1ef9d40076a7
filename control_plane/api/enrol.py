"""How devices are let in: what they ask, and what people decide."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import RowMapping

from contract.enrolment import AUTHORITY, PATH, Approval, EnrolAnswer, EnrolRequest, EnrolState
from contract.ids import DeviceId
from control_plane.api.context import Here, Limit, Offset
from control_plane.api.guard import ADMIN, OPERATOR, VIEWER, Me, detail
from control_plane.api.shapes import Page, Shape

router = APIRouter(tags=["enrolment"])

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z2-7]{4}(-[A-Za-z2-7]{4}){2}$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
HardwareSerial = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class RequestOut(Shape):
    """A device that asks, or asked, to be let in; `code` is what its own page must show."""

    device: str
    serial: str
    code: str
    state: EnrolState
    reason: str
    requested: datetime
    heard: datetime
    decided_by: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        known = {name: row[name] for name in cls.model_fields if name != "serial"}
        return cls(serial=row["hardware"], **known)


class Accept(BaseModel):
    """Lets a device in, as `device` where it is to be called otherwise than it would like.

    Attributes:
        replace: it is the one that has this name already, and was wiped.
    """

    device: DeviceId | None = None
    replace: bool = False


class Reason(BaseModel):
    """Why."""

    reason: Line = ""


class NewToken(BaseModel):
    """A one-use token; bound to `device` it also lets that one in anew after it was wiped."""

    device: DeviceId | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 365)] = 24


class NewSerial(BaseModel):
    """Hardware that is let in, once, whenever it asks; a serial is no secret, so approve late and look."""

    serial: HardwareSerial
    device: DeviceId | None = None


class ApprovalOut(Shape):
    """What lets one device in: a token or a serial."""

    id: str
    kind: str
    label: str
    device: str | None
    created: datetime
    expires: datetime | None
    created_by: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        return cls(**{name: row[name] for name in cls.model_fields})


class CertificateOut(Shape):
    """A certificate that a device was given; it counts until it ends unless it was `revoked`."""

    serial: str
    device: str
    issued: datetime
    expires: datetime
    revoked: datetime | None
    reason: str

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        return cls(**{name: row[name] for name in cls.model_fields})


class Revoked(Shape):
    """How many certificates count no more."""

    certificates: int


@router.get(AUTHORITY, response_class=PlainTextResponse)
def show_authority(here: Here) -> str:
    """The certificate that all others are signed with; for whoever asks."""
    return here.enrolment.authority.pem


@router.post(PATH)
def ask(here: Here, request: Request, asked: EnrolRequest) -> EnrolAnswer:
    """A device asks to be let in, and asks again until it is; what it shows for itself is in what it sends."""
    row = here.enrolment.ask(asked)
    state = EnrolState(row["state"])
    if state is not EnrolState.ACCEPTED:
        return EnrolAnswer(state=state, reason=row["reason"], code=row["code"])
    host = request.url.hostname or "localhost"
    return EnrolAnswer(
        state=state,
        code=row["code"],
        certificate=row["certificate"],
        authority=here.enrolment.authority.pem,
        broker=here.places.broker_for(host),
        url=here.places.url_for(host),
        root=here.catalog.repository.pinned(),
    )


@router.get("/api/v1/enrolments", dependencies=[VIEWER])
def list_requests(
    here: Here, state: EnrolState | None = None, limit: Limit = 100, offset: Offset = 0
) -> Page[RequestOut]:
    """Who asks and asked to be let in, newest first."""
    rows, total = here.enrolment.requests(limit, offset, None if state is None else state.value)
    return Page(items=tuple(RequestOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.post("/api/v1/enrolments/{code}/accept", dependencies=[OPERATOR])
def accept_device(here: Here, me: Me, request: Request, code: Code, accepted: Accept) -> RequestOut:
    """Let in the device whose own page shows this code."""
    row = here.enrolment.accept(code, me.name, accepted.device, replace=accepted.replace)
    detail(request, str(row["device"]))
    return RequestOut.of(row)


@router.post("/api/v1/enrolments/{code}/refuse", dependencies=[OPERATOR])
def refuse_device(here: Here, me: Me, request: Request, code: Code, why: Reason) -> RequestOut:
    """Do not let it in."""
    row = here.enrolment.refuse(code, me.name, why.reason)
    detail(request, f"{row['device']} {why.reason}")
    return RequestOut.of(row)


@router.get("/api/v1/approvals", dependencies=[OPERATOR])
def list_approvals(here: Here, limit: Limit = 100, offset: Offset = 0) -> Page[ApprovalOut]:
    """What lets devices in without a person, newest first; what was used up is gone."""
    rows, total = here.enrolment.approvals(limit, offset)
    return Page(items=tuple(ApprovalOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.post("/api/v1/approvals/tokens", status_code=201, dependencies=[OPERATOR])
def add_enrolment_token(here: Here, me: Me, request: Request, new: NewToken) -> Approval:
    """Make a one-use token, which is told this once."""
    detail(request, new.model_dump_json())
    return Approval(secret=here.enrolment.token(me.name, new.device, timedelta(hours=new.hours)))


@router.post("/api/v1/approvals/serials", status_code=204, dependencies=[OPERATOR])
def approve_serial(here: Here, me: Me, request: Request, new: NewSerial) -> None:
    """Let hardware in before it asks."""
    detail(request, new.model_dump_json())
    here.enrolment.approve(me.name, new.serial, new.device)


@router.delete("/api/v1/approvals/{approval}", status_code=204, dependencies=[OPERATOR])
def withdraw_approval(here: Here, approval: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]) -> None:
    """Take an approval back before it is used."""
    here.enrolment.withdraw(approval)


@router.get("/api/v1/certificates", dependencies=[VIEWER])
def list_certificates(
    here: Here, device: DeviceId | None = None, limit: Limit = 100, offset: Offset = 0
) -> Page[CertificateOut]:
    """Certificates that devices were given, newest first."""
    rows, total = here.enrolment.certificates(limit, offset, device)
    return Page(items=tuple(CertificateOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.post("/api/v1/devices/{device}/revoke", dependencies=[ADMIN])
def revoke_device(here: Here, request: Request, device: DeviceId, why: Reason) -> Revoked:
    """Shut a device out; it can ask to be let in again."""
    detail(request, why.reason)
    return Revoked(certificates=here.enrolment.revoke(device, why.reason))
