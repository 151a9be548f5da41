"""What deploy/kubernetes promises, as far as it can be read without a cluster."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich_click import Context

from marketmind_scheduler.adapters.http.app import create_app, create_monitoring_app
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.commands.cli import main
from marketmind_scheduler.entrypoints.environment import NAMES, load
from marketmind_scheduler.entrypoints.wiring.bootstrap import DISPATCH_CONNECTIONS
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import in_memory

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
Manifest = Mapping[str, Any]
OLDEST, NEWEST = "1.30", "1.37"
PRE_STOP_SECONDS, GRACE_SECONDS = 5, 20
START_SECONDS = 2 * 60
DEFAULT_MAX_CONNECTIONS = 100 - 3  # three are the superuser's


def documents(name: str) -> list[Manifest]:
    return [document for document in yaml.safe_load_all((FOLDER / name).read_text()) if document]


DEPLOYED = [document for name in KUSTOMIZATION["resources"] for document in documents(name)]
EXAMPLES = documents("secret.example.yaml")


def title(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


BY_TITLE = {title(manifest): manifest for manifest in [*DEPLOYED, *EXAMPLES]}
API = BY_TITLE["Deployment/marketmind-scheduler-api"]
DISPATCHER = BY_TITLE["Deployment/marketmind-scheduler-dispatcher"]
MIGRATION = BY_TITLE["Job/marketmind-scheduler-migration"]
DEPLOYMENTS = [API, DISPATCHER]
WORKLOADS = [*DEPLOYMENTS, MIGRATION]
WITH_PODS = pytest.mark.parametrize("workload", WORKLOADS, ids=title)
SERVING = pytest.mark.parametrize("workload", DEPLOYMENTS, ids=title)


def pod(workload: Manifest) -> Manifest:
    return workload["spec"]["template"]["spec"]


def container(workload: Manifest) -> Manifest:
    """The only one; there are no init containers either."""
    assert "initContainers" not in pod(workload)
    (only,) = pod(workload)["containers"]
    return only


def labels(workload: Manifest) -> Mapping[str, str]:
    return workload["spec"]["template"]["metadata"]["labels"]


def selected_by(selector: Mapping[str, str]) -> list[str]:
    return [title(each) for each in WORKLOADS if selector.items() <= labels(each).items()]


def environment(workload: Manifest) -> dict[str, str]:
    """Every variable of the container; where it comes from a Secret, the example's."""
    found: dict[str, str] = {}
    for source in container(workload).get("envFrom", []):
        for kind, reference in source.items():
            holder = BY_TITLE[f"{'ConfigMap' if kind == 'configMapRef' else 'Secret'}/{reference['name']}"]
            found |= holder.get("data") or holder["stringData"]
    for variable in container(workload)["env"]:
        if (value := variable.get("value")) is None:
            reference = variable["valueFrom"]["secretKeyRef"]
            value = BY_TITLE[f"Secret/{reference['name']}"]["stringData"][reference["key"]]
        found[variable["name"]] = value
    return found


