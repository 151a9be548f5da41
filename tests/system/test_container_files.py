"""What compose.yaml and the Dockerfile promise, as far as it can be read without an engine."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs import make

from marketmind_scheduler.entrypoints.environment import NAMES, load
from marketmind_scheduler.entrypoints.wiring.webhooks import load_webhooks

CHECKOUT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())
POSTGRES: dict[str, Any] = COMPOSE["services"]["postgres"]
SCHEDULER: dict[str, Any] = COMPOSE["services"]["scheduler"]
INSTRUCTIONS = [
    (word, " ".join(rest.split()))
    for word, rest in re.findall(
        r"^([A-Z]+) ((?:.*\\\n)*.*)$", (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " "), re.MULTILINE
    )
]
"""Of the Dockerfile, each in one line."""
LAST_STAGE = INSTRUCTIONS[max(nth for nth, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM") :]
DISPATCHER: dict[str, Any] = COMPOSE["services"]["dispatcher"]
MIGRATE: dict[str, Any] = COMPOSE["services"]["migrate"]
SERVICE_ROLE: dict[str, Any] = COMPOSE["services"]["service-role"]
OF_DISPATCHER = {"SCHEDULER_METRICS_PORT"}
OF_COMPOSE = {
    *("DATABASE_URL", "MIGRATION_DATABASE_URL"),
    *("SCHEDULER_DATA_DIR", "SCHEDULER_HOST", "SCHEDULER_AUTH", "SCHEDULER_DISPATCH"),
    *("SCHEDULER_PUBLISHER", "SCHEDULER_WEBHOOKS"),
}
OF_OWNER = {"SCHEDULER_DEMO_DATA", "SCHEDULER_RESET_ON_START"}
OF_DESKTOPS = {"SCHEDULER_MCP_KEY"}
PASSED_THROUGH = NAMES.keys() - OF_COMPOSE - OF_DISPATCHER - OF_DESKTOPS
OF_API = {"SCHEDULER_PORT", "SCHEDULER_DISPATCH"}


INSTALLS = [rest for word, rest in INSTRUCTIONS if word == "RUN" and "pip install" in rest]


def said(word: str) -> list[str]:
    return [rest for each, rest in LAST_STAGE if each == word]


def exec_form(text: str) -> list[str]:
    """Only JSON is started without a shell in between, and gets the signals itself."""
    return json.loads(text)


def test_compose_starts_postgresql_with_a_health_check_and_the_service_behind_it() -> None:
    assert POSTGRES["image"] == "postgres:18-alpine"
    assert "pg_isready" in POSTGRES["healthcheck"]["test"][1]
    assert SERVICE_ROLE["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert MIGRATE["depends_on"]["service-role"]["condition"] == "service_completed_successfully"
    for service in (SCHEDULER, DISPATCHER):
        assert service["build"] == "."
        assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_only_the_migration_knows_the_account_that_owns_the_schema() -> None:
    for service in (SCHEDULER, DISPATCHER):
        assert "MIGRATION_DATABASE_URL" not in service["environment"]
        assert not [value for value in service["environment"].values() if "POSTGRES_PASSWORD" in str(value)]
        assert service["environment"]["PGUSER"] == "${POSTGRES_SERVICE_USER:-scheduler_service}"
    assert MIGRATE["command"] == ["migrate"]
    assert "MIGRATION_DATABASE_URL" in MIGRATE["environment"]
    assert "${POSTGRES_SERVICE_USER:-scheduler_service}@" in MIGRATE["environment"]["DATABASE_URL"]


@pytest.mark.parametrize(
    ("name", "default"),
    [("POSTGRES_USER", "scheduler_user"), ("POSTGRES_PASSWORD", "scheduler_pass"), ("POSTGRES_DB", "scheduler_db")],
)
def test_compose_gives_the_database_the_account_of_the_env_file(name: str, default: str) -> None:
    variable = f"${{{name}:-{default}}}"

    assert POSTGRES["environment"][name] == variable
    assert variable in MIGRATE["environment"].values()


@pytest.mark.parametrize("name", sorted(PASSED_THROUGH))
def test_compose_passes_a_setting_through_and_leaves_the_default_to_the_service(name: str) -> None:
    passed = (MIGRATE if name in OF_OWNER else SCHEDULER)["environment"][name]
    unset = re.sub(r"\$\{(\w+):-(.*)\}", r"\2", passed)

    assert re.match(rf"\$\{{{name}:-", passed)
    assert load({name: unset}) == load({})


def test_compose_asks_for_keys_and_shows_the_first_one_to_whoever_asks_and_to_no_log() -> None:
    first_key = COMPOSE["services"]["first-key"]

    assert SCHEDULER["environment"]["SCHEDULER_AUTH"] == "${SCHEDULER_AUTH:-keys}"
    assert first_key["command"] == [
        *("keys", "create", "--name", "first", "--scope", "admin", "--if-none"),
        "--expires",
        "30d",
    ]
    assert first_key["profiles"]  # `up` does not start it
    assert first_key["logging"] == {"driver": "none"}


def test_compose_sends_nothing_and_calls_nothing_sent_until_somebody_chooses() -> None:
    for service in (SCHEDULER, DISPATCHER):
        assert service["environment"]["SCHEDULER_PUBLISHER"] == "${SCHEDULER_PUBLISHER:-none}"


def test_compose_shows_the_receivers_to_all_that_read_them_and_has_some_where_nobody_names_any() -> None:
    for service in (SCHEDULER, DISPATCHER, COMPOSE["services"]["first-key"]):
        [receivers] = service["volumes"]
        assert receivers["target"] == service["environment"]["SCHEDULER_WEBHOOKS"]
        assert (receivers["type"], receivers["read_only"]) == ("bind", True)
        default = re.fullmatch(r"\$\{SCHEDULER_WEBHOOKS:-(.+)\}", receivers["source"])
        assert default
        assert load_webhooks(str(CHECKOUT / default[1]))


def test_compose_passes_on_where_telemetry_goes() -> None:
    for name in make.OF_OPENTELEMETRY:
        assert SCHEDULER["environment"][name] == DISPATCHER["environment"][name] == f"${{{name}:-}}"


def test_the_image_carries_what_telemetry_needs_and_all_that_runs_without() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"^[a-z].*==\S+", (CHECKOUT / name).read_text(), re.MULTILINE))

    [installed] = re.findall(r"^pip install --require-hashes -r (\S+)", " && ".join(INSTALLS))
    extra = {name.split("==")[0] for name in pinned(installed) - pinned("requirements.txt")}
    assert pinned("requirements.txt") <= pinned(installed) <= pinned("requirements-dev.txt")
    assert {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"} <= extra


def test_compose_names_no_setting_that_the_service_does_not_know() -> None:
    named = {*SCHEDULER["environment"], *DISPATCHER["environment"], *MIGRATE["environment"]}

    assert {name for name in named if not name.startswith("PG")} <= {*NAMES, *make.OF_OPENTELEMETRY}


def test_compose_dispatches_in_a_service_of_its_own_from_the_same_image_and_settings() -> None:
    assert SCHEDULER["environment"]["SCHEDULER_DISPATCH"] == "${SCHEDULER_DISPATCH:-off}"
    assert DISPATCHER["command"] == ["dispatch"]
    assert DISPATCHER["image"] == SCHEDULER["image"]
    assert SCHEDULER["environment"].keys() - DISPATCHER["environment"].keys() == OF_API


def test_compose_lets_sends_in_flight_end_before_it_kills() -> None:
    assert DISPATCHER["stop_grace_period"] == "30s"


def test_compose_asks_the_dispatcher_for_its_own_readiness() -> None:
    assert "/health/ready" in DISPATCHER["healthcheck"]["test"][-1]
    assert "SCHEDULER_METRICS_PORT" in DISPATCHER["healthcheck"]["test"][-1]


@pytest.mark.parametrize("name", list(COMPOSE["services"]))
def test_compose_gives_no_service_more_than_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"] <= 200
    assert set(service.get("cap_add", ())) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}


def test_compose_publishes_the_api_on_this_machine_only() -> None:
    assert "ports" not in POSTGRES, "its superuser has a password that everybody knows"
    assert SCHEDULER["ports"] == ["127.0.0.1:${SCHEDULER_PORT:-8000}:${SCHEDULER_PORT:-8000}"]


def test_the_image_is_built_in_two_stages_on_slim_python() -> None:
    stages = [rest.split()[0] for word, rest in INSTRUCTIONS if word == "FROM"]

    assert stages == ["python:3.13-slim"] * 2


def test_the_image_installs_only_what_is_locked() -> None:
    installs = [
        step for word, rest in INSTRUCTIONS if word == "RUN" for step in rest.split("&&") if "pip install" in step
    ]

    assert installs
    assert all("--require-hashes" in install or "--no-deps" in install for install in installs)


def test_the_image_names_no_path_of_one_python_version() -> None:
    assert [rest for word, rest in INSTRUCTIONS if word != "FROM" and re.search(r"python3|lib/python", rest)] == []


def test_the_image_keeps_nothing_that_installs() -> None:
    removals = [rest for word, rest in INSTRUCTIONS if word == "RUN" and "pip uninstall" in rest]

    assert len(removals) == 2  # that of the environment, and that of the base image


def test_the_image_runs_as_nobody_in_particular() -> None:
    [user] = said("USER")

    assert user not in ("root", "0")
    assert any(f"--uid {user} " in run for run in said("RUN"))


def test_the_image_starts_the_service_without_a_shell_so_that_signals_reach_it() -> None:
    assert [exec_form(text) for text in said("ENTRYPOINT")] == [["marketmind-scheduler"]]
    assert [exec_form(text) for text in said("CMD")] == [["serve"]]


def test_the_image_checks_its_own_readiness_without_a_shell() -> None:
    [check] = said("HEALTHCHECK")

    command = exec_form(check.partition("CMD ")[2])
    assert command[0] == "python"
    assert "/health/ready" in command[-1]
