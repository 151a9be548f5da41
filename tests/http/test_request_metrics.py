"""What is measured of requests: how many, how long, how they ended; by route, never by what was asked for."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Never
from uuid import UUID

import httpx2
import pytest
from litestar import Litestar, get
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families,  # pyright: ignore[reportUnknownVariableType]
)

from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import a_brand, calling, in_memory, new_id, observed, watched
from tests.loops import on_each

DURATION = "http_server_request_duration_seconds"


class BrokenStorage:
    def reading(self) -> Never:
        raise ValueError("broken")

    unit_of_work = reading


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def caller(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock, registry: CollectorRegistry
) -> AsyncGenerator[httpx2.AsyncClient]:
    use_cases = in_memory(storage, zones, clock, registry=registry)
    async with calling(observed(use_cases, registry=registry)) as calls:
        yield calls


def counted(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """How many requests of each method, route and status were measured."""
    return {
        (labels["http_request_method"], labels["http_route"], labels["http_response_status_code"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == f"{DURATION}_count" and (labels := sample.labels)
    }


async def test_requests_are_counted_by_method_route_and_status(
    caller: httpx2.AsyncClient, registry: CollectorRegistry
) -> None:
    brand_id = await a_brand(caller)
    await caller.get(f"/brands/{brand_id}")
    await caller.get(f"/brands/{new_id()}")
    await caller.get(f"/brands/{new_id()}")
    await caller.get("/brands?limit=none")
    await caller.patch(f"/brands/{brand_id}")
    await caller.get(f"/nowhere/{brand_id}")

    assert counted(registry) == {
        ("PUT", "/brands/{brand_id}", "201"): 1,
        ("GET", "/brands/{brand_id}", "200"): 1,
        ("GET", "/brands/{brand_id}", "404"): 2,
        ("GET", "/brands", "400"): 1,
        ("PATCH", "unmatched", "405"): 1,
        ("GET", "unmatched", "404"): 1,
    }


async def test_methods_that_http_does_not_know_are_counted_as_one(
    caller: httpx2.AsyncClient, registry: CollectorRegistry
) -> None:
    for method in ("BREW", "WHEN", "get"):
        await caller.request(method, "/brands")

    assert sum(number for (method, _, _), number in counted(registry).items() if method == "_OTHER") >= 2
    assert {method for method, _, _ in counted(registry)} <= {"_OTHER", "GET"}


async def test_a_fault_is_counted_as_500(use_cases: UseCases, registry: CollectorRegistry) -> None:
    broken = replace(use_cases, catalog=replace(use_cases.catalog, storage=BrokenStorage()))
    async with calling(observed(broken, registry=registry)) as caller:
        await caller.get("/brands")

    assert counted(registry) == {("GET", "/brands", "500"): 1}


async def test_a_caller_who_is_turned_away_is_counted_under_the_route(registry: CollectorRegistry) -> None:
    @get("/brands/{brand_id:uuid}")
    async def turn_away(brand_id: FromPath[UUID]) -> None:
        raise NotAuthorizedException(str(brand_id))

    async with calling(watched(Litestar([turn_away], openapi_config=None), registry=registry)) as caller:
        await caller.get(f"/brands/{new_id()}")

    assert counted(registry) == {("GET", "/brands/{brand_id}", "401"): 1}


async def test_waiting_for_events_is_counted_apart(caller: httpx2.AsyncClient, registry: CollectorRegistry) -> None:
    await caller.get("/events")
    await caller.get("/events?after=none")

    assert counted(registry) == {}
    seen = {
        status: registry.get_sample_value("http_server_long_polls_total", {"http_response_status_code": status})
        for status in ("200", "400")
    }
    assert seen == {"200": 1, "400": 1}


async def test_a_request_is_active_until_it_is_answered(registry: CollectorRegistry) -> None:
    arrived, may_go = asyncio.Event(), asyncio.Event()

    @get("/")
    async def hold() -> None:
        arrived.set()
        await may_go.wait()

    def active() -> float | None:
        labels = {"http_request_method": "GET", "url_scheme": "http"}
        return registry.get_sample_value("http_server_active_requests", labels)

    async with calling(watched(Litestar([hold], openapi_config=None), registry=registry)) as caller:
        request = asyncio.create_task(caller.get("/"))
        await arrived.wait()
        during = active()
        may_go.set()
        await request

    assert (during, active()) == (1, 0)


async def test_metrics_over_http_show_requests_beside_dispatch(caller: httpx2.AsyncClient) -> None:
    await caller.get("/brands")

    shown = (await caller.get("/metrics")).text

    labels = (
        'error_type="",http_request_method="GET",http_response_status_code="200",http_route="/brands",url_scheme="http"'
    )
    assert f"{DURATION}_count{{{labels}}} 1.0" in shown
    assert 'http_server_active_requests{http_request_method="GET",url_scheme="http"} 1.0' in shown
    assert "marketmind_scheduler_storage_up 1.0" in shown


async def test_only_faults_of_ours_have_an_error_type(use_cases: UseCases, registry: CollectorRegistry) -> None:
    broken = replace(use_cases, catalog=replace(use_cases.catalog, storage=BrokenStorage()))
    async with calling(observed(broken, registry=registry)) as caller:
        await caller.get("/brands")
        await caller.get("/nowhere")

    seen = {
        (sample.labels["http_response_status_code"], sample.labels["error_type"])
        for family in registry.collect()
        for sample in family.samples
        if sample.name == f"{DURATION}_count"
    }
    assert seen == {("500", "500"), ("404", "")}


@on_each(
    ("accept", "is_openmetrics"),
    [
        ("application/openmetrics-text", True),
        ("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", True),
        ("Application/OpenMetrics-Text; Version=1.0.0, text/plain", True),
        ("text/plain;q=0.9, application/openmetrics-text;q=0.1", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=much", False),
        ("*/*", False),
        ("text/plain", False),
        (",;=", False),
        ("", False),
    ],
)
async def test_openmetrics_is_shown_to_whoever_asks_for_it(
    caller: httpx2.AsyncClient, accept: str, *, is_openmetrics: bool
) -> None:
    answer = await caller.get("/metrics", headers={"accept": accept})

    media_type = "application/openmetrics-text; version=1.0.0" if is_openmetrics else "text/plain; version=0.0.4"
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{media_type}; charset=utf-8")
    assert answer.text.endswith("# EOF\n") is is_openmetrics


async def test_openmetrics_leads_from_a_duration_to_its_trace(caller: httpx2.AsyncClient) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    await caller.get("/brands", headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})

    shown = (await caller.get("/metrics", headers={"accept": "application/openmetrics-text"})).text

    families = {family.name: family for family in text_string_to_metric_families(shown)}
    exemplars = [sample.exemplar for sample in families[DURATION].samples if sample.exemplar is not None]
    assert [exemplar.labels for exemplar in exemplars] == [{"trace_id": trace_id}]
