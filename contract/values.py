"""The small values that messages are made of: bounded numbers, clean text, enums that age well."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contract.ids import MAX_SEQ


class Wire(BaseModel):
    """The root of everything on the wire: frozen, unknown fields ignored, no NaN."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, ser_json_bytes="base64"
    )


class OpenEnum(StrEnum):
    """An enum that may grow on the other side: a value not known here is read as UNKNOWN.

    Every subclass has a member UNKNOWN = "unknown".
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("unknown") if isinstance(value, str) and value != "unknown" else None


class ModelKind(OpenEnum):
    """What a model does. A device runs one of each kind."""

    READER = "reader"
    WINNER = "winner"
    UNKNOWN = "unknown"


class ScoreUnit(OpenEnum):
    """What the number on the screen counts; a percent travels as hundredths."""

    POINTS = "points"
    PERCENT = "percent"
    UNKNOWN = "unknown"


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:  # year 1 or 9999, seen from another zone
        raise ValueError("a time out of range") from error


Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]  # one clean line
Label = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
Count = Annotated[int, Field(ge=0, le=MAX_SEQ)]
Seq = Annotated[int, Field(ge=1, le=MAX_SEQ)]
Digits = Annotated[int, Field(ge=1, le=12)]
Score = Annotated[int, Field(ge=0, le=2_000_000_000)]
Probability = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0, le=1e12)]
Winner = Annotated[int, Field(ge=0, le=2)]  # 1, 2, or 0 for a tie
Seconds = Annotated[float, Field(ge=-1e12, le=1e12)]
