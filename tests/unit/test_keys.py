"""The keys that models are signed with: the verbs, and what is left when the power goes in the middle of signing."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from control_plane.errors import ConflictError, NotFoundError, RefusedError
from control_plane.releases.documents import LIVES, Folder
from control_plane.releases.repository import Repository
from edge_agent.errors import UpdateDelayedError
from edge_agent.updates.fetch import fetch
from edge_agent.updates.store import ModelStore
from kubeddr.cli import app
from tests.model_shelf import Shelf, model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any


def keys(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["keys", *map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


def roles(data: Path) -> dict[str, dict[str, Any]]:
    return {role["role"]: role for role in json.loads(keys("status", "--data", data, "--json"))["roles"]}


def test_the_verbs(tmp_path: Path) -> None:
    data, offline = tmp_path / "data", tmp_path / "stick"
    assert "No models are signed" in keys("status", "--data", data, code=1)
    made = keys("init", "--data", data, "--offline", offline)
    assert "2 of 3, offline" in made
    assert "signed here already" in keys("init", "--data", data, "--offline", offline, code=1)
    assert len(list(offline.glob("root-*.pem"))) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*offline.iterdir(), *(data / "releases/keys").iterdir()))
    before = roles(data)
    assert {name: role["offline"] for name, role in before.items()} == {
        "root": True,
        "targets": True,
        "models": False,
        "snapshot": False,
        "timestamp": False,
    }
    keys("rotate", "models", "--data", data, "--offline", offline)
    rotated = roles(data)
    assert rotated["models"]["keys"] != before["models"]["keys"]
    assert rotated["timestamp"]["keys"] == before["timestamp"]["keys"]
    keys("revoke", rotated["models"]["keys"][0][:12], "--data", data, "--offline", offline)
    revoked = roles(data)
    assert all(revoked[name]["keys"] != rotated[name]["keys"] for name in ("models", "snapshot", "timestamp"))
    assert len(list((data / "releases/keys").glob("*.pem"))) == 3  # what counts no more is gone
    assert "3 keys fit" in keys("rotate", "root", "--data", data, "--offline", offline, code=1)
    assert "no role" in keys("rotate", "nobody", "--data", data, "--offline", offline, code=1)
    assert "2 of its keys, and 0 are here" in keys("renew", "--data", data, "--offline", tmp_path, code=1)
    keys("renew", "--data", data, "--offline", offline)
    assert roles(data)["root"]["version"] == revoked["root"]["version"] + 1


def test_one_root_key_is_not_enough(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "releases")
    repository.create(tmp_path / "all")
    alone = tmp_path / "alone"
    alone.mkdir()
    (stolen, *_) = sorted((tmp_path / "all").glob("root-*.pem"))
    stolen.rename(alone / stolen.name)
    before = repository.standings()
    with pytest.raises(RefusedError, match="takes 2 of its keys, and 1 are here"):
        repository.rotate("timestamp", [alone])
    assert repository.standings() == before
    root = next(each for each in before if each.role == "root")
    lost = next(key for key in root.keys if key.startswith(stolen.stem.removeprefix("root-")))
    repository.revoke(lost, [tmp_path / "all"])  # the two that are left are enough
    assert lost not in next(each for each in repository.standings() if each.role == "root").keys
    with pytest.raises(NotFoundError, match="0 keys fit"):
        repository.revoke(lost, [tmp_path / "all"])
    with pytest.raises(ConflictError, match="already"):
        repository.create(tmp_path / "again")


def test_what_ends_soon_is_signed_anew_by_itself(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "releases")
    repository.create(tmp_path / "offline")
    before = {each.role: each for each in repository.standings()}
    repository.refresh()
    assert {each.role: each for each in repository.standings()} == before
    later = before["timestamp"].expires - LIVES["timestamp"] / 3
    repository.refresh(later)
    after = {each.role: each for each in repository.standings()}
    assert after["timestamp"].expires > before["timestamp"].expires
    assert after["models"] == before["models"]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "shelf")
    yield shelf
    shelf.close()


class Killed(BaseException):
    """The power is gone."""


@contextmanager
def cut(at: int) -> Iterator[None]:
    """Let so many documents be written, and then none."""
    written, left = Folder.write, [at]

    def write(folder: Folder, role: str, document: Any) -> None:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        written(folder, role, document)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "write", write)
        yield


@pytest.mark.parametrize("at", range(3))
def test_signing_that_was_cut_off_leaves_what_was_signed_and_goes_on(at: int, shelf: Shelf, tmp_path: Path) -> None:
    old = shelf.add(model("1.0"), "1.0")
    with cut(at), pytest.raises(Killed):
        shelf.add(model("2.0"))
    store = ModelStore(tmp_path / "device")
    assert fetch(old, shelf.source, store).is_file()
    assert fetch(shelf.add(model("2.0")), shelf.source, store).is_file()


@pytest.mark.parametrize("at", range(1, 4))
def test_a_change_of_keys_that_was_cut_off_stops_updates_until_all_is_signed_anew(
    at: int, shelf: Shelf, tmp_path: Path
) -> None:
    old = shelf.add(model("1.0"), "1.0")
    stolen = next(each.keys[0] for each in shelf.repository.standings() if each.role == "timestamp")
    with cut(at), pytest.raises(Killed):
        shelf.repository.revoke(stolen, [shelf.offline])
    store = ModelStore(tmp_path / "device")
    with pytest.raises(UpdateDelayedError, match="not signed with enough"):
        fetch(old, shelf.source, store)
    shelf.repository.renew([shelf.offline])
    assert fetch(old, shelf.source, store).is_file()
