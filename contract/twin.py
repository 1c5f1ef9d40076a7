"""What can be set on a device from afar, and what a device says is wrong with it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from contract.values import Count, OpenEnum, Seq, Text, Wire

Name = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
SourceText = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
Rate = Annotated[float, Field(ge=1, le=120)]  # pictures handled in a second, at most


class PageStyle(OpenEnum):
    """How much the device's own page tells."""

    FULL = "full"
    SCORES = "scores"  # no prediction: the players shall not know
    UNKNOWN = "unknown"


class Settings(Wire):
    """What of a device can be changed while it runs. What is None is as the device was started.

    Attributes:
        name: what people call it.
        source: the camera, device, file or URL to watch.
        players: what the page calls player 1 and player 2.
        rate: pictures handled in a second at most.
    """

    name: Name | None = None
    source: SourceText | None = None
    players: tuple[Name, Name] | None = None
    page: PageStyle | None = None
    rate: Rate | None = None


class SettingsWish(Wire):
    """Settings as they should be.

    Attributes:
        asked: the version of the desired document that first asked for them; a later one may only carry them along.
    """

    asked: Seq
    values: Settings


class SettingsReport(Wire):
    """Settings as they are.

    Attributes:
        settled: the `asked` of the last wish that was applied or refused; 0 for none.
        values: what is in force.
        refused: why the wish `settled` is not in force; empty when it is.
        safe: the device has gone back to what it was started with, because it did not come up with `values`.
    """

    settled: Count = 0
    values: Settings = Settings()
    refused: Text = ""
    safe: bool = False


class ProblemCode(OpenEnum):
    """What can be wrong with a device that is online."""

    NO_PICTURE = "no_picture"
    LOW_CONFIDENCE = "low_confidence"  # there is a game on the screen, and its scores are read badly
    HOT = "hot"
    THROTTLED = "throttled"
    DISK_FULL = "disk_full"
    CLOCK_OFF = "clock_off"
    STUCK = "stuck"
    UNREADABLE = "unreadable"  # every picture ends in an error
    EVENTS_LOST = "events_lost"
    SAFE_MODE = "safe_mode"
    UNKNOWN = "unknown"


class Problem(Wire):
    """One thing that is wrong, in words for a person."""

    code: ProblemCode
    text: Text = ""
