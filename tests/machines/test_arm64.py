"""The device end to end on arm64, emulated: it reads a rendered game, predicts, keeps its events, shows its page.

Figures mean nothing under emulation, so nothing here asks how long something took.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from kubeddr.demo_plan import free_ports
from tests.cloud_fakes import eventually
from tests.cluster import ROOT

pytestmark = pytest.mark.slow
SITE = "/opt/site"


@pytest.fixture(scope="module")
def arm() -> Path:
    given = os.environ.get("KUBEDDR_ARM64_ROOT")
    if not given or os.geteuid() != 0:
        pytest.skip("`make test-arm64` makes an arm64 system, as root")
    root = Path(given)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(root / "srv" / "wheel")]
    subprocess.run(["rm", "-rf", str(root / "srv" / "wheel")], check=True)
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    wheel = next((root / "srv" / "wheel").glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--upgrade", "--target"]
    subprocess.run([*pip, str(root / "srv" / "kubeddr"), str(wheel)], check=True)
    return root


def command(root: Path, *arguments: str) -> list[str]:
    """`kubeddr` inside, with /proc and without /sys, which describes the host's processor and misleads LiteRT."""
    inside = f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev && exec chroot {root} "
    program = "" if platform.machine() == "aarch64" else "/usr/bin/qemu-aarch64-static "
    environment = f'/usr/bin/python3 -E -c \'import sys; sys.path[:0] = ["/srv/kubeddr", "{SITE}"]; '
    code = environment + "from kubeddr.cli import main; main()' "
    whole = inside + program + code + " ".join(f"'{each}'" for each in arguments)
    return ["unshare", "--mount", "--propagation", "private", "bash", "-c", whole]


def surroundings() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/tmp"}  # noqa: S108 - inside


def test_it_is_another_processor(arm: Path) -> None:
    shown = (arm / "usr" / "bin" / "python3").resolve().read_bytes()[18:20]
    assert shown == b"\xb7\x00"  # EM_AARCH64 in the header of an ELF file


def test_a_rendered_game_is_read_and_predicted_as_on_this_machine(arm: Path, tmp_path: Path) -> None:
    clip, truth = arm / "srv" / "clip.mp4", arm / "srv" / "clip.jsonl"
    here = [sys.executable, "-m", "kubeddr"]
    made = [
        "cabinet",
        "--file",
        str(clip),
        "--truth",
        str(truth),
        "--song",
        "4",
        "--fps",
        "5",
        "--from",
        "10",
        "--size",
        "640x360",
        "--seed",
        "7",
    ]
    subprocess.run([*here, *made], check=True, capture_output=True, cwd=ROOT)
    subprocess.run([*here, "watch", str(clip), "--jsonl", str(tmp_path / "here.jsonl"), "--no-pad"], check=True)
    there_too = command(arm, "watch", "/srv/clip.mp4", "--jsonl", "/srv/there.jsonl", "--no-pad")
    said = subprocess.run(there_too, capture_output=True, text=True, check=False, env=surroundings())
    assert said.returncode == 0, said.stderr[-2000:]
    there = [json.loads(line) for line in (arm / "srv" / "there.jsonl").read_text().splitlines()]
    mine = [json.loads(line) for line in (tmp_path / "here.jsonl").read_text().splitlines()]
    kinds = [line["type"] for line in there]
    assert {"reading", "prediction", "match"} <= set(kinds)
    scores = [[line["p1"]["score"], line["p2"]["score"]] for line in there if line["type"] == "reading"]
    assert scores == [[line["p1"]["score"], line["p2"]["score"]] for line in mine if line["type"] == "reading"]


def test_the_agent_shows_its_page_reads_and_ends_in_good_order(arm: Path) -> None:
    port = free_ports(1)[0]
    data = f"/srv/data-{port}"
    given = ["--source", "/srv/clip.mp4", "--device", "arm", "--data", data, "--port", str(port)]
    process = subprocess.Popen(command(arm, "agent", *given), env=surroundings(), stderr=subprocess.PIPE)
    try:
        eventually(lambda: figure(port, "kubeddr_frames_read_total") > 0, "a picture", patience=600)
        eventually(lambda: figure(port, 'kubeddr_stage_seconds_count{stage="read"}') > 0, "a reading", patience=600)
        assert (arm / data[1:] / "outbox.db").is_file()
    finally:
        process.terminate()
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()[-2000:]


def figure(port: int, name: str) -> float:
    """One of the agent's figures; 0 while it does not answer."""
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    except httpx.TransportError:
        return 0.0
    return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} ")), 0.0)
