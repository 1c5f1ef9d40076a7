"""How the images are built: from the lock, on whatever base, and to run as nobody on a root that cannot be written."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
IMAGES = ("control-plane", "edge-agent", "training")


def text_of(image: str) -> str:
    return (ROOT / "k3s" / f"Containerfile.{image}").read_text()


def faults(text: str) -> Iterator[str]:
    """What is wrong with a Containerfile by our own rules."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    yield from (fault for line in lines for fault in line_faults(line))
    froms = [line for line in lines if line.startswith("FROM")]
    if any(not line.startswith("FROM ${BASE_IMAGE}") for line in froms):
        yield "a stage has a base of its own"
    base = next((line.partition("=")[2] for line in lines if line.startswith("ARG BASE_IMAGE")), "")
    if ":" not in base or base.endswith(":latest"):
        yield "the base names no version"
    final = lines[len(lines) - lines[::-1].index(froms[-1]) :]
    user = next((line.split()[1].split(":")[0] for line in reversed(final) if line.startswith("USER")), "0")
    if not user.isdigit() or user == "0":
        yield "runs as root, or as a user whose number the cluster cannot see"
    if not any(line.startswith("ENTRYPOINT [") for line in lines):
        yield "the entry point is a shell, which takes the signals"


NEVER = {
    r"^ADD": "ADD fetches and unpacks: COPY does what it says",
    r"pip install (?!.*(--require-hashes|--no-index))": "pip installs what no lock holds",
    r"pip install (?!.*--no-cache-dir)": "pip leaves its cache in the layer",
    r"apt-get install (?!.*--no-install-recommends)": "apt installs what it recommends",
    r"\b(curl|wget|git clone|chmod 777|sudo)\b": "what is fetched or allowed like that has no place in a locked build",
    r"(?i)^(env|arg)\b.*(token|password|secret)": "a secret would stand in the image's history",
}


def line_faults(line: str) -> Iterator[str]:
    if "apt-get install" in line and "rm -rf /var/lib/apt/lists" not in line:
        yield "apt leaves its lists in the layer"
    for command in line.removeprefix("RUN").split("&&"):
        yield from (fault for pattern, fault in NEVER.items() if re.search(pattern, command.strip()))


@pytest.mark.parametrize("image", IMAGES)
def test_our_rules_hold(image: str) -> None:
    assert list(faults(text_of(image))) == []


@pytest.mark.parametrize(
    ("slip", "caught"),
    [
        (lambda t: t.replace("USER 10001:10001\n", ""), "runs as root"),
        (lambda t: t.replace("USER 10001:10001", "USER root"), "runs as root"),
        (lambda t: t.replace("USER 10001:10001", "USER 0"), "runs as root"),
        (lambda t: t.replace("debian:12-slim\n", "debian:latest\n"), "names no version"),
        (lambda t: t.replace("debian:12-slim\n", "debian\n"), "names no version"),
        (lambda t: t.replace("--require-hashes", ""), "no lock holds"),
        (lambda t: t.replace("--no-cache-dir", ""), "its cache"),
        (lambda t: t.replace("--no-install-recommends", ""), "recommends"),
        (lambda t: t.replace(" && rm -rf /var/lib/apt/lists/*", ""), "its lists"),
        (lambda t: t.replace("COPY . .", "ADD . ."), "ADD"),
        (lambda t: t + "RUN curl -o /x http://example.org/x\n", "no place"),
        (lambda t: t + "ENV ADMIN_TOKEN=abc\n", "history"),
        (lambda t: t.replace('ENTRYPOINT ["kubeddr"]', "ENTRYPOINT kubeddr"), "takes the signals"),
        (lambda t: t.replace("FROM ${BASE_IMAGE}\n", "FROM alpine:3\n"), "base of its own"),
    ],
)
def test_a_planted_slip_is_caught(slip: Callable[[str], str], caught: str) -> None:
    spoiled = slip(text_of("control-plane"))
    assert spoiled != text_of("control-plane")
    assert any(caught in fault for fault in faults(spoiled))


def test_what_the_control_plane_image_leaves_out_is_not_missed() -> None:
    text = text_of("control-plane").replace("\\\n", " ")
    removed = re.search(r"pip uninstall --yes +(ai-edge-litert[^&\n]*)", text)
    assert removed is not None
    left_out = set(removed[1].split())
    modules = {
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if left_out & {owner.lower().replace("_", "-") for owner in owners}
    } - {"google"}  # a namespace that others may share
    assert {"cv2", "numpy", "ai_edge_litert"} <= modules
    code = "import sys, control_plane.main, edge_agent.logs, kubeddr.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert modules & set(loaded) == set()
