"""Who asks, whether they may, and the log of what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from control_plane.api.context import context_of
from control_plane.domain.access import Caller, Role
from control_plane.errors import ForbiddenError, UnauthenticatedError

if TYPE_CHECKING:
    from starlette.responses import Response

    from control_plane.services.access import Access

log = structlog.get_logger("guard")

COOKIE = "kubeddr_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))]
_Cookie = Annotated[str | None, Security(APIKeyCookie(name=COOKIE, auto_error=False))]


class Needs:
    """A dependency that lets through whoever has this role or a stronger one, and puts the `Caller` on the request."""

    def __init__(self, role: Role) -> None:
        self.role = role

    def __call__(self, request: Request, bearer: _Bearer = None, cookie: _Cookie = None) -> None:
        """Let through or raise.

        Raises:
            UnauthenticatedError: nobody known asks.
            ForbiddenError: the role is too weak, or another site asks through somebody's browser.
        """
        access = context_of(request).access
        if bearer is not None:
            caller = access.caller(bearer.credentials)
        elif cookie:
            caller = access.caller(cookie, cookie=True)
        else:
            raise UnauthenticatedError(
                "Nobody is signed in. Send a token (Authorization: Bearer ...), or use /sign-in."
            )
        request.state.caller = caller
        if caller.cookie and request.method not in SAFE and not _from_here(request):
            raise ForbiddenError(
                "This came from another site. Do it on the control plane's own pages, or with a token."
            )
        if not caller.role.allows(self.role):
            raise ForbiddenError(f"{caller.name} is {caller.role.value}; this needs {self.role.value}.")


VIEWER, OPERATOR, RELEASER, ADMIN = (Depends(Needs(role)) for role in Role)


def caller_of(request: Request) -> Caller:
    """Who asks, behind a `Needs`."""
    caller: Caller = request.state.caller
    return caller


Me = Annotated[Caller, Depends(caller_of)]


async def audited(access: Access, request: Request, response: Response) -> None:
    """Write down what was asked by somebody known and is more than a look."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or request.method in SAFE:
        return
    route = request.scope.get("route")
    action = getattr(route, "name", "") or request.method
    detail: str = getattr(request.state, "detail", "")
    try:
        await run_in_threadpool(access.note, caller, action, request.url.path, detail, response.status_code)
    except Exception:  # the deed is done: to say that it failed would be a lie
        log.exception("the audit log does not take it", operator=caller.name, action=action)


def detail(request: Request, text: str) -> None:
    """Say more about the deed than its address does; never a secret."""
    request.state.detail = text


def _from_here(request: Request) -> bool:
    """Whether a browser says that our own page asks. Every browser of this decade sends one of the two with a POST."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
