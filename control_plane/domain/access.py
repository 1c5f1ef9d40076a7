"""Who may do what: four roles, each of which may do all that those below it may."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

PREFIX = "kubeddr_"
SESSION_LIFE = timedelta(days=7)
LINK_LIFE = timedelta(minutes=15)
USED_EVERY = timedelta(minutes=1)  # how exactly the last use of a secret is kept


class Role(StrEnum):
    """What an operator may do, weakest first."""

    VIEWER = "viewer"  # sees everything but secrets and the audit log
    OPERATOR = "operator"  # looks after devices: lets them in, sets them up, asks them for things
    RELEASER = "releaser"  # brings models in and sends them out
    ADMIN = "admin"  # lets people in, takes certificates back, reads the audit log

    def allows(self, needed: Role) -> bool:
        """Whether this role is enough.

        >>> Role.RELEASER.allows(Role.OPERATOR), Role.RELEASER.allows(Role.ADMIN)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(needed)


class SecretKind(StrEnum):
    """What a secret is for."""

    TOKEN = "token"  # noqa: S105 - a kind, not a token
    SESSION = "session"
    LINK = "link"  # signs in once


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        cookie: the secret came by itself, as browsers send it, so that the request may be somebody else's idea.
    """

    name: str
    role: Role
    cookie: bool = False


def mint() -> str:
    """A new secret with 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """How a secret is kept. It has 256 random bits, which no dictionary holds, so one plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
