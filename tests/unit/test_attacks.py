"""What somebody between the control plane and a device may try: each is refused, with its own reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tuf.api.metadata import Metadata, Snapshot, Targets, Timestamp

from contract.trust import METADATA
from control_plane.releases.documents import LIVES
from control_plane.releases.keys import Ring
from control_plane.releases.repository import Repository
from edge_agent.errors import UpdateDelayedError, UpdateRefusedError, UpdateUntrustedError
from edge_agent.kits import winner_kit
from edge_agent.updates import pace
from edge_agent.updates.fetch import fetch
from edge_agent.updates.kit import load
from edge_agent.updates.signed import Source
from edge_agent.updates.store import ModelStore
from edge_agent.updates.trial import trial
from tests.model_shelf import Shelf, digest, model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from contract.messages import ModelAssignment

TIMESTAMP = f"{METADATA}/timestamp.json"
GOOD = model("2.0")


@dataclass
class Field:
    """A device that has taken one model already, and whoever attacks the second."""

    shelf: Shelf
    store: ModelStore
    folder: Path
    source: Source

    def take(self, assignment: ModelAssignment) -> Path:
        return fetch(assignment, self.source, self.store)

    def document(self, name: str) -> bytes:
        return (self.shelf.repository.metadata / name).read_bytes()

    def newest(self, role: str) -> bytes:
        version = next(each.version for each in self.shelf.repository.standings() if each.role == role)
        return self.document(f"{version}.{role}.json")


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    shelf = Shelf(tmp_path / "shelf")
    field = Field(shelf, ModelStore(tmp_path / "device"), tmp_path, shelf.source)
    field.take(shelf.add(model("1.0"), "1.0"))
    yield field
    shelf.close()


def arbitrary_install(field: Field) -> ModelAssignment:
    """The desired document names a bundle that nobody signed."""
    asked = field.shelf.add(GOOD)
    field.shelf.bundles[asked.path] = model("6.66")
    return asked.model_copy(update={"target": "models/tiny-6.66.kubeddr"})


def other_hash(field: Field) -> ModelAssignment:
    return field.shelf.add(GOOD).model_copy(update={"sha256": digest(b"other")})


def endless_metadata(field: Field) -> ModelAssignment:
    asked = field.shelf.add(GOOD)
    field.shelf.answers[TIMESTAMP] = b" " * 1_000_000
    return asked


def endless_bundle(field: Field) -> ModelAssignment:
    asked = field.shelf.add(GOOD)
    field.shelf.bundles[asked.path] = GOOD + b" " * 1_000_000
    return asked


def rollback(field: Field) -> ModelAssignment:
    """Yesterday's timestamp, rightly signed, after today's was seen."""
    old = field.document("timestamp.json")
    asked = field.shelf.add(GOOD)
    field.take(asked)
    field.shelf.answers[TIMESTAMP] = old
    return asked


def fast_forward(field: Field) -> ModelAssignment:
    """A version so high that none of ours would ever count again, without the key for it."""
    asked = field.shelf.add(GOOD)
    forged = json.loads(field.document("timestamp.json"))
    forged["signed"]["version"] = 2**30
    field.shelf.answers[TIMESTAMP] = json.dumps(forged).encode()
    return asked


def freeze(field: Field) -> ModelAssignment:
    """What was signed long ago is shown for ever."""
    asked = field.shelf.add(GOOD)
    past = datetime.now(UTC) - LIVES["timestamp"] - timedelta(days=1)
    documents = field.shelf.repository
    ring = Ring([documents.metadata.parent / "keys"])
    timestamp = Metadata[Timestamp].from_bytes(field.document("timestamp.json"))
    timestamp.signed.version += 1
    timestamp.signed.expires = past.replace(microsecond=0)
    key = next(each.keys[0] for each in documents.standings() if each.role == "timestamp")
    signer = ring.signer(key)
    assert signer is not None
    timestamp.sign(signer)
    field.shelf.answers[TIMESTAMP] = timestamp.to_bytes()
    return asked


def mix_and_match(field: Field) -> ModelAssignment:
    """Each document is genuine, but they are of different moments."""
    old = field.newest("snapshot")
    asked = field.shelf.add(GOOD)
    version = Metadata[Snapshot].from_bytes(field.newest("snapshot")).signed.version
    field.shelf.answers[f"{METADATA}/{version}.snapshot.json"] = old
    return asked


def wrong_key(field: Field) -> ModelAssignment:
    """A whole repository, well made, with keys of the attacker's own."""
    asked = field.shelf.add(GOOD)
    other = Repository(field.folder / "other")
    other.create(field.folder / "other-offline")
    other.declare(field.shelf.signed)
    other.refresh(datetime.now(UTC) + timedelta(days=300))
    for path in other.metadata.glob("*.json"):
        if "root" not in path.name:
            field.shelf.answers[f"{METADATA}/{path.name}"] = path.read_bytes()
    return asked


