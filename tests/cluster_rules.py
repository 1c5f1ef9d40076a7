"""Our own rules for what goes into a cluster: the restricted Pod Security Standard and more.

The standard is the one of the Kubernetes documentation ("Pod Security Standards", profile restricted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster import Document, Documents, containers, templates
from tests.cluster_wiring import wiring_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
SECRET_WORDS = ("token", "password", "secret", "cookie", "access-key")


def faults(documents: Documents) -> list[str]:
    """All that is wrong with a set of documents."""
    found = [fault for name, template in templates(documents).items() for fault in pod_faults(name, template)]
    found += [*writer_faults(documents), *wiring_faults(documents), *secret_faults(documents)]
    for document in documents:
        name = document["metadata"]["name"]
        if document["kind"] == "Namespace":
            levels = document["metadata"]["labels"]
            found += [
                f"namespace: {mode} is not restricted"
                for mode in ("enforce", "audit", "warn")
                if levels.get(f"pod-security.kubernetes.io/{mode}") != "restricted"
            ]
        elif document["metadata"].get("namespace") != "kubeddr":
            found.append(f"{name}: stands in no namespace of ours")
    return found


def pod_faults(name: str, template: Document) -> Iterator[str]:
    pod = template["spec"]
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
        if not VOLUMES & volume.keys():
            yield f"{name}: the volume {volume['name']} is of a kind that restricted pods may not have"
        if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
            yield f"{name}: the volume {volume['name']} may grow until the node is full"
    for container in containers(pod):
        yield from (f"{name}/{fault}" for fault in container_faults(container))
    if name.partition(" ")[0] not in {"CronJob", "WorkflowTemplate"}:  # those end by themselves
        missing = [probe for container in pod["containers"] for probe in PROBES if probe not in container]
        yield from (f"{name}: no {probe}" for probe in missing)


def container_faults(container: Document) -> Iterator[str]:
    name, image = container["name"], container["image"]
    tag = image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else ""
    if tag in {"", "latest"}:
        yield f"{name}: image {image} names no version"
    for bound in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            if resource not in container.get("resources", {}).get(bound, {}):
                yield f"{name}: no {resource} in resources.{bound}"
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
        yield f"{name}: privileges may grow"
    if security.get("readOnlyRootFilesystem") is not True:
        yield f"{name}: the root can be written"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield f"{name}: capabilities are kept"
    if security.get("runAsUser") == 0 or security.get("runAsNonRoot") is False:
        yield f"{name}: may run as root"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield f"{name}: takes a port of the host"


def settings_of(documents: Documents) -> dict[str, str]:
    """What the control plane is started with."""
    maps = [d for d in documents if d["kind"] == "ConfigMap" and d["metadata"]["name"].startswith("control-plane-")]
    return dict(maps[0]["data"]) if maps else {}


def writer_faults(documents: Documents) -> Iterator[str]:
    """SQLite on a claim has one writer; several control planes need a share and ids of their own."""
    for document in (d for d in documents if d["kind"] == "StatefulSet" and d["metadata"]["name"] == "control-plane"):
        spec, settings = document["spec"], settings_of(documents)
        if spec["replicas"] == 1:
            continue
        if not settings.get("KUBEDDR_DATABASE_URL", "").startswith("postgresql"):
            yield "control-plane: several pods, and a database with one writer"
        if not settings.get("KUBEDDR_SHARE") or not settings.get("KUBEDDR_BROKER"):
            yield "control-plane: several pods that do not take turns at one broker"
        environment = {e["name"] for e in spec["template"]["spec"]["containers"][0]["env"]}
        if "KUBEDDR_CLIENT_ID" not in environment:
            yield "control-plane: several pods with one client id"


def secret_faults(documents: Documents) -> Iterator[str]:
    """Nothing secret stands in a manifest: not as a Secret, not as an environment variable."""
    for document in documents:
        if document["kind"] == "Secret":
            yield f"{document['metadata']['name']}: a secret stands in the manifests"
    for name, template in templates(documents).items():
        for container in containers(template["spec"]):
            for each in container.get("env", []):
                if "value" in each and any(word in each["name"].lower().replace("_", "-") for word in SECRET_WORDS):
                    yield f"{name}: {each['name']} is written out"
