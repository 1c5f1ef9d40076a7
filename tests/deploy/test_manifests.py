"""What a cluster would be asked for: strict schemas of three Kubernetes versions, and our own rules on top."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from control_plane.settings import Settings
from tests.cluster import OVERLAYS, ROOT, Document, Documents, flux, named, overlay, templates
from tests.cluster_rules import faults, pod_faults, settings_of
from tests.cluster_schemas import INVALID, VERSIONS, fit

Plant = Callable[[Documents], Any]


@pytest.fixture(scope="module")
def overlays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Documents]:
    scratch = tmp_path_factory.mktemp("k3s")
    return {name: overlay(name, scratch) for name in OVERLAYS}


@pytest.fixture
def single(overlays: dict[str, Documents]) -> Documents:
    return copy.deepcopy(overlays["single"])


@pytest.fixture
def ha(overlays: dict[str, Documents]) -> Documents:
    return copy.deepcopy(overlays["ha"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", OVERLAYS)
def test_every_document_fits_its_strict_schema(overlays: dict[str, Documents], name: str, version: str) -> None:
    assert len(overlays[name]) >= 15
    fit(overlays[name], version)


def test_the_way_in_for_flux_fits_its_schemas_and_leads_somewhere() -> None:
    documents = flux()
    fit(documents, VERSIONS[-1])
    path = named(documents, "Kustomization", "kubeddr")["spec"]["path"]
    assert (ROOT / path / "kustomization.yaml").is_file()


def test_every_image_of_ours_is_kept_new_by_a_policy_of_flux() -> None:
    policies = {f"flux-system:{d['metadata']['name']}" for d in flux() if d["kind"] == "ImagePolicy"}
    lines = [line for file in (ROOT / "k3s").rglob("*.yaml") for line in file.read_text().splitlines()]
    ours = [line for line in lines if line.strip().startswith("image: kubeddr/")]
    assert len(ours) >= 4
    for line in ours:
        _, _, comment = line.partition("# ")
        assert yaml.safe_load(comment)["$imagepolicy"] in policies
        assert yaml.safe_load(comment)["$imagepolicy"].endswith(line.split("kubeddr/")[1].split(":")[0])


@pytest.mark.parametrize("name", OVERLAYS)
def test_our_own_rules_hold(overlays: dict[str, Documents], name: str) -> None:
    assert faults(overlays[name]) == []


def test_our_own_rules_hold_for_what_is_done_by_hand() -> None:
    document = yaml.safe_load((ROOT / "k3s" / "restore.yaml").read_text())
    fit([document], VERSIONS[0])
    assert list(pod_faults("CronJob restore", document["spec"]["template"])) == []


def test_images_are_of_this_version(single: Documents, ha: Documents) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = {
        container["image"]
        for template in (*templates(single).values(), *templates(ha).values())
        for container in (*template["spec"].get("initContainers", []), *template["spec"]["containers"])
        if container["image"].startswith("kubeddr/")
    }
    assert images == {f"kubeddr/{name}:{version}" for name in ("control-plane", "training")}


def test_the_control_plane_understands_what_it_is_started_with(single: Documents, ha: Documents) -> None:
    for documents in (single, ha):
        given = {k.removeprefix("KUBEDDR_").lower(): v for k, v in settings_of(documents).items() if "KUBEDDR" in k}
        assert given.keys() <= Settings.model_fields.keys()
        Settings(**given)  # type: ignore[arg-type]


def test_devices_are_told_the_ports_that_the_cluster_opens(single: Documents) -> None:
    ports = {port["name"]: port["port"] for port in named(single, "Service", "devices")["spec"]["ports"]}
    assert ports == {"mqtts": int(settings_of(single)["KUBEDDR_BROKER_PORT"]), "devices": 8443}


def test_the_pod_runs_as_the_user_of_the_image(single: Documents) -> None:
    security = templates(single)["StatefulSet control-plane"]["spec"]["securityContext"]
    user = f"USER {security['runAsUser']}:{security['runAsGroup']}"
    assert user in (ROOT / "k3s" / "Containerfile.control-plane").read_text().splitlines()


def pod(documents: Documents, name: str = "StatefulSet control-plane") -> Document:
    spec: Document = templates(documents)[name]["spec"]
    return spec


def container(documents: Documents, name: str = "StatefulSet control-plane") -> Document:
    first: Document = pod(documents, name)["containers"][0]
    return first


def drop(documents: Documents, kind: str, name: str) -> None:
    documents.remove(named(documents, kind, name))


@pytest.mark.parametrize(
    ("plant", "caught"),
    [
        (lambda d: container(d).update(image="kubeddr/control-plane"), "names no version"),
        (lambda d: container(d).update(image="host:5000/kubeddr/control-plane"), "names no version"),
        (lambda d: container(d).update(image="kubeddr/control-plane:latest"), "names no version"),
        (lambda d: container(d)["resources"]["limits"].pop("memory"), "no memory in resources.limits"),
        (lambda d: container(d, "CronJob backup")["resources"].pop("limits"), "no cpu in resources.limits"),
        (lambda d: container(d)["securityContext"].pop("readOnlyRootFilesystem"), "the root can be written"),
        (lambda d: container(d)["securityContext"].update(allowPrivilegeEscalation=True), "privileges may grow"),
        (lambda d: container(d)["securityContext"].update(privileged=True), "privileges may grow"),
        (lambda d: container(d)["securityContext"]["capabilities"].update(drop=[]), "capabilities are kept"),
        (lambda d: container(d)["securityContext"]["capabilities"].update(add=["NET_RAW"]), "capabilities are kept"),
        (lambda d: container(d)["securityContext"].update(runAsUser=0), "may run as root"),
        (lambda d: container(d)["ports"][0].update(hostPort=80), "port of the host"),
        (lambda d: container(d).pop("livenessProbe"), "no livenessProbe"),
        (lambda d: container(d)["env"].append({"name": "MY_TOKEN", "value": "x"}), "is written out"),
        (lambda d: pod(d)["securityContext"].pop("runAsNonRoot"), "may run as root"),
        (lambda d: container(d, "WorkflowTemplate retraining-train")["resources"].pop("limits"), "no cpu in resources"),
        (lambda d: pod(d, "CronJob retraining")["securityContext"].update(runAsUser=0), "may run as root"),
        (lambda d: pod(d)["securityContext"].pop("seccompProfile"), "no seccomp profile"),
        (lambda d: pod(d).pop("automountServiceAccountToken"), "token of the cluster"),
        (lambda d: pod(d).update(hostNetwork=True), "host's namespaces"),
        (lambda d: pod(d)["volumes"].append({"name": "h", "hostPath": {"path": "/"}}), "restricted pods may not"),
        (lambda d: pod(d)["volumes"].append({"name": "e", "emptyDir": {}}), "until the node is full"),
        (lambda d: pod(d, "CronJob backup")["volumes"].pop(0), "there is no volume"),
        (lambda d: container(d)["envFrom"][0]["configMapRef"].update(name="other"), "there is no ConfigMap"),
        (lambda d: drop(d, "PersistentVolumeClaim", "backups"), "there is no PersistentVolumeClaim backups"),
        (lambda d: named(d, "StatefulSet", "control-plane")["spec"].update(replicas=2), "one writer"),
        (lambda d: named(d, "Service", "devices")["spec"]["ports"][0].update(targetPort="mqtt"), "no pod has the port"),
        (lambda d: named(d, "Service", "control-plane")["spec"]["ports"][0].update(name="web"), "leads nowhere"),
        (lambda d: named(d, "Service", "control-plane")["metadata"].update(labels={}), "scrapes 0 services"),
        (lambda d: drop(d, "NetworkPolicy", "default-deny"), "nothing is shut"),
        (lambda d: drop(d, "NetworkPolicy", "broker"), "no network policy opens mqtts"),
        (lambda d: named(d, "NetworkPolicy", "broker")["spec"]["ingress"][0].clear(), "opens every port"),
        (lambda d: named(d, "Namespace", "kubeddr")["metadata"]["labels"].clear(), "is not restricted"),
        (lambda d: named(d, "Ingress", "control-plane")["metadata"].pop("namespace"), "in no namespace of ours"),
        (lambda d: d.append({"kind": "Secret", "metadata": {"name": "s", "namespace": "kubeddr"}}), "a secret stands"),
    ],
)
def test_a_planted_fault_is_caught(single: Documents, plant: Plant, caught: str) -> None:
    plant(single)
    assert any(caught in fault for fault in faults(single))


@pytest.mark.parametrize(
    ("plant", "caught"),
    [
        (lambda d: drop(d, "StatefulSet", "emqx"), "protects no pod"),
        (lambda d: scaled(d).update(name="other"), "there is no StatefulSet other"),
        (lambda d: container(d)["env"].clear(), "with one client id"),
        (lambda d: config(d).pop("KUBEDDR_SHARE"), "do not take turns"),
        (lambda d: config(d).update(KUBEDDR_DATABASE_URL="sqlite:///x"), "one writer"),
        (lambda d: drop(d, "PersistentVolumeClaim", "shared"), "there is no PersistentVolumeClaim shared"),
        (lambda d: pod(d)["initContainers"][0]["resources"].pop("limits"), "authority: no memory in resources.limits"),
    ],
)
def test_a_planted_fault_of_several_nodes_is_caught(ha: Documents, plant: Plant, caught: str) -> None:
    plant(ha)
    assert any(caught in fault for fault in faults(ha))


def scaled(documents: Documents) -> Document:
    target: Document = named(documents, "HorizontalPodAutoscaler", "control-plane")["spec"]["scaleTargetRef"]
    return target


def config(documents: Documents) -> Document:
    name = next(d["metadata"]["name"] for d in documents if d["metadata"]["name"].startswith("control-plane-"))
    data: Document = named(documents, "ConfigMap", name)["data"]
    return data


@pytest.mark.parametrize(
    "plant",
    [
        lambda d: container(d).update(livenesProbe={}),
        lambda d: container(d)["ports"][0].update(containerPort="http"),
        lambda d: named(d, "Ingress", "control-plane")["spec"]["rules"][0]["http"]["paths"][0].pop("pathType"),
        lambda d: named(d, "CronJob", "backup")["spec"].update(shedule="* * * * *"),
        lambda d: named(d, "PrometheusRule", "kubeddr")["spec"]["groups"][0]["rules"][0].update(four="3m"),
        lambda d: named(d, "PrometheusRule", "kubeddr")["spec"]["groups"][0]["rules"][0]["labels"].clear(),
        lambda d: named(d, "ServiceMonitor", "control-plane")["spec"]["endpoints"][0].update(interval="often"),
        lambda d: named(d, "WorkflowTemplate", "retraining")["spec"]["templates"][0].update(stepps=[]),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_schema_catches_a_slip(
    overlays: dict[str, Documents], single: Documents, plant: Plant, version: str
) -> None:
    plant(single)
    with pytest.raises(INVALID):
        fit([d for d in single if d not in overlays["single"]], version)


@pytest.mark.parametrize(
    "plant",
    [
        lambda d: named(d, "Cluster", "kubeddr-db")["spec"].update(instances="3"),
        lambda d: named(d, "Cluster", "kubeddr-db")["spec"].update(imageName="ghcr.io/postgresql:latest"),
        lambda d: named(d, "ScheduledBackup", "kubeddr-db")["spec"].update(schedule="0 3 * * *"),
        lambda d: named(d, "Certificate", "emqx")["spec"].update(durration="1h"),
        lambda d: named(d, "Issuer", "authority")["spec"].clear(),
        lambda d: named(d, "ExternalSecret", "emqx")["spec"].pop("secretStoreRef"),
        lambda d: named(d, "HorizontalPodAutoscaler", "control-plane")["spec"].pop("maxReplicas"),
    ],
)
def test_the_schema_catches_a_slip_of_several_nodes(
    overlays: dict[str, Documents], ha: Documents, plant: Plant
) -> None:
    plant(ha)
    with pytest.raises(INVALID):
        fit([d for d in ha if d not in overlays["ha"]], VERSIONS[-1])
