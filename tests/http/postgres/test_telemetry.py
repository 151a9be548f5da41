"""What OpenTelemetry is told: one request is a tree down to SQL, a claim one down to its sends, and no value
is in it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import httpx2
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool, open_pool
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.adapters.telemetry import Telemetry
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Caller, Reach
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.http.postgres.given import over
from tests.http.steps import a_brand, calling, due, new_id, observed
from tests.publishers.given import publishing_over, the_one_target
from tests.receivers import Answer, Received, Receiver, receiving

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
CANARY = "Kanarienvogel7"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def telemetry(exporter: InMemorySpanExporter, reader: InMemoryMetricReader) -> Telemetry:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    return Telemetry(tracers, MeterProvider([reader], shutdown_on_exit=False))


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def use_cases(
    telemetry: Telemetry, receiver: Receiver, database_url: str, zones: ZoneCatalog, tables: AsyncEngine
) -> AsyncGenerator[UseCases]:
    del tables
    targets = the_one_target(receiver.url, allow=[f"127.0.0.1/32:{receiver.port}"])
    async with (
        open_pool(database_url, size=5, on_query=telemetry.saw_query) as pool,
        publishing_over(WebhookTransport(targets, tracing=telemetry)) as publisher,
    ):
        followed = over(pool, zones, SystemClock(), publisher=publisher, tracing=telemetry)
        telemetry.follow(vars(followed).values())
        yield followed


@pytest.fixture
async def caller(telemetry: Telemetry, use_cases: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    async with calling(observed(use_cases, tracing=telemetry)) as calls:
        yield calls


def paths(spans: Sequence[ReadableSpan]) -> list[str]:
    """Each span by the names from its root to itself."""
    by_id = {span.context.span_id: span for span in spans if span.context}

    def path(span: ReadableSpan) -> str:
        parent = by_id.get(span.parent.span_id) if span.parent else None
        return f"{path(parent)} > {span.name}" if parent else span.name

    return [path(span) for span in spans]


async def test_a_request_is_followed_through_its_use_case_to_sql(
    caller: httpx2.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    brand_id = await a_brand(caller)
    exporter.clear()

    await caller.get(f"/brands/{brand_id}", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})

    spans = exporter.get_finished_spans()
    assert set(paths(spans)) == {
        "GET /brands/{brand_id}",
        "GET /brands/{brand_id} > Catalog.get_brand",
        "GET /brands/{brand_id} > Catalog.get_brand > SELECT",
    }
    assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {TRACE}
    [root] = [span for span in spans if span.name.startswith("GET")]
    assert root.parent is not None
    assert f"{root.parent.span_id:016x}" == SPAN
    assert dict(root.attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": "/brands/{brand_id}",
        "http.response.status_code": 200,
    }


async def test_a_statement_is_named_by_its_verb_whatever_comment_it_begins_with(
    caller: httpx2.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    post = {"brand_id": await a_brand(caller), "title": "title", "s3_url": "s3://bucket/key", "platform": "TWITTER"}
    exporter.clear()

    await caller.put(f"/posts/{new_id()}", json=post)

    [insertion] = [span for span in exporter.get_finished_spans() if "INTO posts" in span.to_json()]
    assert str(dict(insertion.attributes or {})["db.query.text"]).startswith("--")
    assert insertion.name == "INSERT"


async def test_what_a_caller_of_limited_reach_asks_is_followed_too(
    use_cases: UseCases, exporter: InMemorySpanExporter
) -> None:
    theirs = use_cases.for_(Caller(name="content-service", scopes=frozenset(), reach=Reach(frozenset())))

    await theirs.catalog.list_brands(limit=1, after=None)

    assert {"Catalog.list_brands", "Catalog.list_brands > SELECT"} <= set(paths(exporter.get_finished_spans()))


async def test_use_cases_beside_those_that_are_followed_are_not(
    use_cases: UseCases, pool: Pool, zones: ZoneCatalog, exporter: InMemorySpanExporter
) -> None:
    del use_cases
    beside = over(pool, zones, SystemClock())

    await beside.catalog.list_brands(limit=1, after=None)

    assert exporter.get_finished_spans() == ()


async def test_a_claim_is_followed_to_its_sends_and_the_receiver_is_told(
    caller: httpx2.AsyncClient, exporter: InMemorySpanExporter, receiver: Receiver
) -> None:
    await due(caller)
    exporter.clear()

    await caller.post("/schedule/trigger")

    spans = exporter.get_finished_spans()
    trigger = "POST /schedule/trigger > Dispatcher.trigger"
    assert {f"{trigger} > claim", f"{trigger} > claim > WITH", f"{trigger} > claim > publish"} <= set(paths(spans))
    [publish] = [span for span in spans if span.name == "publish"]
    assert publish.context is not None
    told = f"00-{publish.context.trace_id:032x}-{publish.context.span_id:016x}-01"
    assert [received.headers["traceparent"] for received in receiver.received] == [told]


async def test_a_dispatcher_tells_its_claims_and_sends_and_nothing_else(
    use_cases: UseCases, caller: httpx2.AsyncClient, exporter: InMemorySpanExporter, receiver: Receiver
) -> None:
    stopping = asyncio.Event()

    def take_and_stop(_: Received) -> Answer:
        stopping.set()
        return Answer()

    receiver.decide = take_and_stop
    await due(caller)
    exporter.clear()

    await use_cases.dispatcher.run(stopping)

    told = paths(exporter.get_finished_spans())
    assert told.count("claim > publish") == 1
    assert [path for path in told if not path.startswith("claim")] == []


async def test_no_value_is_told(caller: httpx2.AsyncClient, exporter: InMemorySpanExporter) -> None:
    brand_id = await a_brand(caller)
    post = {"title": CANARY, "s3_url": f"s3://{CANARY}", "platform": "TWITTER"}
    await caller.put(f"/posts/{new_id()}", json={"brand_id": brand_id, **post})
    await caller.put(f"/posts/{new_id()}", json={"brand_id": new_id(), **post})

    told = "".join(span.to_json() for span in exporter.get_finished_spans())

    assert "INSERT INTO posts" in told
    assert "BrandNotFound" in told
    assert [value for value in (CANARY, brand_id) if value in told] == []


async def test_durations_are_told_by_route(caller: httpx2.AsyncClient, reader: InMemoryMetricReader) -> None:
    await due(caller)
    await caller.post("/schedule/trigger")

    data = reader.get_metrics_data()

    assert data is not None
    metrics = {
        metric.name: metric.data.data_points
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert len(metrics["marketmind_scheduler.send.duration"]) == 1
    routes = {str(dict(point.attributes or {})["http.route"]) for point in metrics["http.server.request.duration"]}
    assert routes >= {"/schedule/trigger", "/posts/{post_id}"}
