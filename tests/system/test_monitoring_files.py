"""What deploy/ gives to Prometheus and Grafana speaks of metrics and labels that there are."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.adapters.http.envelope.request_metrics import RequestMetrics
from marketmind_scheduler.adapters.process_metrics import register_process
from marketmind_scheduler.adapters.run_metrics import MeteredRuns
from marketmind_scheduler.domain.attempt import conclude
from marketmind_scheduler.domain.breaker import BreakerState
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import Deferred, VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Recorded, Settled
from marketmind_scheduler.ports.queue_standing import PlatformStanding, QueueStanding
from tests.builders import NOW
from tests.contracts.test_agent_runs import DECISION, an_exchange
from tests.publishers.given import an_attempt

CHECKOUT = Path(__file__).parents[2]
DEPLOY = CHECKOUT / "deploy"
RULES: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())["groups"][0]["rules"]
PANELS: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())["panels"]
ADDED_BY_PROMETHEUS = {"instance", "job"}
NAME = re.compile(r"\b(?:marketmind_scheduler|http_server|process|python)_\w+")
MATCHED = re.compile(r"(\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|ignoring|on|without) ?\(([^)]*)\)")
LEGEND = re.compile(r"\{\{ *(?:\$labels\.)?(\w+) *\}\}")


class OnePool:
    def get_size(self) -> int:
        return 1

    get_idle_size = get_max_size = get_size


def samples() -> Mapping[str, set[str]]:
    """Every sample that a process shows once everything has happened, with its labels."""
    registry = CollectorRegistry()
    everything_happens(MeteredDispatch(registry))
    runs = MeteredRuns(registry)
    runs.asked(an_exchange())
    runs.decided(DECISION)
    requests = RequestMetrics(registry)
    with requests.active("GET", "http"):
        requests.answered("GET", "/", 200, scheme="http", seconds=0, trace_id="", is_long_poll=False)
        requests.answered("GET", "/", 200, scheme="http", seconds=0, trace_id="", is_long_poll=True)
    register_process(registry, tz_release="", pools={"": OnePool()})
    found: dict[str, set[str]] = {}
    for family in registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def everything_happens(metering: MeteredDispatch) -> None:
    claim = an_attempt(platform=Platform.REDDIT).claim
    settlement = conclude(claim, Deferred("busy"), policy=RetryPolicy(), jitter=0, now=NOW)
    metering.claimed(Platform.REDDIT, 1)
    metering.began(Platform.REDDIT, timedelta())
    metering.ended(Platform.REDDIT, VerdictKind.ACCEPTED, timedelta())
    metering.settled(claim, settlement, Settled(recorded=Recorded.SETTLED, status=ScheduleStatus.PENDING))
    metering.expired([ScheduleStatus.PENDING])
    metering.came_too_late([ScheduleStatus.MISSED])
    metering.breaker(Platform.REDDIT, "target", BreakerState.OPEN)
    counts = dict.fromkeys(("waiting", "due", "late", "in_flight", "held", "unconfirmed", "failed", "missed"), 0)
    standing = PlatformStanding(platform=Platform.REDDIT, **counts, next_due_in=None, oldest_unconfirmed=None)
    metering.exposition(QueueStanding(platforms=[standing], events_to_sequence=0), openmetrics=False)


def queries() -> Iterable[tuple[str, str]]:
    """Each expression, with all that is written about its labels beside it."""
    for rule in RULES:
        yield rule["expr"], " ".join(rule["annotations"].values())
    for panel in PANELS:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


def labels_in(expression: str, words: str) -> set[str]:
    grouped = {name.strip() for names in GROUPED.findall(expression) for name in names.split(",")}
    matched = {
        name.strip() for _, matchers in MATCHED.findall(expression) for name in re.findall(r"(\w+) *[=!]", matchers)
    }
    return grouped | matched | set(LEGEND.findall(words))


def test_every_metric_that_rules_and_panels_ask_for_is_there_with_its_labels() -> None:
    known = samples()
    asked = list(queries())

    assert len(asked) > 20
    for expression, words in asked:
        names = NAME.findall(GROUPED.sub("", re.sub(r"\{[^}]*\}", "", expression)))
        assert names, expression
        for name in names:
            assert name in known, expression
        there = set[str]().union(*(known[name] for name in names)) | ADDED_BY_PROMETHEUS
        assert labels_in(expression, words) <= there, expression


def test_every_expression_is_closed_and_names_nothing_of_before() -> None:
    for expression, _ in queries():
        assert [expression.count(each) for each in "({["] == [expression.count(each) for each in ")}]"], expression
        assert not re.search(r"(?<!marketmind_)\bscheduler_", expression), expression


def test_what_a_query_asks_of_one_standing_or_state_is_one_there_is() -> None:
    asked = {value for expression, _ in queries() for value in re.findall(r'(?:standing|state)="(\w+)"', expression)}

    assert asked <= {"waiting", "due", "late", "in_flight", "held", "unconfirmed", "failed", "missed", "used", "idle"}


def test_every_rule_waits_is_weighed_and_leads_to_its_section_of_the_runbook() -> None:
    runbook = (CHECKOUT / "docs" / "runbook.md").read_text()
    sections = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", runbook, re.MULTILINE)}

    for rule in RULES:
        assert re.fullmatch(r"\d+m", rule["for"]), rule
        assert rule["labels"]["severity"] in ("warning", "critical"), rule
        assert rule["annotations"]["runbook"].partition("#")[2] in sections, rule


def test_the_dashboard_shows_every_metric_that_an_alert_looks_at() -> None:
    shown = {name for panel in PANELS for target in panel["targets"] for name in NAME.findall(target["expr"])}

    for rule in RULES:
        assert set(NAME.findall(rule["expr"])) & set(samples()) <= shown, rule["alert"]


def test_the_runbook_shows_the_rules_as_they_are() -> None:
    runbook = (CHECKOUT / "docs" / "runbook.md").read_text()
    shown = re.findall(r"^\| `(Scheduler\w+)` \| `(.+?)` \| (\w+) \| ", runbook, re.MULTILINE)

    assert shown == [(rule["alert"], " ".join(rule["expr"].split()), rule["labels"]["severity"]) for rule in RULES]


def test_the_scrape_example_names_the_port_and_the_scope() -> None:
    text = (DEPLOY / "prometheus" / "prometheus.yaml").read_text()
    dispatcher, api = yaml.safe_load(text)["scrape_configs"]

    assert dispatcher["static_configs"][0]["targets"] == ["127.0.0.1:9100"]
    assert "authorization" in api
    assert "--scope events:read" in text
