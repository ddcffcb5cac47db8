"""Manifests are what Kubernetes 1.37 takes, ask for no more than they need, and fit together."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import kubernetes_validate
import pytest

from lucky_mcp.secrets.references import is_reference
from lucky_mcp.settings import PREFIX, Settings
from tests.deploy.files import KUBERNETES, compose, documents, instructions

VERSION = "1.37"
MANIFESTS = [document for path in KUBERNETES for document in documents(path)]
SETTINGS = {PREFIX + name.upper(): name for name in Settings.model_fields}
PATHS = {"/health/live", "/health/ready"}


def of(kind: str) -> list[dict[str, Any]]:
    return [each for each in MANIFESTS if each["kind"] == kind]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for each in of("StatefulSet"):
        yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def faults(pod: dict[str, Any]) -> list[str]:
    """What a pod may do and need not."""
    wrong = []
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or security.get("runAsUser", 0) < 1000:
        wrong.append("runs as root")
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        wrong.append("has every system call")
    if pod.get("automountServiceAccountToken", True):
        wrong.append("may talk to the API")
    wrong += [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    wrong += [f"mounts {each['name']} of the host" for each in pod["volumes"] if "hostPath" in each]
    volumes = {each["name"] for each in pod["volumes"]} | {"state"}
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        own, name = container.get("securityContext", {}), container["name"]
        if own.get("allowPrivilegeEscalation", True) or own.get("capabilities") != {"drop": ["ALL"]}:
            wrong.append(f"{name} may become more")
        if not own.get("readOnlyRootFilesystem") or own.get("privileged"):
            wrong.append(f"{name} may write")
        if "memory" not in container.get("resources", {}).get("limits", {}):
            wrong.append(f"{name} has no limit of memory")
        if {each["name"] for each in container["volumeMounts"]} - volumes:
            wrong.append(f"{name} mounts what is not there")
        if (
            container["image"].endswith(":latest")
            or ":" not in container["image"]
            or "/" in container["image"]
        ):
            wrong.append(f"{name} is {container['image']}")
    return wrong


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_a_manifest_is_valid(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, VERSION, strict=True)
    if manifest["kind"] != "Namespace":
        assert manifest["metadata"]["namespace"] == "lucky-mcp"


def test_a_wrong_manifest_is_seen() -> None:
    wrong = deepcopy(of("StatefulSet")[0])
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize(("name", "pod"), list(pods()), ids=[name for name, _ in pods()])
def test_a_pod_may_do_no_more_than_it_needs(name: str, pod: dict[str, Any]) -> None:
    assert faults(pod) == []
    (gateway,) = pod["containers"]
    probed = {gateway[f"{each}Probe"]["httpGet"]["path"] for each in ("startup", "liveness", "readiness")}
    assert probed == PATHS
    written = {each["mountPath"] for each in gateway["volumeMounts"] if not each.get("readOnly")}
    assert written == {"/var/lib/lucky-mcp", "/tmp"}
    assert gateway["env"] == [{"name": "LUCKY_SSE", "value": "true" if name.endswith("-sse") else "false"}]
    (settings,) = of("ConfigMap")
    assert pod["terminationGracePeriodSeconds"] >= int(settings["data"]["LUCKY_DRAIN_S"]) + 20


@pytest.mark.parametrize(
    "change",
    [
        lambda pod: pod["securityContext"].pop("runAsNonRoot"),
        lambda pod: pod.pop("automountServiceAccountToken"),
        lambda pod: pod["containers"][0]["securityContext"].pop("readOnlyRootFilesystem"),
        lambda pod: pod["containers"][0]["securityContext"].update(capabilities={"add": ["NET_RAW"]}),
        lambda pod: pod["containers"][0].update(image="lucky-mcp:latest"),
        lambda pod: pod["containers"][0].pop("resources"),
        lambda pod: pod["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
        lambda pod: pod["initContainers"][0]["volumeMounts"].append({"name": "y", "mountPath": "/y"}),
    ],
)
def test_more_than_that_is_seen(change: Any) -> None:
    pod = deepcopy(next(pods())[1])
    change(pod)
    assert faults(pod)


def test_the_two_differ_in_number_and_name_alone() -> None:
    (_, many), (_, one) = pods()
    kept = [{**each["containers"][0], "env": []} for each in (many, one)]
    assert kept[0] == kept[1]
    assert {**many, "containers": []} == {**one, "containers": []}
    assert [each["spec"]["replicas"] for each in of("StatefulSet")] == [3, 1]
    assert [each["metadata"]["name"] for each in of("PodDisruptionBudget")] == ["lucky-mcp", "lucky-mcp-sse"]


def test_selectors_find_their_pods() -> None:
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"] for each in of("StatefulSet")
    }
    for each in [*of("Service"), *of("PodDisruptionBudget")]:
        selector = each["spec"]["selector"]
        name = each["metadata"]["name"].removesuffix("-pods")
        assert selector.get("matchLabels", selector) == labels[name]
    ports = {port["name"] for _, pod in pods() for port in pod["containers"][0]["ports"]}
    for service in of("Service"):
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
        assert "sessionAffinity" not in service["spec"]
    (policy,) = of("NetworkPolicy")
    assert policy["spec"]["podSelector"] == {} and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    assert {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]} == ports
    assert all(rule["to"] for rule in policy["spec"]["egress"])


def test_the_ingress_leads_each_path_to_its_service() -> None:
    (ingress,) = of("Ingress")
    (rule,) = ingress["spec"]["rules"]
    found = {each["path"]: each["backend"]["service"]["name"] for each in rule["http"]["paths"]}
    assert found["/mcp"] == "lucky-mcp" and found["/sse"] == found["/messages"] == "lucky-mcp-sse"
    assert "/metrics" not in found and "/health" not in found and "/" not in found
    assert ingress["spec"]["tls"][0]["hosts"] == [rule["host"]]
    (settings,) = of("ConfigMap")
    assert rule["host"] in settings["data"]["LUCKY_ALLOWED_HOSTS"].split(",")


def environments() -> list[tuple[str, dict[str, str]]]:
    image = {}
    for each in instructions():
        if each.word == "ENV":
            image.update(dict(part.split("=", 1) for part in each.text.split()))
    named = [("image", image), *((each["metadata"]["name"], each["data"]) for each in of("ConfigMap"))]
    return named + [(name, each.get("environment", {})) for name, each in compose()["services"].items()]


@pytest.mark.parametrize(("name", "given"), environments(), ids=[name for name, _ in environments()])
def test_every_setting_exists_and_is_taken(name: str, given: dict[str, str]) -> None:
    ours = {key: value for key, value in given.items() if key.startswith(PREFIX)}
    assert set(ours) <= set(SETTINGS)
    Settings(**{SETTINGS[key]: value for key, value in ours.items()})  # type: ignore[arg-type]
    for key in {"LUCKY_AUDIT_KEY", "LUCKY_TOKEN_KEY", "LUCKY_LIMITS_PASSWORD", "LUCKY_METRICS_TOKEN"} & set(
        ours
    ):
        assert is_reference(ours[key]), key


def test_processes_that_count_alone_are_all_of_them() -> None:
    (settings,) = of("ConfigMap")
    replicas = sum(each["spec"]["replicas"] for each in of("StatefulSet"))
    assert int(settings["data"]["LUCKY_LIMITS_PROCESSES"]) == replicas


def test_secrets_are_named_and_not_given() -> None:
    assert not of("Secret")
    (settings,) = of("ConfigMap")
    named = {value for value in settings["data"].values() if value.startswith("file:")}
    for _, pod in pods():
        mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
        assert all(value.startswith(f"file:{mounts['secrets']}/") for value in named)
        assert {each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each} == {
            "lucky-mcp",
            "lucky-mcp-tokens",
        }
