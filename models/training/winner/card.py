"""The model card: what the predictor is, what it was measured at, and where it is biased, in Markdown and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models import metrics
from models.features import NAMES, OWN, SIGNED
from models.training.winner.compare import nearest
from models.training.winner.data import MARKS, TRAIN_FAMILIES, TRAIN_KINDS
from models.training.winner.plots import draw
from models.winner import WIN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.training.winner.compare import Row
    from models.training.winner.train import Size, Trained

GROUPS = {
    "the lead": ("lead",),
    "the rate foretold": ("foretold",),
    "what is left of the budget": ("left", "left_root", "decided", "known"),
    "how uncertain the rest is": ("log_sigma", "log_scale", "formed", "careless"),
    "the kind of rule": ("triangular", "sure_top"),
    "the number of objects": ("counted", "objects"),
    "both players' rates over time": tuple(f"{side}_{name}" for side in ("one", "two") for name in OWN),
}
"""What is permuted together."""


def write_card(folder: Path, trained: Trained, size: Size) -> list[Path]:
    """Write `winner-card.md` and its picture into `folder`; returns the files."""
    from models.training.winner.train import OWN as MINE  # noqa: PLC0415 - the two modules tell of one another

    folder.mkdir(parents=True, exist_ok=True)
    card, picture = folder / "winner-card.md", folder / "winner.png"
    draw(picture, trained.judged, trained.said[MINE], trained.rows)
    card.write_text(_text(trained, size, MINE), encoding="utf-8")
    return [card, picture]


def _text(trained: Trained, size: Size, mine: str) -> str:
    manifest = trained.bundle.manifest
    return TEMPLATE.format(
        name=manifest.name,
        version=manifest.version,
        size=len(trained.bundle.members[f"{WIN}.tflite"]) // 1024,
        features=len(NAMES),
        signed=len(SIGNED),
        matches=f"{size.matches:,}",
        rows=f"{len(trained.train):,}",
        data=trained.train.version,
        families=", ".join(dict.fromkeys(TRAIN_FAMILIES)),
        kinds=", ".join(TRAIN_KINDS),
        left_families=", ".join(sorted(set(trained.judged.family))),
        left_kinds=", ".join(sorted(set(trained.judged.kind))),
        left=f"{size.left_out:,}",
        trials=size.trials,
        folds=size.folds,
        cross=", ".join(f"{loss:.4f}" for loss in trained.losses) or "none",
        losses=_losses(trained.rows),
        own=_own(trained.rows, mine),
        quarters=_quarters(trained),
        changes=_changes(trained),
        matters=_importance(trained),
        biases=_biases(trained, mine),
    )


def _losses(table: Sequence[Row]) -> str:
    names = list(dict.fromkeys(row.name for row in table))
    marks = list(dict.fromkeys(row.mark for row in table))
    lines = [f"| log loss at | {' | '.join(_mark(mark) for mark in marks)} |", "|---" * (len(marks) + 1) + "|"]
    for name in names:
        cells = [f"{row.figures['log_loss']:.4f}" for row in table if row.name == name]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    less = [row.beats for row in table if row.beats]
    cells = [f"{beat.value:+.4f} ({beat.low:+.4f} to {beat.high:+.4f})" for beat in less]
    lines.append(f"| ours less the best other | {' | '.join(cells)} |")
    return "\n".join(lines)


def _own(rows: Sequence[Row], mine: str) -> str:
    table = [row for row in rows if row.name == mine]
    names = list(table[0].figures)
    lines = [f"| at | {' | '.join(name.replace('_', ' ') for name in names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {_mark(row.mark)} | {' | '.join(_cell(row, name) for name in names)} |" for row in table]
    return "\n".join(lines)


def _cell(row: Row, name: str) -> str:
    figure = row.spread[name]
    return f"{figure.value:.4f} ({figure.low:.3f} to {figure.high:.3f})"


def _quarters(trained: Trained) -> str:
    lines = ["| budget | ECE | 95 % interval |", "|---|---|---|"]
    for name, error in trained.quarters.items():
        lines.append(f"| {name} | {error.value:.4f} | {error.low:.4f} to {error.high:.4f} |")
    return "\n".join(lines)


def _mark(mark: float | str) -> str:
    return mark if isinstance(mark, str) else f"{mark:.0%}"


def _changes(trained: Trained) -> str:
    lines = ["| from, to | mean change | 95 % interval |", "|---|---|---|"]
    for name, change in trained.changes.items():
        lines.append(f"| {name} | {change.value:+.4f} | {change.low:+.4f} to {change.high:+.4f} |")
    return "\n".join(lines)


def _importance(trained: Trained) -> str:
    """How much the log loss grows when a group of features is exchanged between rows, within each mark."""
    from models.runtime import Network  # noqa: PLC0415 - only a card asks the network again

    network, data = Network(trained.bundle.members[f"{WIN}.tflite"]), trained.judged
    outcome, rng = data.outcome.astype(np.float64), np.random.default_rng(1)

    def loss(values: NDArray[np.float32]) -> float:
        return metrics.log_loss(0.5 + 0.5 * network(values)[:, 0].astype(np.float64), outcome)

    whole, grown = loss(data.values), {}
    at = nearest(data.share)
    for group, names in GROUPS.items():
        shuffled, columns = data.values.copy(), np.array([NAMES.index(name) for name in names])
        for mark in MARKS:
            rows = np.flatnonzero(at == mark)
            shuffled[np.ix_(rows, columns)] = data.values[np.ix_(rng.permutation(rows), columns)]
        grown[group] = loss(shuffled) - whole
    lines = ["| permuted | log loss grows by |", "|---|---|"]
    return "\n".join(lines + [f"| {group} | {by:.4f} |" for group, by in sorted(grown.items(), key=lambda x: -x[1])])


def _biases(trained: Trained, mine: str) -> str:
    data, p = trained.judged, trained.said[mine]
    uneven = np.abs(data.uneven) > 0.05  # a twentieth of the objects
    groups = {
        "player 1 leads": data.values[:, 0] > 0,
        "player 2 leads": data.values[:, 0] < 0,
        "same chart, or nearly": ~uneven,
        "different charts": uneven,
        "objects counted": data.values[:, NAMES.index("counted")] > 0,
        "scores alone": data.values[:, NAMES.index("counted")] == 0,
        **{f"family {name}": data.family == name for name in sorted(set(data.family))},
        **{f"dancers: {name}": data.kind == name for name in sorted(set(data.kind))},
    }
    lines = ["| rows | how many | says on average | came true | log loss | ECE | slope |", "|---" * 7 + "|"]
    for name, which in groups.items():
        if not which.any():
            continue
        q, y = p[which], data.outcome[which].astype(np.float64)
        figures = (q.mean(), y.mean(), metrics.log_loss(q, y), metrics.ece(q, y), metrics.slope(q, y))
        lines.append(f"| {name} | {which.sum():,} | {' | '.join(f'{figure:.4f}' for figure in figures)} |")
    return "\n".join(lines)


TEMPLATE = """# The predictor, `{name}` {version}