def declared_ports(workload: Manifest) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container(workload)["ports"]}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_is_what_kubernetes_takes(version: str) -> None:
    files = [FOLDER / name for name in (*KUSTOMIZATION["resources"], "secret.example.yaml")]
    validator = [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", version, *files]

    ended = subprocess.run(validator, capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    passed = re.findall(rf"passed for resource (\S+) against version {version}", ended.stdout + ended.stderr)
    assert sorted(passed) == sorted(title(manifest).lower() for manifest in (*DEPLOYED, *EXAMPLES))


def test_every_file_is_deployed_but_the_example_with_placeholders() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")}

    assert files - {"kustomization.yaml", "secret.example.yaml"} == set(KUSTOMIZATION["resources"])
    assert "Secret" not in {manifest["kind"] for manifest in DEPLOYED}
    secrets = [value for manifest in EXAMPLES for value in manifest["stringData"].values()]
    assert all("CHANGE_ME" in value for value in secrets)


@WITH_PODS
def test_every_container_runs_as_the_images_user_with_nothing_it_does_not_need(workload: Manifest) -> None:
    (user,) = re.findall(r"^USER (\d+)$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    of_pod, of_container = pod(workload)["securityContext"], container(workload)["securityContext"]

    assert of_pod["runAsNonRoot"] is True
    assert of_pod["runAsUser"] == int(user)
    assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert of_container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@WITH_PODS
def test_no_pod_has_a_token_of_the_cluster_or_variables_of_other_services(workload: Manifest) -> None:
    account = BY_TITLE[f"ServiceAccount/{pod(workload)['serviceAccountName']}"]

    assert pod(workload)["automountServiceAccountToken"] is False
    assert account["automountServiceAccountToken"] is False
    assert pod(workload)["enableServiceLinks"] is False


@WITH_PODS
def test_every_container_asks_for_resources_and_is_limited(workload: Manifest) -> None:
    resources = container(workload)["resources"]

    assert resources["requests"].keys() == resources["limits"].keys() == {"cpu", "memory"}


@WITH_PODS
def test_every_container_runs_a_command_of_the_image_that_kustomize_names(workload: Manifest) -> None:
    (command,) = container(workload)["args"]

    assert command in main.list_commands(Context(main))
    assert container(workload)["image"] in [image["name"] for image in KUSTOMIZATION["images"]]


@WITH_PODS
def test_every_variable_is_a_setting_and_all_of_them_together_are_accepted(workload: Manifest) -> None:
    given = environment(workload)

    assert given.keys() <= NAMES.keys()
    assert load(given).database_url


def test_only_the_migration_knows_the_owner_of_the_schema() -> None:
    assert [title(each) for each in WORKLOADS if "MIGRATION_DATABASE_URL" in environment(each)] == [title(MIGRATION)]
    assert load(environment(MIGRATION)).service_role == load(environment(API)).service_role


def test_only_the_dispatchers_dispatch() -> None:
    assert environment(API)["SCHEDULER_DISPATCH"] == "off"
    assert container(DISPATCHER)["args"] == ["dispatch"]


def test_each_process_listens_on_the_port_that_its_container_declares() -> None:
    assert declared_ports(API) == {"http": load(environment(API)).port}
    assert declared_ports(DISPATCHER) == {"metrics": load(environment(DISPATCHER)).metrics_port}


@SERVING
def test_every_probe_asks_a_path_that_its_process_answers_on_a_declared_port(
    workload: Manifest, zones: ZoneCatalog
) -> None:
    use_cases = in_memory(InMemoryStorage(SystemClock()), zones, SystemClock())
    app = create_app(use_cases) if workload is API else create_monitoring_app(use_cases)
    asked = {kind: container(workload)[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}

    assert asked["liveness"]["path"] == asked["startup"]["path"] == "/health/live"
    assert asked["readiness"]["path"] == "/health/ready"
    for probe in asked.values():
        assert probe["path"] in (app.openapi_schema.paths or {})
        assert probe["port"] in declared_ports(workload)


@SERVING
def test_a_start_may_wait_for_the_database_and_for_the_migration(workload: Manifest) -> None:
    startup = container(workload)["startupProbe"]

    assert startup["periodSeconds"] * startup["failureThreshold"] > START_SECONDS


@SERVING
def test_sends_in_flight_may_end_before_a_pod_is_killed(workload: Manifest) -> None:
    assert container(workload)["lifecycle"]["preStop"] == {"sleep": {"seconds": PRE_STOP_SECONDS}}
    assert pod(workload)["terminationGracePeriodSeconds"] > PRE_STOP_SECONDS + GRACE_SECONDS


@SERVING
def test_every_selector_selects_its_own_pods_and_no_others(workload: Manifest) -> None:
    name = workload["metadata"]["name"]

    assert selected_by(workload["spec"]["selector"]["matchLabels"]) == [title(workload)]
    assert selected_by(BY_TITLE[f"PodDisruptionBudget/{name}"]["spec"]["selector"]["matchLabels"]) == [title(workload)]
    assert selected_by(BY_TITLE[f"NetworkPolicy/{name}"]["spec"]["podSelector"]["matchLabels"]) == [title(workload)]


def test_the_service_leads_to_the_api() -> None:
    service = BY_TITLE["Service/marketmind-scheduler-api"]["spec"]

    assert selected_by(service["selector"]) == [title(API)]
    assert [port["targetPort"] for port in service["ports"]] == ["http"]


def test_the_autoscaler_scales_the_api_and_nothing_else_sets_its_replicas() -> None:
    autoscaler = BY_TITLE["HorizontalPodAutoscaler/marketmind-scheduler-api"]["spec"]

    assert autoscaler["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": API["metadata"]["name"],
    }
    assert "replicas" not in API["spec"]


def test_an_eviction_always_leaves_one_of_each() -> None:
    autoscaler = BY_TITLE["HorizontalPodAutoscaler/marketmind-scheduler-api"]["spec"]
    least = {title(API): autoscaler["minReplicas"], title(DISPATCHER): DISPATCHER["spec"]["replicas"]}

    for workload in DEPLOYMENTS:
        budget = BY_TITLE[f"PodDisruptionBudget/{workload['metadata']['name']}"]["spec"]
        assert 1 == budget["minAvailable"] < least[title(workload)]


def test_nothing_comes_in_but_what_a_policy_names_and_only_on_declared_ports() -> None:
    everything = BY_TITLE["NetworkPolicy/marketmind-scheduler"]["spec"]

    assert selected_by(everything["podSelector"]["matchLabels"]) == [title(each) for each in WORKLOADS]
    assert everything["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in everything
    for workload in DEPLOYMENTS:
        (rule,) = BY_TITLE[f"NetworkPolicy/{workload['metadata']['name']}"]["spec"]["ingress"]
        assert rule["from"]
        assert [port["port"] for port in rule["ports"]] == list(declared_ports(workload))


def test_the_receivers_are_mounted_where_they_are_looked_for_and_their_secrets_only_where_posts_are_sent_from() -> None:
    receivers = tomllib.loads(BY_TITLE["ConfigMap/marketmind-scheduler-webhooks"]["data"]["webhooks.toml"])
    secrets = set(receivers["default"]["secret_files"])
    for workload in DEPLOYMENTS:
        files = mounted(workload)
        assert environment(workload)["SCHEDULER_WEBHOOKS"] in files
        assert secrets & set(files) == (secrets if workload is DISPATCHER else set())


def mounted(workload: Manifest) -> Sequence[str]:
    """The path of every file that a ConfigMap or a Secret puts into the container."""
    sources = {volume["name"]: volume for volume in pod(workload)["volumes"]}
    files: list[str] = []
    for mount in container(workload)["volumeMounts"]:
        volume = sources[mount["name"]]
        if "configMap" in volume:
            content = BY_TITLE[f"ConfigMap/{volume['configMap']['name']}"]["data"]
        else:
            content = BY_TITLE[f"Secret/{volume['secret']['secretName']}"]["stringData"]
        files += [f"{mount['mountPath']}/{key}" for key in content]
    return files


def test_all_pods_of_a_rollout_fit_into_a_database_with_the_usual_limit() -> None:
    most = BY_TITLE["HorizontalPodAutoscaler/marketmind-scheduler-api"]["spec"]["maxReplicas"]
    replicas = {title(API): most, title(DISPATCHER): DISPATCHER["spec"]["replicas"]}

    connections = sum(
        (replicas[title(each)] + each["spec"]["strategy"]["rollingUpdate"]["maxSurge"])
        * (load(environment(each)).pool_size + DISPATCH_CONNECTIONS)
        for each in DEPLOYMENTS
    )

    assert connections < DEFAULT_MAX_CONNECTIONS
