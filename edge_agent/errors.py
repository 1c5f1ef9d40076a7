"""What can go wrong on the device, apart by what the caller does next."""

from __future__ import annotations


class EdgeAgentError(Exception):
    """The root: its text is one sentence for a person, and says what to do."""


class SourceError(EdgeAgentError):
    """The source cannot be watched: the user names another one."""


class SettingsError(EdgeAgentError):
    """The agent was started with something it cannot run with."""


class InstallError(EdgeAgentError):
    """This machine could not be made a device: the person mends what the text says and tries again."""


class UpdateRefusedError(EdgeAgentError):
    """The offered model is bad: keep the old one, do not try this version again."""


class UpdateDelayedError(EdgeAgentError):
    """The model could not be fetched now: keep the old one, try again later."""


class UpdateUntrustedError(UpdateDelayedError):
    """What is signed about models cannot be had or believed now: keep the old one, try again later."""


class EnrolmentRefusedError(EdgeAgentError):
    """The control plane does not want the device, or is not the right one: ask as somebody else, later."""


class EnrolmentDelayedError(EdgeAgentError):
    """Nobody answers as a control plane does: ask again."""
