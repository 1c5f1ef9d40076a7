"""Names that must agree across documents: selectors, ports, claims, configuration, policies, what is scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster import Document, Documents, containers, templates

if TYPE_CHECKING:
    from collections.abc import Iterator


def wiring_faults(documents: Documents) -> Iterator[str]:
    names = {(d["kind"], d["metadata"]["name"]) for d in documents}
    yield from service_faults(documents)
    yield from target_faults(documents, names)
    yield from mount_faults(documents, names)
    yield from policy_faults(documents)


def of_kind(documents: Documents, kind: str) -> Iterator[tuple[str, Document]]:
    """Names and specs."""
    return ((d["metadata"]["name"], d["spec"]) for d in documents if d["kind"] == kind)


def fits(selector: dict[str, str], template: Document) -> bool:
    return bool(selector.items() <= template["metadata"]["labels"].items())


def service_faults(documents: Documents) -> Iterator[str]:
    """Services lead to ports of pods, and the way in to a port of a service."""
    pods, services = templates(documents).values(), dict(of_kind(documents, "Service"))
    for name, spec in services.items():
        chosen = [c for pod in pods if fits(spec["selector"], pod) for c in pod["spec"]["containers"]]
        ports = {port["name"] for container in chosen for port in container.get("ports", [])}
        if missing := {port["targetPort"] for port in spec["ports"]} - ports:
            yield f"service {name}: no pod has the port {', '.join(sorted(missing))}"
    for name, spec in of_kind(documents, "Ingress"):
        for path in (path for rule in spec["rules"] for path in rule["http"]["paths"]):
            backend = path["backend"]["service"]
            if backend["port"]["name"] not in {p["name"] for p in services[backend["name"]]["ports"]}:
                yield f"ingress {name}: leads nowhere"


def target_faults(documents: Documents, names: set[tuple[str, str]]) -> Iterator[str]:
    """What is scaled, protected and scraped is there."""
    for name, spec in of_kind(documents, "HorizontalPodAutoscaler"):
        target = spec["scaleTargetRef"]
        if (target["kind"], target["name"]) not in names:
            yield f"autoscaler {name}: there is no {target['kind']} {target['name']}"
    for name, spec in of_kind(documents, "PodDisruptionBudget"):
        if not any(fits(spec["selector"]["matchLabels"], pod) for pod in templates(documents).values()):
            yield f"budget {name}: protects no pod"
    for name, spec in of_kind(documents, "ServiceMonitor"):
        wanted = {endpoint["port"] for endpoint in spec["endpoints"]}
        chosen = [
            service
            for service in documents
            if service["kind"] == "Service"
            and spec["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
            and wanted <= {port["name"] for port in service["spec"]["ports"]}
        ]
        if len(chosen) != 1:
            yield f"monitor {name}: scrapes {len(chosen)} services"


def mount_faults(documents: Documents, names: set[tuple[str, str]]) -> Iterator[str]:
    """What is mounted and read is there."""
    claims = {name for kind, name in names if kind == "PersistentVolumeClaim"}
    made: dict[str, set[str]] = {}
    for name, spec in of_kind(documents, "StatefulSet"):
        made[f"StatefulSet {name}"] = {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])}
        claims |= {f"{c}-{name}-{n}" for c in made[f"StatefulSet {name}"] for n in range(spec["replicas"])}
    for name, template in templates(documents).items():
        made.setdefault(name, {claim["metadata"]["name"] for claim in template["spec"].get("volumeClaimTemplates", [])})
        volumes = {volume["name"] for volume in template["spec"].get("volumes", [])} | made[name]
        mounted = {m["name"] for c in containers(template["spec"]) for m in c.get("volumeMounts", [])}
        yield from (f"{name}: there is no volume {each}" for each in mounted - volumes)
        yield from (
            f"{name}: there is no {kind} {each}" for kind, each in read_by(template) - names - as_claims(claims)
        )


def as_claims(claims: set[str]) -> set[tuple[str, str]]:
    return {("PersistentVolumeClaim", name) for name in claims}


def read_by(template: Document) -> set[tuple[str, str]]:
    """The claims and ConfigMaps that a pod reads."""
    found = set()
    for volume in template["spec"].get("volumes", []):
        if "persistentVolumeClaim" in volume:
            found.add(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
        if "configMap" in volume:
            found.add(("ConfigMap", volume["configMap"]["name"]))
    for container in containers(template["spec"]):
        found |= {("ConfigMap", source["configMapRef"]["name"]) for source in container.get("envFrom", [])}
    return found


def policy_faults(documents: Documents) -> Iterator[str]:
    """Everything is shut first, every port that a service leads to is opened again, and no policy opens all."""
    policies = [spec for _, spec in of_kind(documents, "NetworkPolicy")]
    if {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} not in policies:
        yield "network: nothing is shut by default"
    if any(not rule.get("ports") for p in policies for way in ("ingress", "egress") for rule in p.get(way, [])):
        yield "network: a policy opens every port"
    for name, spec in of_kind(documents, "Service"):
        opened = {
            port["port"]
            for policy in policies
            if policy["podSelector"].get("matchLabels", {None: None}).items() <= spec["selector"].items()
            for rule in policy.get("ingress", [])
            for port in rule.get("ports", [])
        }
        if missing := {port["targetPort"] for port in spec["ports"]} - opened:
            yield f"service {name}: no network policy opens {', '.join(sorted(missing))}"
