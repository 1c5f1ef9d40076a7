"""`python -m models.training.pad`: train the network that sees dance pads and write its bundle."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from models.training.pad.train import SMOKE, Size, train


def main() -> int:
    """Run the training; see --help."""
    parser = argparse.ArgumentParser(prog="python -m models.training.pad", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="bundle to write, *.kubeddr")
    parser.add_argument("--version", default="0.0.1", help="version of the bundle")
    parser.add_argument("--seed", type=int, default=Size().seed, help="the same seed gives the same scenes")
    parser.add_argument("--workers", type=int, default=2, help="processes that render")
    parser.add_argument("--smoke", action="store_true", help="a minute's worth, to see that everything runs")
    asked = parser.parse_args()
    size = SMOKE if asked.smoke else Size(seed=asked.seed, workers=asked.workers)
    bundle = train(asked.out, size, asked.version, _Progress())
    print(json.dumps({"bundle": str(asked.out), "digest": bundle.digest, **bundle.manifest.settings}))
    return 0


class _Progress:
    """A line for every percent of a stage."""

    def __init__(self) -> None:
        self._said = ("", -1)

    def __call__(self, stage: str, done: int, total: int, loss: float) -> None:
        share = 100 * done // total
        if (stage, share) == self._said:
            return
        self._said = (stage, share)
        print(f"{stage}: {share} %" + (f", loss {loss:.4f}" if loss else ""), file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
