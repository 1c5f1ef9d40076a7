"""What a cluster would be asked for: strict schemas of three Kubernetes versions, and our own rules on top."""

from __future__ import annotations

import copy
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
BASE = ROOT / "k3s" / "base"
VERSIONS = ("1.31", "1.34", "1.37")

Document = dict[str, Any]
Documents = list[Document]


def listed_documents() -> Documents:
    """Read the files that the kustomization lists: as it patches nothing, this is what it builds."""
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    return [
        document for name in kustomization["resources"] for document in yaml.safe_load_all((BASE / name).read_text())
    ]


def named(documents: Documents, kind: str, name: str) -> Document:
    return next(d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name)


def workloads(documents: Documents) -> Documents:
    return [d for d in documents if d["kind"] in {"Deployment", "StatefulSet", "DaemonSet", "Job"}]


def container_faults(container: Document) -> Iterator[str]:
    name, image = container["name"], container["image"]
    tag = image.rpartition(":")[2] if ":" in image else ""
    if tag in {"", "latest"}:
        yield f"{name}: image {image} names no version"
    for bound in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            if resource not in container.get("resources", {}).get(bound, {}):
                yield f"{name}: no {resource} in resources.{bound}"
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: privileges may grow"
    if security.get("readOnlyRootFilesystem") is not True:
        yield f"{name}: the root can be written"
    if security.get("capabilities", {}).get("drop") != ["ALL"]:
        yield f"{name}: capabilities are kept"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if probe not in container:
            yield f"{name}: no {probe}"


def workload_faults(workload: Document) -> Iterator[str]:
    pod = workload["spec"]["template"]["spec"]
    name = workload["metadata"]["name"]
    security = pod.get("securityContext", {})
    if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
        yield f"{name}: may run as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield f"{name}: no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield f"{name}: is handed a token of the cluster's API"
    if pod.get("hostNetwork") or pod.get("hostPID") or pod.get("hostIPC"):
        yield f"{name}: shares the host's namespaces"
    for volume in pod.get("volumes", []):
        if "hostPath" in volume:
            yield f"{name}: mounts {volume['hostPath']['path']} of the host"
    for container in (*pod.get("initContainers", []), *pod["containers"]):
        yield from container_faults(container)


def disruption_faults(documents: Documents) -> Iterator[str]:
    """SQLite on a claim has one writer, so the old pod must be gone before the new one starts."""
    for deployment in (d for d in documents if d["kind"] == "Deployment"):
        spec = deployment["spec"]
        claims = [v for v in spec["template"]["spec"].get("volumes", []) if "persistentVolumeClaim" in v]
        if claims and (spec.get("strategy", {}).get("type") != "Recreate" or spec["replicas"] != 1):
            yield f"{deployment['metadata']['name']}: two pods could write one file"


def wiring_faults(documents: Documents) -> Iterator[str]:
    """Names that must agree across documents: selectors, ports, claims, policies."""
    pods = {w["metadata"]["name"]: w["spec"]["template"] for w in workloads(documents)}
    services = {d["metadata"]["name"]: d["spec"] for d in documents if d["kind"] == "Service"}
    covered: set[str] = set()
    for document in documents:
        kind, name, spec = document["kind"], document["metadata"]["name"], document.get("spec", {})
        if kind == "Service":
            chosen = [p for p in pods.values() if spec["selector"].items() <= p["metadata"]["labels"].items()]
            ports = {port["name"] for pod in chosen for c in pod["spec"]["containers"] for port in c["ports"]}
            if missing := {port["targetPort"] for port in spec["ports"]} - ports:
                yield f"service {name}: no pod has the port {', '.join(sorted(missing))}"
        if kind == "Ingress":
            for path in (path for rule in spec["rules"] for path in rule["http"]["paths"]):
                backend = path["backend"]["service"]
                ports = {p["name"] for p in services.get(backend["name"], {"ports": []})["ports"]}
                if backend["port"]["name"] not in ports:
                    yield f"ingress {name}: leads nowhere"
        if kind == "NetworkPolicy":
            selector = spec["podSelector"].get("matchLabels", {})
            covered |= {n for n, p in pods.items() if selector.items() <= p["metadata"]["labels"].items()}
    yield from (f"{name}: no network policy covers it" for name in pods.keys() - covered)


def faults(documents: Documents) -> list[str]:
    """All that is wrong with a set of documents by our own rules."""
    found = [fault for workload in workloads(documents) for fault in workload_faults(workload)]
    found += [*disruption_faults(documents), *wiring_faults(documents)]
    for document in documents:
        if document["kind"] == "Namespace":
            levels = document["metadata"]["labels"]
            found += [
                f"namespace: {mode} is not restricted"
                for mode in ("enforce", "audit", "warn")
                if levels.get(f"pod-security.kubernetes.io/{mode}") != "restricted"
            ]
        elif document["metadata"].get("namespace") != "kubeddr":
            found.append(f"{document['metadata']['name']}: stands in no namespace of ours")
    return found


def fits_the_schemas(documents: Documents, version: str) -> None:
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


@pytest.fixture
def documents() -> Documents:
    return listed_documents()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_fits_the_strict_schema(documents: Documents, version: str) -> None:
    assert len(documents) >= 10
    fits_the_schemas(documents, version)


def test_our_own_rules_hold(documents: Documents) -> None:
    assert faults(documents) == []


def test_kustomize_builds_just_these_documents(documents: Documents) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not on this machine; the listed files were checked as they stand")
    built = subprocess.run([kubectl, "kustomize", str(BASE)], check=True, capture_output=True, text=True).stdout

    def order(document: Document) -> tuple[str, str]:
        return document["kind"], document["metadata"]["name"]

    assert sorted(yaml.safe_load_all(built), key=order) == sorted(documents, key=order)