def revoked_key(field: Field) -> ModelAssignment:
    """The thief of the pipeline's key signs after it was taken back."""
    shelf = field.shelf
    stolen = next(each.keys[0] for each in shelf.repository.standings() if each.role == "models")
    signer = Ring([shelf.repository.metadata.parent / "keys"]).signer(stolen)
    assert signer is not None
    shelf.repository.revoke(stolen[:12], [shelf.offline])
    asked = shelf.add(GOOD)
    version = next(each.version for each in shelf.repository.standings() if each.role == "models")
    forged = Metadata[Targets].from_bytes(field.newest("models"))
    forged.sign(signer)
    shelf.answers[f"{METADATA}/{version}.models.json"] = forged.to_bytes()
    return asked


def slow_retrieval(field: Field) -> ModelAssignment:
    asked = field.shelf.add(GOOD)
    field.shelf.trickle = 0.01
    return asked


def tampered_bundle(field: Field) -> ModelAssignment:
    asked = field.shelf.add(GOOD)
    field.shelf.bundles[asked.path] = GOOD[:-9] + b"tampered!"
    return asked


def swapped_name(field: Field) -> ModelAssignment:
    """The metadata and the desired document do not mean the same model by this name."""
    asked = field.shelf.add(GOOD)
    return asked.model_copy(update={"target": "models/tiny-1.0.kubeddr"})


@dataclass(frozen=True)
class Case:
    attack: Callable[[Field], ModelAssignment]
    error: type[Exception]
    reason: str


