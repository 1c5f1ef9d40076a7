"""The live pages: hand-written, without a build step, and with nothing from outside."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