**What it is.** A network of {size} KB that says who will win, from {features} dimensionless numbers about the course of
two scores, and a smaller one that says where one player's score will end and how likely a fail is. It answers with a
mixture of logistic distributions for what player 1 will still gain on player 2. The mixture's centres are odd and its
widths even under exchange of the players, and the present lead is only ever added, so the probability is
antisymmetric and rises with the lead whatever the weights are. A lead beyond reach is certain without asking it; old
or doubtful readings widen the range it gives.

**What it was trained on.** {rows} moments of {matches} simulated matches (content {data}), and nothing else: families
{families}; dancers {kinds}. Where the rule lets a device count objects (StepMania's own), it does so in two of three
matches, with the errors that such counts have; elsewhere it sees scores alone. In a third of the matches readings
fail now and then. A search of {trials} trials chose the shape; {folds} folds of a cross-validation, at moments drawn
evenly or earlier, gave the log losses {cross}. Both were split by match.

**What it was measured on.** {left} other matches, of families ({left_families}) and kinds of dancers ({left_kinds})
that were left out of training. Rows of one match share one outcome, so intervals come from drawing matches anew.
Baselines 1 to 5 are told the true share of the budget, baseline 4 every judgement; the gradient boosting learned from
the same rows and features as the network, is monotone in the lead and made antisymmetric.

{losses}

![Calibration and log loss by budget share](winner.png)

Its own figures, with 95 % intervals:

{own}

**Is it calibrated?** Equal-mass ECE at moments that lie evenly over the budget of other matches still:

{quarters}

**Is it a martingale?** Honest probabilities do not change on average. Signed for the one who is ahead in them:

{changes}

**What moves it.** Log loss on the same rows when features change places between rows of one budget share:

{matters}

**Is it biased?**

{biases}

**Where it fails.** It knows simulated dancers and a prior of how well people score; a game whose highest score it takes
wrongly (see `models/display.py`) it follows with the wrong budget. Two players on different charts have different
shares of their budgets left, which scores alone do not tell. It knows nothing of who the players are.
"""
