"""What the tree promises about itself: locks that name no index, commands that exist, pages that lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*==[^ ]+( ; [^\\]+)? \\$")


def lock_faults(text: str) -> list[str]:
    """Lines of a lock file that are neither an exact version with its hashes nor a comment."""
    found = []
    open_entry = ""
    for line in text.splitlines():
        if "://" in line or line.startswith("-"):
            found.append(f"names a place: {line}")
        elif line.startswith("    --hash=sha256:"):
            open_entry = ""
        elif line.lstrip().startswith("#") or not line:
            continue
        elif PINNED.match(line) and not open_entry:
            open_entry = line
        else:
            found.append(f"is not an exact version with hashes: {line}")
    return [*found, *([f"has no hash: {open_entry}"] if open_entry else [])]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_is_exact_and_names_no_index(lock: Path) -> None:
    text = lock.read_text()
    assert text.count("--hash=sha256:") > 0
    assert lock_faults(text) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("--index-url https://index.example/simple", "names a place"),
        ("thing @ https://index.example/thing.whl \\", "names a place"),
        ("--find-links wheels", "names a place"),
        ("thing>=1.0 \\", "is not an exact version"),
        ("thing==1.0", "is not an exact version"),
        ("thing==1.0 \\", "has no hash"),
    ],
)
def test_a_spoiled_lock_is_caught(line: str, fault: str) -> None:
    assert any(fault in found for found in lock_faults(f"good==1.0 \\\n    --hash=sha256:00\n{line}\n"))


def test_there_are_locks_for_every_use() -> None:
    assert {lock.stem for lock in LOCKS} >= {"build", "runtime", "dev", "browser", "train"}


def tracked() -> list[Path]:
    """Every file of the project that holds text (the tree without what git ignores)."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git work tree, so there is no list of the project's own files")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name]


def readable(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError):
        return ""


def test_no_file_names_a_directory_of_one_machine_or_a_package_host() -> None:
    # Put together here, so that this file does not name them either.
    directories = [f"/{name}/" for name in ("work", "root", "tmp")]
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("deb", "debian", "org"))]
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in tracked()
        for place in (*directories, *hosts)
        if place in readable(path)
    ]
    assert found == []


def test_every_link_in_the_pages_leads_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in tracked()
        if page.suffix == ".md"
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", readable(page))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_readme_speaks_of_targets_that_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z][a-z0-9-]*)", (ROOT / "README.md").read_text()))
    assert {"demo", "test"} <= named
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


@pytest.mark.parametrize("script", ["scripts/setup", "scripts/system-packages", ".ci/run"])
def test_a_script_parses_and_may_be_run(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(path)], check=True)


def run_system_packages(tmp_path: Path, *packages: str, commands: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script on a machine made of the given commands: each a name and the shell lines of its body."""
    for name, body in commands.items():
        command = tmp_path / name
        command.write_text(f"#!/bin/bash\n{body}\n")
        command.chmod(0o755)
    return subprocess.run(
        ["bash", str(ROOT / "scripts" / "system-packages"), *packages],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    done = run_system_packages(
        tmp_path,
        "mosquitto",
        "tesseract-ocr",
        commands={"mosquitto": "exit 0", "tesseract": "exit 0", "apt-get": "echo called; exit 1"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_the_right_to_install_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    done = run_system_packages(
        tmp_path,
        "kubeddr-absent-one",
        "kubeddr-absent-two",
        commands={"id": "echo 1000", "sudo": "exit 1", "apt-get": "echo called"},
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "sudo apt install kubeddr-absent-one kubeddr-absent-two" in done.stderr


def test_with_sudo_it_installs_without_asking(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    done = run_system_packages(
        tmp_path,
        "kubeddr-absent",
        commands={"id": "echo 1000", "sudo": 'shift; exec "$@"', "apt-get": f'echo "$@" >> {calls}'},
    )
    assert done.returncode == 0, done.stderr
    assert calls.read_text().splitlines()[-1].endswith("install --no-install-recommends kubeddr-absent")


def test_stale_lists_are_refreshed_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    done = run_system_packages(
        tmp_path,
        "kubeddr-absent",
        commands={
            "id": "echo 0",
            "apt-get": f'echo "$@" >> {calls}; [[ "$*" == *update* ]] || grep -q update {calls}',
        },
    )
    assert done.returncode == 0, done.stderr
    assert "update" in calls.read_text()


def test_when_apt_fails_its_words_are_shown(tmp_path: Path) -> None:
    done = run_system_packages(
        tmp_path, "kubeddr-absent", commands={"id": "echo 0", "apt-get": "echo 'E: no such package'; exit 100"}
    )
    assert done.returncode == 1
    assert "E: no such package" in done.stderr
    assert "could not install kubeddr-absent" in done.stderr
