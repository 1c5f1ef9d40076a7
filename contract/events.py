"""What happens on a device and must not be lost: the bodies of events, and their envelope."""

from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from contract.ids import BootId, MatchId, Sha256
from contract.values import (
    Count,
    Digits,
    Label,
    ModelKind,
    NotNegative,
    OpenEnum,
    Probability,
    Score,
    ScoreUnit,
    Seconds,
    Seq,
    Text,
    Time,
    Winner,
    Wire,
)

SCHEMA_VERSION = 1


class Interval(Wire):
    """From `low` to `high`, in the score's unit."""

    low: float
    high: float


class Prediction(Wire):
    """Who will win, and how sure the device is.

    Attributes:
        p1_win: probability that player 1 wins; `low` and `high` are its credible bounds.
        progress: how much of the score budget is spent, 0 to 1.
        model: name of the predictor that says so, and its version.
    """

    p1_win: Probability
    low: Probability = 0.0
    high: Probability = 1.0
    progress: Probability = 0.0
    p1_final: Interval | None = None
    p2_final: Interval | None = None
    model: Text = ""
    model_version: Text = ""


class MatchStarted(Wire):
    """Two players began a song.

    Attributes:
        t: seconds of the source, which the match's other events share.
        digits: how many digits the display has when it is padded.
    """

    kind: Literal["match_started"] = "match_started"
    match_id: MatchId
    t: Seconds
    unit: ScoreUnit = ScoreUnit.POINTS
    digits: Digits | None = None


class MatchProgress(Wire):
    """Both scores and the prediction at one moment of a match. A score that was not read is None."""

    kind: Literal["match_progress"] = "match_progress"
    match_id: MatchId
    t: Seconds
    unit: ScoreUnit = ScoreUnit.POINTS
    p1: Score | None = None
    p2: Score | None = None
    prediction: Prediction | None = None


class MatchFinished(Wire):
    """A match is over. `winner` is 1, 2, 0 for a tie, or None when it could not be told."""

    kind: Literal["match_finished"] = "match_finished"
    match_id: MatchId
    t: Seconds
    unit: ScoreUnit = ScoreUnit.POINTS
    p1_final: Score | None = None
    p2_final: Score | None = None
    winner: Winner | None = None


class ModelPhase(OpenEnum):
    """How far a model has come on its way into a device; the last three are ends."""

    ANNOUNCED = "announced"
    DOWNLOADING = "downloading"
    VERIFIED = "verified"  # signed, whole, and what was announced
    SELF_TESTED = "self_tested"  # gives its golden answers here, fast and small enough
    SHADOWING = "shadowing"  # runs beside the one that counts
    PROBATION = "probation"  # counts, and is taken back when it does badly
    COMMITTED = "committed"
    REVERTED = "reverted"  # did badly on probation; the one before it runs again
    REFUSED = "refused"  # never counted
    ACTIVATED = "activated"  # what devices before there was a probation say for committed
    UNKNOWN = "unknown"


class ModelReport(Wire):
    """One step of a model on its way in.

    Attributes:
        desired_version: of the desired document that asked for it.
        reason: why it was refused or reverted, in words for a person.
        rollout: that asked for it; empty for none.
    """

    kind: Literal["model_report"] = "model_report"
    phase: ModelPhase
    desired_version: Seq
    model_kind: ModelKind
    name: Label
    version: Label
    sha256: Sha256
    reason: Text = ""
    rollout: Text = ""


class Contender(Wire):
    """One of two models that went through the same match, and how it did. None where a kind has no such figure.

    Attributes:
        sha256: None for one that came with the agent.
        predictions: how many it made, or for a reader were made on its readings, before the result was known.
        log_loss: mean of -ln p(who won) over them, in nats; no prediction is held surer than 1 - 1e-6.
        exact_reads: of the pictures on which the final scores stood, the share of which it read both as just these.
        abstentions: of the match's pictures with scores on them, the share of which a reader did not give both; of a
            predictor's predictions, the share that left it wholly open.
        latency_ms: milliseconds of one run, the median.
    """

    name: Text
    version: Text = ""
    sha256: Sha256 | None = None
    predictions: Count = 0
    log_loss: NotNegative | None = None
    exact_reads: Probability | None = None
    abstentions: Probability | None = None
    latency_ms: NotNegative | None = None


class ModelCompared(Wire):
    """A champion and a challenger went through the same match, on the same pictures.

    What the reader that counts decided on the results screen is the label of both.

    Attributes:
        phase: of the challenger: shadowing, or on probation, when the champion runs beside it.
        rollout: that asked for the challenger; empty for none.
        winner: the label: 1, 2, 0 for a tie, or None when it could not be told, and there is no log loss.
    """

    kind: Literal["model_compared"] = "model_compared"
    match_id: MatchId
    model_kind: ModelKind
    phase: ModelPhase
    champion: Contender
    challenger: Contender
    rollout: Text = ""
    winner: Winner | None = None


class UnknownBody(Wire):
    """A kind of event that this side does not know yet. It is stored as it came."""

    kind: Label


_KINDS = frozenset({"match_started", "match_progress", "match_finished", "model_report", "model_compared"})


def _tag(body: object) -> str:
    kind = body.get("kind") if isinstance(body, dict) else getattr(body, "kind", None)
    return kind if isinstance(kind, str) and kind in _KINDS else "unknown"


Body = Annotated[
    Annotated[MatchStarted, Tag("match_started")]
    | Annotated[MatchProgress, Tag("match_progress")]
    | Annotated[MatchFinished, Tag("match_finished")]
    | Annotated[ModelReport, Tag("model_report")]
    | Annotated[ModelCompared, Tag("model_compared")]
    | Annotated[UnknownBody, Tag("unknown")],
    Discriminator(_tag),
]


class Event(Wire):
    """The envelope of everything that goes through the outbox; the device is in the topic.

    Attributes:
        seq: counts this boot's events from 1, without a gap.
        time: when it happened, not when it was sent.
        historical: it could not be sent when it happened: it tells the past, not the present.
        oldest: the lowest seq of this boot that the device still holds when it sends this. Nothing below it will
            ever come, so receipts need not wait for it. Set when sending, not when storing.
    """

    schema_version: Seq = SCHEMA_VERSION
    boot_id: BootId
    seq: Seq
    time: Time
    historical: bool = False
    oldest: Seq | None = None
    body: Body
