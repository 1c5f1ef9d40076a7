from __future__ import annotations

import io
import zipfile

import pytest

from contract.manifest import parse as parse_manifest
from control_plane.domain.registry import (
    Reference,
    Stage,
    check_approval,
    check_move,
    differences,
    lineage,
    order,
    parse,
)
from control_plane.errors import ConflictError, RefusedError
from tests.cloud_bundle import bundle_bytes
from tests.model_shelf import model

C, S, P, R = Stage


@pytest.mark.parametrize(
    ("now", "wanted", "approved", "aliases", "fault"),
    [
        (C, S, False, (), ""),
        (C, P, True, (), "From candidate a model goes to staging, retired, not to production."),
        (C, C, True, (), "not to candidate"),
        (S, P, False, (), "Nobody has approved it"),
        (S, P, True, (), ""),
        (S, C, False, (), ""),
        (P, S, False, (), ""),
        (P, R, False, ("champion",), "still called champion"),
        (P, R, False, (), ""),
        (R, P, True, (), "From retired a model goes to candidate"),
        (R, C, False, (), ""),
    ],
)
def test_which_stage_leads_where(
    now: Stage, wanted: Stage, approved: bool, aliases: tuple[str, ...], fault: str
) -> None:
    if not fault:
        check_move(now, wanted, approved=approved, aliases=aliases)
        return
    with pytest.raises(ConflictError, match=fault):
        check_move(now, wanted, approved=approved, aliases=aliases)


def test_nobody_approves_what_they_pushed_themselves() -> None:
    check_approval("ada", "bo", admin=False)
    check_approval("ada", "ada", admin=True)
    with pytest.raises(ConflictError, match="ask another releaser"):
        check_approval("ada", "ada", admin=False)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("reader@champion", Reference(kind="reader", alias="champion")),
        ("digits:0.2.0", Reference(name="digits", version="0.2.0")),
        ("digits", Reference(name="digits")),
        ("decade", Reference(digest="decade")),
        ("0a1b2c3d", Reference(digest="0a1b2c3d")),
        ("0a1b", Reference(name="0a1b")),
    ],
)
def test_references(text: str, meant: Reference) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize("text", ["", "@champion", "reader@", "digits:", ":1"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="names no model"):
        parse(text)


def test_versions_are_ordered_as_semver_says_and_others_come_below() -> None:
    rising = ["spring", "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"]
    rising += ["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0"]
    shuffled = [*rising[1::2], *rising[::2]]
    assert sorted(shuffled, key=order) == rising


def test_differences_name_what_is_not_alike_and_by_how_much() -> None:
    found = differences({"a": 1.0, "b": "x", "c": "same"}, {"a": 1.5, "c": "same", "d": 2.0})
    assert [(each.fact, each.one, each.other, each.delta) for each in found] == [
        ("a", 1.0, 1.5, 0.5),
        ("b", "x", None, None),
        ("d", None, 2.0, None),
    ]


def test_lineage_is_read_from_the_bundle() -> None:
    made = bundle_bytes(
        settings={"log_loss": "0.41", "ece": 0.009, "alphabet": "0123x", "deep": True},
        created_from={"data": "1d6f", "code": "abc", "seed": "7"},
    )
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        found = lineage(parse_manifest(archive.read("manifest.json")))
    assert (found.data, found.code, found.parameters) == ("1d6f", "abc", {"seed": "7"})
    assert found.metrics == {"log_loss": 0.41, "ece": 0.009}
    with zipfile.ZipFile(io.BytesIO(model("1.0"))) as archive:
        assert lineage(parse_manifest(archive.read("manifest.json"))).row()["metrics"] == "{}"
