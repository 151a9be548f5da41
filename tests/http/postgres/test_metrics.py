"""Metrics over HTTP: what the dispatcher has done and how the queue stands, as Prometheus reads it."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.application.monitoring import Monitoring
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Deferred, Refused, Unknown, VerdictKind
from marketmind_scheduler.ports.queue_standing import NextPost, QueueStanding
from tests.fakes.publisher import ScriptedPublisher
from tests.http.postgres.given import time_passes
from tests.http.steps import (
    a_brand,
    a_post,
    calling,
    claim,
    due,
    observed,
    present,
    problem,
    scheduled,
    script,
    trigger,
    unconfirmed,
)

STANDINGS = {"waiting", "due", "late", "in_flight", "held", "unconfirmed", "failed", "missed"}
OF_THE_QUEUE = {
    "marketmind_scheduler_queue_schedules",
    "marketmind_scheduler_due_lag_seconds",
    "marketmind_scheduler_oldest_unconfirmed_seconds",
    "marketmind_scheduler_events_to_sequence",
    "marketmind_scheduler_event_feed_age_seconds",
    "marketmind_scheduler_storage_up",
}
OF_DISPATCH = {
    "marketmind_scheduler_clock_ahead_seconds": "gauge",
    "marketmind_scheduler_parts_broken": "counter",
    "marketmind_scheduler_claims": "counter",
    "marketmind_scheduler_lateness_seconds": "histogram",
    "marketmind_scheduler_send_seconds": "histogram",
    "marketmind_scheduler_verdicts": "counter",
    "marketmind_scheduler_settlements": "counter",
    "marketmind_scheduler_retries": "counter",
    "marketmind_scheduler_lease_expiries": "counter",
    "marketmind_scheduler_too_late": "counter",
    "marketmind_scheduler_breaker_state": "gauge",
}
OF_RUNS = {
    "marketmind_scheduler_agent_runs": "counter",
    "marketmind_scheduler_agent_value_ratio": "histogram",
    "marketmind_scheduler_agent_answer_seconds": "histogram",
    "marketmind_scheduler_agent_tokens": "counter",
    "marketmind_scheduler_agent_cost": "counter",
}
A_BACKLOG = """
WITH p AS (
  INSERT INTO posts (post_id, brand_id, title, s3_url, platform, created_at, updated_at)
  SELECT gen_random_uuid(), brand_id, '', '', 'TIKTOK', now(), now() FROM brands, generate_series(1, 10100)
  RETURNING post_id, brand_id
), s AS (
  INSERT INTO schedules (schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent, timezone,
                         resolution, tz_release, version, created_at, updated_at)
  SELECT gen_random_uuid(), post_id, brand_id, 'TIKTOK', now(), 'PENDING', 0, 'instant', 'UTC', 'exact', '', 1, now(),
         now() FROM p
  RETURNING schedule_id, post_id, brand_id)
INSERT INTO queue (post_id, schedule_id, brand_id, platform, publish_time, due_at, on_late)
SELECT post_id, schedule_id, brand_id, 'TIKTOK', now(), now(), 'publish' FROM s
"""

Labels = frozenset[tuple[str, str]]
Samples = Mapping[str, Mapping[Labels, float]]


class NoStandings:
    """The storage cannot be used."""

    async def read(self) -> QueueStanding:
        raise StorageUnavailable

    async def next_posts(self, *, limit: int) -> Sequence[NextPost]:
        del limit
        raise StorageUnavailable


@pytest.fixture
async def cut_off(dispatching: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the API while it cannot read how the queue stands."""
    monitoring = Monitoring(standings=NoStandings(), metrics=dispatching.monitoring.metrics)
    async with calling(observed(replace(dispatching, monitoring=monitoring))) as calls:
        yield calls


