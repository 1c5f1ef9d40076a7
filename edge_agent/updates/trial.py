"""The self-test of a model before it comes near the device's work: in a process of its own, with bounds on all of it.

Golden inputs must give their answers, about as fast as the model that runs, and in bounded memory. What crashes, hangs
or swallows memory takes its own process down and nothing else.

    python -m edge_agent.updates.trial NEW [OLD]     says what it found as one line of JSON
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from edge_agent.errors import UpdateRefusedError
from models.bundle import Bundle, BundleError, open_bundle

PATIENCE = 120.0  # seconds for all of it
ROUNDS = 5
SLOWER = 3.0  # times as long as the running model, and
SPARE_MS = 5.0  # so many milliseconds on top
MEMORY = 256 << 20  # bytes that its networks may take
ROOM = 2 << 30  # bytes of address space beyond what the process has when it begins


def trial(new: Path, old: Path | None, *, patience: float = PATIENCE) -> None:
    """Hold a bundle to its golden answers and to the bounds.

    Args:
        new: the bundle on trial.
        old: the one that runs, to compare speeds with; None compares with nothing.
        patience: seconds.

    Raises:
        UpdateRefusedError: it failed; the text says in what.
    """
    command = [sys.executable, "-m", __name__, str(new), *([str(old)] if old else [])]
    try:
        done = subprocess.run(command, capture_output=True, timeout=patience, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        raise UpdateRefusedError(f"the self-test took more than {patience:.0f} s") from None
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise UpdateRefusedError(f"the self-test ended without a word (exit code {done.returncode})") from None
    if "fault" in found:
        raise UpdateRefusedError(str(found["fault"]))
    check(found["ms"], found["old_ms"], found["memory"])


def check(took: float, usual: float | None, memory: int) -> None:
    """Whether the figures are within the bounds: milliseconds for a golden input, and bytes.

    Raises:
        UpdateRefusedError: they are not.
    """
    if usual is not None and took > usual * SLOWER + SPARE_MS:
        raise UpdateRefusedError(f"a golden input takes {took:.1f} ms, one of the running model {usual:.1f} ms")
    if memory > MEMORY:
        raise UpdateRefusedError(f"it takes {memory >> 20} MB of memory, allowed are {MEMORY >> 20}")


def _measure(new: Path, old: Path | None) -> dict[str, float | str | None]:
    _bound()
    try:
        bundle = open_bundle(new)
        before = _memory()
        bundle.self_test()
        took = _milliseconds(bundle)
    except (BundleError, MemoryError) as error:
        return {"fault": str(error) or "it takes more memory than there may be"}
    grown = _memory() - before
    return {"ms": took, "old_ms": _usual(old), "memory": grown}


def _usual(old: Path | None) -> float | None:
    """What the running model takes; None where it cannot be measured, which is no fault of the new one."""
    try:
        return _milliseconds(open_bundle(old)) if old else None
    except BundleError:
        return None


def _milliseconds(bundle: Bundle) -> float:
    """Of processor time for a golden input, the quickest of some rounds: what else runs only makes them slower."""
    networks = {role: bundle.network(role) for role in bundle.roles}
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for golden in bundle.goldens:
            networks[golden.role](golden.given)
        rounds.append((time.process_time() - begun) * 1000)
    return min(rounds) / max(1, len(bundle.goldens))


def _memory() -> int:
    """Bytes that were resident at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _bound() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    print(json.dumps(_measure(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)))  # noqa: T201, PLR2004 - this is what it says