CASES = [
    Case(arbitrary_install, UpdateRefusedError, "is not among the models that were signed"),
    Case(other_hash, UpdateRefusedError, "was signed with the hash"),
    Case(endless_metadata, UpdateUntrustedError, "longer than it may be"),
    Case(endless_bundle, UpdateRefusedError, "longer than the"),
    Case(rollback, UpdateUntrustedError, "older than what was seen"),
    Case(fast_forward, UpdateUntrustedError, "not signed with enough of the keys"),
    Case(freeze, UpdateUntrustedError, "has ended"),
    Case(mix_and_match, UpdateUntrustedError, "not of one moment"),
    Case(wrong_key, UpdateUntrustedError, "not signed with enough of the keys"),
    Case(revoked_key, UpdateUntrustedError, "models was signed by 0/1 keys"),
    Case(slow_retrieval, UpdateDelayedError, "too slowly"),
    Case(tampered_bundle, UpdateRefusedError, "its hash is"),
    Case(swapped_name, UpdateRefusedError, "was signed as the reader tiny 1.0"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.attack.__name__)
def test_it_is_refused_with_its_own_reason(case: Case, field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "GRACE", 0.2)
    asked = case.attack(field)
    before = {path.name for path in field.store.path(asked.sha256).parent.glob("*.kubeddr")}
    with pytest.raises(case.error, match=case.reason):
        field.take(asked)
    after = {path.name for path in field.store.path(asked.sha256).parent.glob("*.kubeddr")}
    assert after == before


def test_without_an_attack_the_model_comes(field: Field) -> None:
    field.take(field.shelf.add(GOOD))
    assert field.store.path(digest(GOOD)).read_bytes() == GOOD


BUNDLES: dict[str, tuple[bytes, str]] = {
    "another version inside": (model("2.1"), "calls itself reader tiny 2.1"),
    "another name inside": (model("2.0", name="other"), "calls itself reader other 2.0"),
    "another kind inside": (model("2.0", kind="reader"), "calls itself reader tiny 2.0, assigned was winner"),
    "features of another program": (model("2.0", kind="winner", settings={"features": ["lead"]}), "other features"),
    "no features at all": (model("2.0", kind="winner"), "other features"),
}


@pytest.mark.parametrize("case", BUNDLES)
def test_a_signed_bundle_that_is_not_what_it_was_signed_as_is_refused(case: str, field: Field) -> None:
    data, reason = BUNDLES[case]
    asked = field.shelf.add(data, kind="winner")
    path = field.take(asked)
    with pytest.raises(UpdateRefusedError, match=reason):
        load(path, winner_kit(), asked)


def test_golden_answers_that_do_not_fit_are_found_in_a_process_of_their_own(field: Field) -> None:
    good, bad = (field.take(field.shelf.add(model(v, wrong=w), v)) for v, w in (("3.0", 0.0), ("4.0", 0.5)))
    trial(good, good)
    with pytest.raises(UpdateRefusedError, match=r"off by 0\.5"):
        trial(bad, good)


def test_after_a_fast_forward_with_the_real_key_new_keys_bring_devices_back(field: Field) -> None:
    shelf = field.shelf
    keys = {each.role: each.keys[0] for each in shelf.repository.standings()}
    timestamp = Metadata[Timestamp].from_bytes(field.document("timestamp.json"))
    timestamp.signed.version = 2**30
    signer = Ring([shelf.repository.metadata.parent / "keys"]).signer(keys["timestamp"])
    assert signer is not None
    timestamp.sign(signer)
    shelf.answers[TIMESTAMP] = timestamp.to_bytes()
    field.take(shelf.add(model("1.0"), "1.0"))  # the device has believed it
    del shelf.answers[TIMESTAMP]
    asked = shelf.add(GOOD)
    with pytest.raises(UpdateUntrustedError, match="older than what was seen"):
        field.take(asked)
    shelf.repository.revoke(keys["timestamp"], [shelf.offline])
    assert field.take(asked).read_bytes() == GOOD


def test_devices_follow_every_rotation(field: Field) -> None:
    shelf = field.shelf
    root = next(each for each in shelf.repository.standings() if each.role == "root")
    for number, role in enumerate(("root", "targets", "models", "snapshot", "timestamp")):
        shelf.repository.rotate(role, [shelf.offline], root.keys[0] if role == "root" else "")
        version = f"5.{number}"
        field.take(shelf.add(model(version), version))
    shelf.repository.revoke(root.keys[1], [shelf.offline])
    shelf.repository.renew([shelf.offline])
    field.take(shelf.add(GOOD))


def test_a_device_that_was_let_in_before_models_were_signed_says_so(field: Field) -> None:
    with pytest.raises(UpdateRefusedError, match="enrol it again"):
        fetch(field.shelf.add(GOOD), Source(field.shelf.url, None), field.store)


def test_a_download_that_broke_off_goes_on_where_it_was(field: Field) -> None:
    asked = field.shelf.add(GOOD)
    field.shelf.cut = True
    for _ in range(2):
        with pytest.raises(UpdateDelayedError, match="download failed"):
            field.take(asked)
    field.shelf.cut = False
    assert field.take(asked).read_bytes() == GOOD
    half = len(GOOD) // 2
    assert field.shelf.ranges == [f"bytes={half}-", f"bytes={half + (len(GOOD) - half) // 2}-"]
