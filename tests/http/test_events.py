"""Events over HTTP: every change of a schedule in its final order, waited for by any number of readers."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from marketmind_scheduler.application.event_feed import EventFeed, Lookout
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.verdict import Accepted, Deferred
from marketmind_scheduler.ports.storage import AtOnce, Repositories, Storage, UnitOfWork
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.storage import InMemoryStorage
from tests.fakes.upkeep import InMemoryUpkeep
from tests.http.steps import (
    Json,
    a_brand,
    a_post,
    calling,
    claim,
    due,
    new_id,
    observed,
    present,
    problem,
    scheduled,
    script,
    settle,
    trigger,
)
from tests.jumping_time import in_jumping_time, seconds_passed
from tests.loops import on_each

DAY = timedelta(days=1)
WAITERS = 100


class CountedStorage:
    """The storage in memory, with a count of how often it was read."""

    def __init__(self, storage: InMemoryStorage) -> None:
        self.readings = 0
        self.was_read = asyncio.Semaphore(0)
        self._storage = storage

    def within(self, reach: Reach) -> Storage:
        assert reach == EVERYWHERE
        return self

    def acting(self, actor: str) -> Storage:
        del actor  # nothing is told here
        return self

    def patient(self) -> Storage:
        return self

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Repositories]:
        self.readings += 1
        self.was_read.release()
        async with self._storage.reading() as repositories:
            yield repositories

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._storage.unit_of_work()

    def at_once(self) -> AbstractAsyncContextManager[AtOnce]:
        return self._storage.at_once()


@pytest.fixture
def counted(storage: InMemoryStorage) -> CountedStorage:
    return CountedStorage(storage)


@pytest.fixture
def event_feed(counted: CountedStorage) -> EventFeed:
    return EventFeed(storage=counted, lookout=Lookout(counted))


@pytest.fixture
def reader(use_cases: UseCases, event_feed: EventFeed) -> httpx2.AsyncClient:
    """A caller of the API with ``event_feed``."""
    return calling(observed(replace(use_cases, event_feed=event_feed)))


async def events(client: httpx2.AsyncClient, **query: Any) -> list[Json]:
    return (await page(client, **query))["events"]


async def page(client: httpx2.AsyncClient, **query: Any) -> Json:
    answer = await client.get("/events", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def kinds(of: Sequence[Json]) -> list[str]:
    return [event["kind"].removeprefix("schedule.") for event in of]


async def test_every_change_of_a_schedule_is_told_in_its_order(
    client: httpx2.AsyncClient, publisher: ScriptedPublisher, clock: FrozenClock
) -> None:
    brand_id, in_an_hour = await a_brand(client), await present(client) + timedelta(hours=1)
    post_id = await a_post(client, brand_id=brand_id)
    schedule = await scheduled(client, post_id, in_an_hour)
    script(publisher, schedule, Deferred("rate limited"), Accepted("1890"))
    await client.put(f"/schedule/post/{post_id}", json={"timestamp": (await present(client)).isoformat()})
    await client.post(f"/brands/{brand_id}/pause")
    await client.post(f"/brands/{brand_id}/resume")
    await trigger(client)
    clock.advance(timedelta(minutes=1))
    [result] = await trigger(client)

    told = await events(client)

    assert kinds(told) == ["scheduled", "rescheduled", "parked", "resumed", "retrying", "completed"]
    assert [(event["status"], event["retry_count"], event["error"]) for event in told[-2:]] == [
        ("PENDING", 1, "rate limited"),
        ("COMPLETED", 1, None),
    ]
    last = told[-1]
    occurred_at = datetime.fromisoformat(last.pop("occurred_at"))
    assert timedelta() <= occurred_at - await present(client) < timedelta(minutes=1)
    assert [event["actor"] for event in told] == [*["anybody"] * 4, "dispatcher", "dispatcher"]
    assert last.pop("actor") == "dispatcher"
    assert [event["override"] for event in told] == [[]] * len(told)
    del last["override"]
    assert last.pop("position") > told[-2]["position"]
    assert last == {
        "kind": "schedule.completed",
        "schedule_id": result["schedule_id"],
        "post_id": post_id,
        "brand_id": brand_id,
        "campaign_id": None,
        "platform": "TWITTER",
        "title": "Meet the new line",
        "publish_time": last["publish_time"],
        "previous_publish_time": None,
        "status": "COMPLETED",
        "retry_count": 1,
        "external_id": "1890",
        "dry_run": False,
        "error": None,
        "note": None,
    }


@pytest.mark.parametrize(
    ("verdict", "said", "told"),
    [
        ("refused", None, ["failed"]),
        ("unsent", None, []),
        ("unknown", {"published": True}, ["unconfirmed", "completed"]),
        ("unknown", {"published": False}, ["unconfirmed", "failed"]),
        ("unknown", {"published": False, "send_again": True}, ["unconfirmed", "retrying"]),
    ],
)
async def test_what_became_of_a_claim_is_told_and_the_claim_itself_is_not(
    client: httpx2.AsyncClient, verdict: str, said: Json | None, told: Sequence[str]
) -> None:
    schedule = await due(client)
    put_off = {"retry_after_seconds": 60} if verdict == "unsent" else {}
    await settle(client, *await claim(client), verdict=verdict, **put_off)
    if said is not None:
        await client.post(f"/schedules/{schedule['schedule_id']}/confirm", json=said)
        await client.post(f"/brands/{schedule['brand_id']}/pause")  # else it is sent now

    await trigger(client)

    assert [kind for kind in kinds(await events(client)) if kind != "parked"] == ["scheduled", *told]


async def test_a_cancelled_schedule_is_told(client: httpx2.AsyncClient) -> None:
    post_id = await a_post(client)
    await scheduled(client, post_id, await present(client) + timedelta(hours=1))
    await client.delete(f"/schedule/post/{post_id}")
    await trigger(client)

    assert kinds(await events(client)) == ["scheduled", "cancelled"]


async def test_pages_lead_from_one_to_the_next_and_can_be_read_anew_from_any_point(
    client: httpx2.AsyncClient,
) -> None:
    for _ in range(5):
        await due(client)
    await trigger(client, limit=1)
    everything = await page(client)

    pages: list[Json] = [await page(client, limit=4)]
    while pages[-1]["events"]:
        pages.append(await page(client, limit=4, after=pages[-1]["next_after"]))

    assert [len(each["events"]) for each in pages] == [4, 2, 0]
    assert [event for each in pages for event in each["events"]] == everything["events"]
    positions = [event["position"] for event in everything["events"]]
    assert positions == sorted(set(positions))
    assert pages[-1]["next_after"] == everything["next_after"] == positions[-1]


async def test_events_can_be_those_of_one_brand(client: httpx2.AsyncClient) -> None:
    mine, _other = await due(client), await due(client)
    await trigger(client)

    told = await events(client, brand_id=mine["brand_id"])

    assert kinds(told) == ["scheduled", "completed"]
    assert {event["schedule_id"] for event in told} == {mine["schedule_id"]}
    assert await events(client, brand_id=new_id()) == []


@in_jumping_time
async def test_who_waits_is_told_as_soon_as_something_of_its_brand_happens(client: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(client)
    waiting = asyncio.create_task(page(client, brand_id=brand_id, wait_seconds=30))
    await due(client)
    await trigger(client)
    await asyncio.sleep(10)
    began = seconds_passed()

    post_id = await a_post(client, brand_id=brand_id)
    schedule = await scheduled(client, post_id, await present(client) + timedelta(hours=1))
    await trigger(client)
    told = await waiting

    assert seconds_passed() - began < 0.5
    assert {event["schedule_id"] for event in told["events"]} == {schedule["schedule_id"]}
    assert told["next_after"] == told["events"][-1]["position"]


@in_jumping_time
async def test_who_waits_in_vain_goes_on_from_where_it_was(client: httpx2.AsyncClient) -> None:
    await due(client)
    await trigger(client)
    last = (await page(client))["next_after"]
    began = seconds_passed()

    told = await page(client, after=last, wait_seconds=1)

    assert (told["events"], told["next_after"]) == ([], last)
    assert 1 <= seconds_passed() - began < 1.1


@in_jumping_time
async def test_what_is_there_already_is_not_waited_for(client: httpx2.AsyncClient) -> None:
    await due(client)
    await trigger(client)
    began = seconds_passed()

    assert len(await events(client, wait_seconds=30)) == 2
    assert seconds_passed() - began < 0.1


@in_jumping_time
async def test_many_who_wait_cost_the_storage_no_more_than_one(
    reader: httpx2.AsyncClient, counted: CountedStorage
) -> None:
    told = await asyncio.gather(*(events(reader, wait_seconds=1) for _ in range(WAITERS)))

    looks = counted.readings - WAITERS
    assert told == [[]] * WAITERS
    assert 1 <= looks <= 1 / 0.2


@in_jumping_time
async def test_many_who_wait_are_all_told(reader: httpx2.AsyncClient) -> None:
    waiting = [asyncio.create_task(events(reader, wait_seconds=30)) for _ in range(WAITERS)]
    await asyncio.sleep(10)

    await due(reader)
    await trigger(reader)

    async with asyncio.timeout(0.5):
        told = await asyncio.gather(*waiting)
    assert {tuple(kinds(each)) for each in told} <= {("scheduled", "completed"), ("scheduled",)}


@in_jumping_time
async def test_when_the_service_stops_everybody_who_waits_is_answered_at_once(
    reader: httpx2.AsyncClient, event_feed: EventFeed, counted: CountedStorage
) -> None:
    waiting = [asyncio.create_task(page(reader, wait_seconds=30)) for _ in range(10)]
    for _ in waiting:
        await counted.was_read.acquire()

    event_feed.close()

    async with asyncio.timeout(0.5):
        told = [*await asyncio.gather(*waiting), await page(reader, wait_seconds=30)]
    assert [(each["events"], each["next_after"]) for each in told] == [([], 0)] * 11


async def five_told_and_three_forgotten(
    client: httpx2.AsyncClient, storage: InMemoryStorage, clock: FrozenClock
) -> list[int]:
    """The positions of the two that stand."""
    for _ in range(3):
        await due(client)
    await trigger(client, limit=1)
    before = len(await events(client))
    clock.advance(2 * DAY)
    for _ in range(2):
        await scheduled(client, await a_post(client), await present(client) + timedelta(hours=1))
    keeping = InMemoryUpkeep(storage, retention=Retention(events=DAY))
    await keeping.sequence_events(limit=100)
    assert await keeping.forget_expired(limit=100) == before
    return [event["position"] for event in await events(client)]


async def test_a_reader_that_comes_too_late_is_told_so_and_a_new_one_begins_with_the_oldest(
    client: httpx2.AsyncClient, storage: InMemoryStorage, clock: FrozenClock
) -> None:
    oldest, latest = await five_told_and_three_forgotten(client, storage, clock)
    forgotten = oldest - 1

    for after in range(1, forgotten):
        for query in ({}, {"brand_id": new_id()}, {"wait_seconds": 1}, {"limit": 1}):
            answer = await client.get("/events", params={"after": after, **query})
            gone = problem(answer, 410, "gone")
            assert gone["details"] == {"after": forgotten, "oldest": oldest}
            assert f"the oldest that is there is {oldest}" in gone["detail"]
    for query in ({}, {"after": 0}, {"after": forgotten}):
        assert [event["position"] for event in await events(client, **query)] == [oldest, latest]
    read = await page(client, after=latest)
    assert (read["events"], read["next_after"]) == ([], latest)
    of_nobody = await page(client, brand_id=new_id())
    assert (of_nobody["events"], of_nobody["next_after"]) == ([], forgotten)


@on_each(
    ("name", "value"),
    [
        ("after", "-1"),
        ("after", "9223372036854775808"),
        ("after", "first"),
        ("after", "null"),
        ("limit", "0"),
        ("limit", "1001"),
        ("wait_seconds", "-1"),
        ("wait_seconds", "31"),
        ("wait_seconds", "0.5"),
        ("brand_id", "mine"),
        ("cursor", "MzM"),
    ],
)
async def test_a_query_that_is_out_of_bounds_is_malformed(client: httpx2.AsyncClient, name: str, value: str) -> None:
    answer = await client.get("/events", params={name: value})

    assert [error["at"] for error in problem(answer, 400, "malformed")["errors"]] == [name]
