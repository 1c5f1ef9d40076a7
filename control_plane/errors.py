"""What the control plane says when it cannot do what it was asked."""

from __future__ import annotations


class ControlPlaneError(Exception):
    """The root. The text is one clear sentence that says what to do next."""


class NotFoundError(ControlPlaneError):
    """There is no such thing."""


class RefusedError(ControlPlaneError):
    """What was handed in is not acceptable as it is."""


class TooLargeError(RefusedError):
    """What was handed in has too many bytes."""


class ConflictError(ControlPlaneError):
    """It does not go together with what is there."""


class UnauthenticatedError(ControlPlaneError):
    """Nobody knows who asks."""


class ForbiddenError(ControlPlaneError):
    """Who asks may not do this."""


class StartError(ControlPlaneError):
    """The control plane cannot start."""
