from __future__ import annotations

import time
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from contract.errors import InvalidIdError
from contract.ids import BootId, DeviceId, MatchId, Sha256, uuid7


@pytest.mark.parametrize("text", ["a", "cabinet-1", "0", "a" * 63])
def test_a_device_id_is_its_text(text: str) -> None:
    assert DeviceId(text) == text
    assert isinstance(DeviceId(text), str)


@pytest.mark.parametrize("text", ["", "A", "-a", "a-", "a/b", "a+b", "#", "ä", "a\n", "a" * 64, "a b"])
def test_what_is_no_device_id_is_refused_with_the_shape(text: str) -> None:
    with pytest.raises(InvalidIdError, match="lower-case letters"):
        DeviceId(text)


def test_a_match_id_is_a_version_7_uuid_and_sorts_by_time() -> None:
    ids = [MatchId.mint(ms) for ms in (1, 1_000, 1_750_000_000_000, 2**48 - 1)]
    assert ids == sorted(ids)
    assert {UUID(each).version for each in ids} == {7}


def test_a_uuid7_has_its_time_and_its_entropy() -> None:
    made = uuid7(0x0123_4567_89AB, b"\xff" * 10)
    assert str(made) == "01234567-89ab-7fff-bfff-ffffffffffff"
    assert str(uuid7(0, bytes(10))) == "00000000-0000-7000-8000-000000000000"


def test_minted_ids_differ_and_are_of_now() -> None:
    minted = {MatchId.mint() for _ in range(1000)}
    assert len(minted) == 1000
    milliseconds = UUID(min(minted)).int >> 80
    assert abs(milliseconds - time.time() * 1000) < 60_000


def test_ids_are_checked_where_they_come_in() -> None:
    adapter = TypeAdapter(BootId)
    boot = BootId.mint()
    assert isinstance(adapter.validate_json(f'"{boot}"'), BootId)
    assert adapter.dump_json(boot) == f'"{boot}"'.encode()
    with pytest.raises(ValidationError):
        adapter.validate_python("boot")


def test_a_digest_is_lower_case_hexadecimal() -> None:
    assert Sha256("0" * 64)
    with pytest.raises(InvalidIdError):
        Sha256("A" * 64)
