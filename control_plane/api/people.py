"""Signing in, operators, their tokens, and the audit log."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import RowMapping

from control_plane.api.context import Here, Limit, Offset
from control_plane.api.guard import ADMIN, COOKIE, VIEWER, Me, detail
from control_plane.api.shapes import Page, Shape
from control_plane.domain.access import SESSION_LIFE, Role, SecretKind

router = APIRouter(prefix="/api/v1", tags=["people"])

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,59}$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Wanted = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
START = 12  # digits of its hash that name a token


class SignIn(BaseModel):
    """A token, or the code of a sign-in link."""

    secret: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,200}$", repr=False)]


class Who(Shape):
    """Who is signed in."""

    operator: str
    role: Role


class NewOperator(BaseModel):
    """Somebody to let in."""

    name: Name
    role: Role


class OperatorChange(BaseModel):
    """What shall change of somebody; what is not named stays."""

    role: Role | None = None
    disabled: bool | None = None


class OperatorOut(Shape):
    """An operator."""

    name: str
    role: Role
    disabled: bool
    created: datetime

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        return cls(**{name: row[name] for name in cls.model_fields})


class NewToken(BaseModel):
    """A token to make; `days` of life, None for one without an end."""

    label: Line = ""
    days: Annotated[float | None, Field(gt=0, le=36500)] = None


class TokenOut(Shape):
    """A token, by the beginning of its hash."""

    id: str
    operator: str
    label: str
    created: datetime
    expires: datetime | None
    used: datetime | None

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        known = {name: row[name] for name in ("operator", "label", "created", "expires", "used")}
        return cls(id=row["hash"][:START], **known)


class Told(Shape):
    """A secret, told this once."""

    secret: str


class AuditOut(Shape):
    """One thing that somebody did; `status` is how the control plane answered."""

    id: int
    time: datetime
    operator: str
    role: str
    action: str
    target: str
    detail: str
    status: int

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """From its row."""
        return cls(**{name: row[name] for name in cls.model_fields})


@router.post("/session")
def sign_in(here: Here, request: Request, response: Response, given: SignIn) -> Who:
    """Begin a browser's session."""
    session, caller = here.access.sign_in(given.secret)
    request.state.caller = caller
    response.set_cookie(
        COOKIE,
        session,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return Who(operator=caller.name, role=caller.role)


@router.get("/session", dependencies=[VIEWER])
def who_am_i(me: Me) -> Who:
    """Who is signed in."""
    return Who(operator=me.name, role=me.role)


@router.delete("/session", status_code=204, dependencies=[VIEWER])
def sign_out(here: Here, request: Request, response: Response) -> None:
    """End a browser's session."""
    if session := request.cookies.get(COOKIE):
        here.access.sign_out(session)
    response.delete_cookie(COOKIE)


@router.get("/operators", dependencies=[ADMIN])
def list_operators(here: Here, limit: Limit = 100, offset: Offset = 0) -> Page[OperatorOut]:
    """Operators by name."""
    rows, total = here.access.operators(limit, offset)
    return Page(items=tuple(OperatorOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.post("/operators", status_code=201, dependencies=[ADMIN])
def add_operator(here: Here, request: Request, new: NewOperator) -> OperatorOut:
    """Let somebody in."""
    detail(request, f"{new.name} as {new.role.value}")
    return OperatorOut.of(here.access.add(new.name, new.role))


@router.patch("/operators/{name}", dependencies=[ADMIN])
def change_operator(here: Here, request: Request, name: Name, change: OperatorChange) -> OperatorOut:
    """Change what somebody may do, or shut them out."""
    detail(request, change.model_dump_json(exclude_none=True))
    return OperatorOut.of(here.access.change(name, change.role, disabled=change.disabled))


@router.post("/operators/{name}/tokens", status_code=201, dependencies=[ADMIN])
def add_token(here: Here, request: Request, name: Name, new: NewToken) -> Told:
    """Make a token, which is told this once."""
    detail(request, new.model_dump_json())
    life = None if new.days is None else timedelta(days=new.days)
    return Told(secret=here.access.issue(name, new.label, life))


@router.post("/operators/{name}/sign-in-links", status_code=201, dependencies=[ADMIN])
def add_link(here: Here, name: Name) -> Told:
    """Make the code of a link that signs in once: `/sign-in#CODE`."""
    return Told(secret=here.access.issue(name, "", None, SecretKind.LINK))


@router.get("/tokens", dependencies=[ADMIN])
def list_tokens(here: Here, operator: Name | None = None, limit: Limit = 100, offset: Offset = 0) -> Page[TokenOut]:
    """Tokens, newest first."""
    rows, total = here.access.tokens(limit, offset, operator)
    return Page(items=tuple(TokenOut.of(row) for row in rows), total=total, limit=limit, offset=offset)


@router.delete("/tokens/{token}", status_code=204, dependencies=[ADMIN])
def revoke_token(
    here: Here, request: Request, token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12,64}$")]
) -> None:
    """Take a token back."""
    detail(request, f"of {here.access.revoke(token)}")


@router.get("/audit", dependencies=[ADMIN])
def read_audit(  # noqa: PLR0913, PLR0917 - one for each filter
    here: Here,
    operator: Wanted = None,
    action: Wanted = None,
    target: Wanted = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Page[AuditOut]:
    """What operators did and tried, newest first; `action` and `target` match in part."""
    rows, total = here.access.audit(limit, offset, operator=operator, action=action, target=target)
    return Page(items=tuple(AuditOut.of(row) for row in rows), total=total, limit=limit, offset=offset)
