"""Every control plane that a test starts knows this admin, and every verb that a test runs is signed in as it."""

from __future__ import annotations

import os

from tests.people import TOKEN

os.environ["KUBEDDR_ADMIN_TOKEN"] = os.environ["KUBEDDR_TOKEN"] = TOKEN