async def metrics(client: httpx2.AsyncClient) -> Samples:
    """The samples of each name, by their labels."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    samples: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            samples[sample.name][frozenset(sample.labels.items())] = sample.value
    return samples


def value(of: Mapping[Labels, float], **labels: str) -> float:
    """The sum over all samples with these labels."""
    return sum(number for named, number in of.items() if named >= labels.items())


async def test_metrics_are_text_as_prometheus_reads_it_each_explained_and_of_its_type(
    caller: httpx2.AsyncClient,
) -> None:
    answer = await caller.get("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {name: families[name].type for name in families} == OF_DISPATCH | OF_RUNS | dict.fromkeys(
        OF_THE_QUEUE, "gauge"
    )
    assert all(family.documentation for family in families.values())


async def test_what_was_sent_is_counted_by_platform_verdict_and_standing(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    script(publisher, await due(caller), Deferred("busy"))
    script(publisher, await due(caller), Refused("too long"))
    await due(caller, platform="REDDIT")

    await trigger(caller)

    seen = await metrics(caller)
    assert value(seen["marketmind_scheduler_claims_total"], platform="TWITTER") == 2
    assert value(seen["marketmind_scheduler_claims_total"], platform="REDDIT") == 1
    assert value(seen["marketmind_scheduler_send_seconds_count"], platform="TWITTER") == 2
    assert {
        verdict: value(seen["marketmind_scheduler_verdicts_total"], verdict=verdict) for verdict in VerdictKind
    } == {
        "accepted": 1,
        "deferred": 1,
        "refused": 1,
        "misdirected": 0,
        "unknown": 0,
        "unsent": 0,
        "lost": 0,
    }
    for status in ("COMPLETED", "PENDING", "FAILED"):
        assert value(seen["marketmind_scheduler_settlements_total"], status=status, recorded="settled") == 1
    assert value(seen["marketmind_scheduler_settlements_total"]) == 3
    assert value(seen["marketmind_scheduler_retries_total"]) == 1


async def test_lateness_is_a_histogram_of_how_long_after_its_time_a_send_began(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    await due(caller)
    await time_passes(tables, seconds=200)

    await trigger(caller)

    seen = await metrics(caller)
    buckets = seen["marketmind_scheduler_lateness_seconds_bucket"]
    assert value(seen["marketmind_scheduler_lateness_seconds_count"], platform="TWITTER") == 1
    assert 200 <= value(seen["marketmind_scheduler_lateness_seconds_sum"], platform="TWITTER") < 300
    assert [value(buckets, platform="TWITTER", le=le) for le in ("60.0", "300.0")] == [0, 1]


async def test_leases_that_ran_out_and_posts_that_came_too_late_are_counted_by_what_became_of_them(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    await due(caller)
    await claim(caller)
    for on_late in ("skip", "hold", "hold"):
        await due(caller, brand_id=await a_brand(caller, on_late=on_late, max_lateness_seconds=60))
    await time_passes(tables, minutes=2)

    await trigger(caller)

    seen = await metrics(caller)
    assert value(seen["marketmind_scheduler_lease_expiries_total"], status="UNCONFIRMED") == 1
    assert value(seen["marketmind_scheduler_too_late_total"], status="MISSED") == 1
    assert value(seen["marketmind_scheduler_too_late_total"], status="PENDING") == 2


async def test_an_open_breaker_is_shown_with_its_platform_and_target(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher
) -> None:
    for _ in range(3):
        script(publisher, await due(caller), Unknown("no answer"))

    await trigger(caller)

    breakers = (await metrics(caller))["marketmind_scheduler_breaker_state"]
    assert breakers == {frozenset({("platform", "TWITTER"), ("target", "twitter")}): 2}


async def test_the_queue_is_counted_by_platform_and_standing(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, tables: AsyncEngine
) -> None:
    paused = await a_brand(caller)
    await caller.post(f"/brands/{paused}/pause")
    await unconfirmed(caller, platform="REDDIT")
    script(publisher, await due(caller, platform="TIKTOK"), Refused("too long"))
    await trigger(caller)
    await time_passes(tables, seconds=90)
    await due(caller, platform="LINKEDIN")
    await claim(caller)
    await due(caller, brand_id=paused)
    await due(caller)
    await time_passes(tables, seconds=90)
    await scheduled(caller, await a_post(caller, platform="YOUTUBE"), await present(caller) + timedelta(hours=1))

    seen = await metrics(caller)

    counted = {
        (platform, standing): value(seen["marketmind_scheduler_queue_schedules"], platform=platform, standing=standing)
        for platform in Platform
        for standing in STANDINGS
    }
    assert len(seen["marketmind_scheduler_queue_schedules"]) == len(counted)
    assert {place: count for place, count in counted.items() if count} == {
        ("YOUTUBE", "waiting"): 1,
        ("TWITTER", "waiting"): 1,
        ("TWITTER", "due"): 1,
        ("TWITTER", "late"): 1,
        ("TWITTER", "held"): 1,
        ("LINKEDIN", "in_flight"): 1,
        ("REDDIT", "unconfirmed"): 1,
        ("TIKTOK", "failed"): 1,
    }
    lags = seen["marketmind_scheduler_due_lag_seconds"]
    assert 90 <= value(lags, platform="TWITTER") == value(lags) < 150
    assert 180 <= value(seen["marketmind_scheduler_oldest_unconfirmed_seconds"], platform="REDDIT") < 240
    assert value(seen["marketmind_scheduler_events_to_sequence"]) == 4
    assert value(seen["marketmind_scheduler_event_feed_age_seconds"]) < 60


async def test_nothing_is_counted_further_than_ten_thousand(caller: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    await a_brand(caller)
    async with tables.connect() as connection:
        await connection.execute(text(A_BACKLOG))

    counted = (await metrics(caller))["marketmind_scheduler_queue_schedules"]

    assert [value(counted, standing=standing) for standing in ("waiting", "due")] == [10_001, 10_001]


async def test_metrics_are_shown_while_the_database_cannot_be_used(cut_off: httpx2.AsyncClient) -> None:
    await due(cut_off)
    await trigger(cut_off)

    seen = await metrics(cut_off)

    assert value(seen["marketmind_scheduler_storage_up"]) == 0
    assert value(seen["marketmind_scheduler_claims_total"], platform="TWITTER") == 1


async def test_metrics_take_no_query(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/metrics?name=marketmind_scheduler_claims"), 400, "malformed")
