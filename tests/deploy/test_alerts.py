"""Alerts and dashboards: they parse, they fire when they should, and ask only for figures that somebody tells."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from control_plane.api.fleet_metrics import FleetCollector
from control_plane.ingest.metrics import IngestMetrics
from tests.cluster import ROOT, Document, needed

MONITORING = ROOT / "k3s" / "components" / "monitoring"
FOREIGN = {  # told by Prometheus itself, the kubelet and kube-state-metrics
    "up",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
    "kube_cronjob_status_last_successful_time",
}
UNIT_TESTS = Path(__file__).parent / "alerts_unit.yaml"


def groups() -> Document:
    spec: Document = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]
    return spec


def rules() -> list[Document]:
    return [rule for group in groups()["groups"] for rule in group["rules"]]


def promtool(folder: Path, spec: Document, *command: str) -> subprocess.CompletedProcess[str]:
    (folder / "rules.yaml").write_text(yaml.safe_dump(spec))
    (folder / "unit.yaml").write_text(UNIT_TESTS.read_text())
    return subprocess.run([needed("promtool"), *command], cwd=folder, capture_output=True, text=True, check=False)


def test_promtool_takes_the_rules(tmp_path: Path) -> None:
    said = promtool(tmp_path, groups(), "check", "rules", "rules.yaml")
    assert said.returncode == 0, said.stderr
    assert f"{len(rules())} rules found" in said.stdout


def test_every_alert_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    said = promtool(tmp_path, groups(), "test", "rules", "unit.yaml")
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_alert_has_a_unit_test() -> None:
    tests = yaml.safe_load(UNIT_TESTS.read_text())["tests"]
    fired = {t["alertname"] for each in tests for t in each["alert_rule_test"] if t["exp_alerts"]}
    assert fired == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("slip", ["max(kubeddr_devices", "kubeddr_devices >", "rate(kubeddr_receipts_total)"])
def test_a_broken_expression_is_caught(tmp_path: Path, slip: str) -> None:
    spec = groups()
    spec["groups"][0]["rules"][0]["expr"] = slip
    assert promtool(tmp_path, spec, "check", "rules", "rules.yaml").returncode != 0


@pytest.mark.parametrize(("was", "slip"), [("> 0.1", "> 0.9"), ('"offline"', '"online"')])
def test_an_expression_that_means_something_else_is_caught(tmp_path: Path, was: str, slip: str) -> None:
    spec = groups()
    changed = [rule.update(expr=rule["expr"].replace(was, slip)) for rule in spec["groups"][0]["rules"]]
    assert changed
    assert promtool(tmp_path, spec, "test", "rules", "unit.yaml").returncode != 0


def test_every_alert_says_what_to_do() -> None:
    guide = (ROOT / "docs" / "operator-guide.md").read_text()
    headings = {heading.lower() for heading in re.findall(r"(?m)^#+ (\S+)$", guide)}
    for rule in rules():
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert page == "docs/operator-guide.md"
        assert anchor == rule["alert"].lower()
        assert anchor in headings


def told() -> set[str]:
    """The figures that a control plane tells."""
    registry = CollectorRegistry()
    IngestMetrics(registry)
    fleet: Any = SimpleNamespace(counts=lambda now: {"online": 1}, matches=lambda *a, **k: ((), 0))
    link: Any = lambda: SimpleNamespace(up=True)  # noqa: E731 - a stand-in for one attribute
    families = [*registry.collect(), *FleetCollector(fleet, link).collect()]
    names = {family.name for family in families}
    suffixes = ("", "_total", "_bucket", "_sum", "_count")
    return {name + suffix for name in names for suffix in suffixes}


def asked(expression: str) -> set[str]:
    """The figures that an expression asks for."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", expression)
    return set(re.findall(r"\b(?:kubeddr|kubelet|kube)_[a-z0-9_]+|\bup\b", bare))


def test_alerts_ask_for_figures_that_are_told() -> None:
    for rule in rules():
        assert asked(rule["expr"]), rule["alert"]
        assert asked(rule["expr"]) <= told() | FOREIGN, rule["alert"]


@pytest.mark.parametrize("path", sorted((MONITORING / "dashboards").glob("*.json")), ids=lambda path: path.stem)
def test_a_dashboard_is_whole(path: Path) -> None:
    board = json.loads(path.read_text())
    assert board["uid"]
    assert {"title", "panels", "templating", "schemaVersion"} <= board.keys()
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers) >= 4
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]}
    assert len(places) == len(numbers)
    for panel in board["panels"]:
        assert panel["title"]
        for target in panel["targets"]:
            assert asked(target["expr"]), panel["title"]
            assert asked(target["expr"]) <= told() | FOREIGN, panel["title"]


def test_promtool_takes_every_expression_of_the_dashboards(tmp_path: Path) -> None:
    for path in (MONITORING / "dashboards").glob("*.json"):
        targets = [t for panel in json.loads(path.read_text())["panels"] for t in panel["targets"]]
        recorded = [{"record": f"panel:{n}", "expr": target["expr"]} for n, target in enumerate(targets)]
        spec = {"groups": [{"name": "dashboard", "rules": recorded}]}
        assert promtool(tmp_path, spec, "check", "rules", "rules.yaml").returncode == 0, path
