"""What the guides tell people to type is there: verbs, options, files."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer

from kubeddr.cli import app
from tests.cluster import ROOT

GUIDES = ("docs/operator-guide.md", "docs/device.md", "docs/scale.md", "k3s/README.md")


def commands(text: str) -> list[list[str]]:
    """The `kubeddr` commands in a text, in words; what comes after the first redirection or the like is left out."""
    code = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    code += [line for block in re.findall(r"```\n(.*?)```", text, flags=re.DOTALL) for line in block.splitlines()]
    found = (re.search(r"^(?:sudo )?(?:\S*/)?kubeddr ([a-z].*)$", line) for line in code)
    return [re.split(r" #|&&|\|", match[1])[0].split() for match in found if match]


def _root() -> Any:
    return typer.main.get_command(app)


def faults(words: list[str]) -> list[str]:
    words, command = list(words), _root()
    while hasattr(command, "commands"):
        name = words.pop(0) if words else ""
        if name not in command.commands:
            return [f"there is no verb {name}"]
        command = command.commands[name]
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return [f"no option {word}" for word in words if word.startswith("--") and word.partition("=")[0] not in options]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_is_there(guide: str) -> None:
    for words in commands((ROOT / guide).read_text()):
        assert faults(words) == [], words


def test_a_command_that_is_not_there_is_caught() -> None:
    told = commands(
        "Type `kubeddr devices vanish ID`, or `sudo kubeddr device install --loud`, or `kubeddr devices list`."
    )
    assert [faults(words) for words in told] == [["there is no verb vanish"], ["no option --loud"], []]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_link_leads_somewhere(guide: str) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / guide).read_text()):
        assert ((ROOT / guide).parent / link).exists(), link