def pod_of(documents: Documents, kind: str, name: str) -> Document:
    pod: Document = named(documents, kind, name)["spec"]["template"]["spec"]
    return pod


def control_plane(documents: Documents) -> Document:
    container: Document = pod_of(documents, "Deployment", "control-plane")["containers"][0]
    return container


Plant = Callable[[Documents], Any]


@pytest.mark.parametrize(
    ("plant", "caught"),
    [
        (lambda d: control_plane(d).update(image="kubeddr/control-plane"), "names no version"),
        (lambda d: control_plane(d).update(image="kubeddr/control-plane:latest"), "names no version"),
        (lambda d: control_plane(d)["resources"]["limits"].pop("memory"), "no memory in resources.limits"),
        (lambda d: control_plane(d)["securityContext"].pop("readOnlyRootFilesystem"), "the root can be written"),
        (lambda d: control_plane(d)["securityContext"].update(allowPrivilegeEscalation=True), "privileges may grow"),
        (lambda d: control_plane(d)["securityContext"]["capabilities"].update(drop=[]), "capabilities are kept"),
        (lambda d: control_plane(d).pop("livenessProbe"), "no livenessProbe"),
        (lambda d: pod_of(d, "StatefulSet", "mosquitto")["securityContext"].pop("runAsNonRoot"), "may run as root"),
        (lambda d: pod_of(d, "StatefulSet", "mosquitto")["securityContext"].update(runAsUser=0), "may run as root"),
        (lambda d: pod_of(d, "StatefulSet", "mosquitto").pop("automountServiceAccountToken"), "token of the cluster"),
        (lambda d: pod_of(d, "StatefulSet", "mosquitto").update(hostNetwork=True), "host's namespaces"),
        (
            lambda d: named(d, "Deployment", "control-plane")["spec"].update(strategy={"type": "RollingUpdate"}),
            "two pods",
        ),
        (lambda d: named(d, "Deployment", "control-plane")["spec"].update(replicas=2), "two pods"),
        (
            lambda d: named(d, "Service", "mosquitto")["spec"]["ports"][0].update(targetPort="mqtts"),
            "no pod has the port",
        ),
        (lambda d: named(d, "Service", "control-plane")["spec"]["ports"][0].update(name="web"), "leads nowhere"),
        (lambda d: d.__delitem__(slice(-3, None)), "no network policy covers it"),
        (lambda d: named(d, "Namespace", "kubeddr")["metadata"]["labels"].clear(), "is not restricted"),
        (lambda d: named(d, "ConfigMap", "mosquitto")["metadata"].pop("namespace"), "in no namespace of ours"),
    ],
)
def test_a_planted_fault_is_caught(documents: Documents, plant: Plant, caught: str) -> None:
    spoiled = copy.deepcopy(documents)
    plant(spoiled)
    assert any(caught in fault for fault in faults(spoiled))


@pytest.mark.parametrize(
    "plant",
    [
        lambda d: control_plane(d).update(livenesProbe={}),
        lambda d: control_plane(d)["ports"][0].update(containerPort="http"),
        lambda d: named(d, "Ingress", "control-plane")["spec"]["rules"][0]["http"]["paths"][0].pop("pathType"),
    ],
    ids=["misspelt field", "wrong type", "required field gone"],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_schema_catches_a_slip(documents: Documents, plant: Plant, version: str) -> None:
    spoiled = copy.deepcopy(documents)
    plant(spoiled)
    with pytest.raises(kubernetes_validate.ValidationError):
        fits_the_schemas(spoiled, version)


def test_the_image_is_this_version(documents: Documents) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert control_plane(documents)["image"] == f"kubeddr/control-plane:{version}"


@pytest.mark.parametrize("name", ["control-plane", "edge-agent"])
def test_an_image_is_built_from_the_lock_and_runs_as_nobody(name: str) -> None:
    lines = (ROOT / "k3s" / f"Containerfile.{name}").read_text().replace("\\\n", " ").splitlines()
    installs = [command for line in lines for command in line.split("&&") if "pip install" in command]
    assert installs
    assert all("--require-hashes" in command or "--no-index" in command for command in installs)
    assert all("--no-cache-dir" in command for command in installs)
    assert [line for line in lines if line.startswith("FROM")][-1] == "FROM ${BASE_IMAGE}"
    user = next(line for line in reversed(lines) if line.startswith("USER"))
    assert user.split()[1].split(":")[0].isdigit()
    assert user.split()[1].split(":")[0] != "0"


def test_the_pod_runs_as_the_user_of_the_image(documents: Documents) -> None:
    security = pod_of(documents, "Deployment", "control-plane")["securityContext"]
    user = f"USER {security['runAsUser']}:{security['runAsGroup']}"
    assert user in (ROOT / "k3s" / "Containerfile.control-plane").read_text().splitlines()


def test_what_the_control_plane_image_leaves_out_is_not_missed() -> None:
    text = (ROOT / "k3s" / "Containerfile.control-plane").read_text().replace("\\\n", " ")
    removed = re.search(r"pip uninstall --yes +(ai-edge-litert[^&\n]*)", text)
    assert removed is not None
    left_out = set(removed[1].split())
    modules = {
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if left_out & {owner.lower().replace("_", "-") for owner in owners}
    } - {"google"}  # a namespace that others may share
    assert {"cv2", "numpy", "ai_edge_litert"} <= modules
    code = "import sys, control_plane.main, edge_agent.logs, kubeddr.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert modules & set(loaded) == set()
