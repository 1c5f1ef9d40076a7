"""The admin of every control plane in the tests."""

from __future__ import annotations

TOKEN = "kubeddr_a-token-of-the-tests-and-of-nobody-else"  # noqa: S105 - of control planes that live for a test
SIGNED_IN = {"Authorization": f"Bearer {TOKEN}"}
