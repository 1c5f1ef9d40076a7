"""Errors as `application/problem+json` (RFC 9457): what is wrong, in words for a person."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from control_plane.errors import (
    ConflictError,
    ControlPlaneError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    TooLargeError,
    UnauthenticatedError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

_STATUS: tuple[tuple[type[ControlPlaneError], HTTPStatus], ...] = (
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (RefusedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ControlPlaneError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


EXPECTED: dict[int | str, str] = {
    401: "Nobody known asks",
    403: "Who asks may not",
    404: "There is no such thing",
    409: "It does not go together with what is there",
    413: "Too large",
    422: "Not as it should be",
}


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


def problem(status: int, detail: str) -> JSONResponse:
    """One answer about what is wrong."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def install(app: FastAPI) -> None:
    """Let `app` answer every error so."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return problem(status, str(error))

    async def http(_request: Request, error: Exception) -> JSONResponse:
        status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
        return problem(status, detail)

    async def validation(_request: Request, error: Exception) -> JSONResponse:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": ""}
        place = ".".join(str(part) for part in first["loc"][1:])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place}: {first['msg']}" if place else str(first["msg"]))

    async def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something unexpected; the log says what.")

    async def gone(_request: Request, _error: Exception) -> JSONResponse:
        return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large, or broke off.")

    app.add_exception_handler(Exception, unexpected)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(ControlPlaneError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
