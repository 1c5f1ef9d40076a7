"""What can be wrong with something that came over the wire, in one place."""

from __future__ import annotations


class ContractError(ValueError):
    """The root: something does not keep to the contract. The text says what and where."""


class InvalidIdError(ContractError):
    """An identifier that is not shaped as it must be."""


class TopicError(ContractError):
    """A topic that is none of ours."""


class DecodeError(ContractError):
    """Bytes that are not the message they should be.

    Attributes:
        reason: one line that a person can act on; safe to log and to store.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ManifestError(ContractError):
    """A bundle whose manifest is missing, malformed, or does not describe what is in it."""
