"""A request goes on with the trace it comes with, and hands it on to whoever is called because of it."""

import re
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.tracing import TraceContext
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import calling, due, in_memory, observed
from tests.publishers.given import an_attempt, publishing_over, the_one_target
from tests.receivers import receiving

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


async def traced(client: httpx2.AsyncClient, *traceparents: bytes) -> Mapping[str, Any]:
    """The log line of a request with these headers."""
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        await client.get("/health/live", headers=[(b"traceparent", each) for each in traceparents])
    return lines[-1]


@pytest.mark.parametrize("traceparent", [GOOD, f"00-{TRACE}-{SPAN}-00", f"cc-{TRACE}-{SPAN}-01-more", f"01-{GOOD[3:]}"])
async def test_a_request_goes_on_with_its_trace_in_a_span_of_its_own(
    client: httpx2.AsyncClient, traceparent: str
) -> None:
    lines = [await traced(client, traceparent.encode()) for _ in range(2)]

    assert {line["trace_id"] for line in lines} == {TRACE}
    assert len({SPAN, *(line["span_id"] for line in lines)}) == 3


@pytest.mark.parametrize(
    "traceparents",
    [
        [],
        [""],
        [TRACE],
        [GOOD, GOOD],
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-01-more"],
        [f"00-{TRACE}-{SPAN}-01-"],
        [f"cc-{TRACE}-{SPAN}-01more"],
        [f"00-{'0' * 32}-{SPAN}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [GOOD.upper()],
        [f"00-{TRACE}-{SPAN}-1"],
        [f"00-{TRACE[:-1]}-{SPAN}-01"],
        [f"00_{TRACE}_{SPAN}_01"],
        ["\xff" * 55],
    ],
)
async def test_what_is_malformed_is_ignored_and_a_new_trace_begins(
    client: httpx2.AsyncClient, traceparents: list[str]
) -> None:
    first, second = [await traced(client, *(each.encode("latin-1") for each in traceparents)) for _ in range(2)]

    assert re.fullmatch("[0-9a-f]{32}", first["trace_id"])
    assert len({TRACE, first["trace_id"], second["trace_id"]}) == 3


async def test_a_webhook_is_sent_in_the_trace_of_the_request_that_triggers_it(
    storage: InMemoryStorage, zones: ZoneCatalog, clock: FrozenClock
) -> None:
    tracing = TraceIds(new_uuid7)
    async with receiving() as receiver:
        targets = the_one_target(receiver.url, allow=[f"127.0.0.1/32:{receiver.port}"])
        async with publishing_over(WebhookTransport(targets, tracing=tracing)) as publisher:
            app = observed(in_memory(storage, zones, clock, publisher=publisher))
            async with calling(app) as caller:
                await due(caller)
                await caller.post("/schedule/trigger", headers={"traceparent": GOOD})
            await publisher.publish(an_attempt())

    told, new = [TraceContext.read(received.headers["traceparent"]) for received in receiver.received]
    assert told is not None
    assert (told.trace_id, told.flags) == (TRACE, 1)
    assert told.span_id != SPAN
    assert new is not None
    assert new.trace_id != TRACE
