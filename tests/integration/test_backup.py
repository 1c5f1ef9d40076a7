"""A backup is taken while a control plane runs, and another one goes on from it: the same devices, matches and keys."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from contract.ids import MatchId
from control_plane.errors import ConflictError, NotFoundError, RefusedError
from control_plane.storage.backup import PATTERN, restore, save
from tests.cloud_bundle import bundle_bytes
from tests.cloud_fakes import FakeDevice, control_plane, eventually, match_bodies
from tests.enrolled import broker_of, enrol

if TYPE_CHECKING:
    from pathlib import Path


def test_another_control_plane_goes_on_from_a_backup(tmp_path: Path) -> None:
    data, match = tmp_path / "lost", MatchId.mint()
    with control_plane(data, None, broker_port=0) as cloud:
        identity = enrol(cloud, "left-of-the-bar", tmp_path / "device")
        device = FakeDevice(broker_of(identity), "left-of-the-bar", tls=identity.tls())
        for body in match_bodies(match):
            device.tell(body)
        eventually(lambda: device.receipted() == 7, "the receipt")
        device.close()
        stored = cloud.post("/api/v1/models", content=bundle_bytes()).json()["sha256"]
        archive = save(data, tmp_path / "backups", keep=3)
    assert archive.stat().st_mode & 0o077 == 0
    restore(archive, tmp_path / "new")
    with control_plane(tmp_path / "new", None, broker_port=0) as cloud:
        assert cloud.get(f"/api/v1/matches/{match}").json()["match"]["winner"] == 1
        assert cloud.get("/api/v1/models").json()["items"][0]["sha256"] == stored
        host, _ = broker_of(identity)
        port = int(cloud.get("/api/v1/info").json()["broker"].rpartition(":")[2])
        again = FakeDevice((host, port), "left-of-the-bar", tls=identity.tls())  # with the certificate it has
        again.tell(match_bodies(MatchId.mint())[0])
        eventually(lambda: again.receipted() == 1, "the receipt")
        again.close()


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    (tmp_path / "data" / "authority").mkdir(parents=True)
    (tmp_path / "data" / "authority" / "ca.key").write_text("key")
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / ".kubeddr-cut-off.tar.gz.new").write_text("half")
    made = [save(tmp_path / "data", tmp_path / "to", keep=2) for _ in range(4)]
    assert sorted((tmp_path / "to").glob(PATTERN)) == made[2:]
    assert list((tmp_path / "to").glob(".*")) == []


def test_an_authority_that_a_cluster_mounts_is_saved_as_files(tmp_path: Path) -> None:
    authority = tmp_path / "data" / "authority"
    (authority / "..2026").mkdir(parents=True)
    (authority / "..2026" / "ca.key").write_text("key")
    (authority / "..data").symlink_to("..2026")
    (authority / "ca.key").symlink_to("..data/ca.key")
    assert restore(save(tmp_path / "data", tmp_path / "to", keep=1), tmp_path / "new") == 1
    assert (tmp_path / "new" / "authority" / "ca.key").read_text() == "key"


def test_what_is_no_data_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="name its folder"):
        save(tmp_path, tmp_path / "to", keep=1)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kubeddr.db").write_text("precious")
    with pytest.raises(ConflictError, match="is not empty"):
        restore(tmp_path / "any.tar.gz", tmp_path)
    assert (tmp_path / "kubeddr.db").read_text() == "precious"


@pytest.mark.parametrize("name", ["../outside", "/outside", "authority/../../outside", "elsewhere/file"])
def test_an_archive_that_is_none_of_ours_writes_nothing(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = 3
        archive.addfile(member, io.BytesIO(b"bad"))
    with pytest.raises(RefusedError, match="no backup of ours"):
        restore(tmp_path / "bad.tar.gz", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "cut.tar.gz").write_bytes(b"\x1f\x8b\x08 and no more")
    with pytest.raises(RefusedError, match="Take an older backup"):
        restore(tmp_path / "cut.tar.gz", tmp_path / "data")
