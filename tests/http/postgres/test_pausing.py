"""Pausing a campaign or a whole brand over HTTP, and resuming it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.fakes.publisher import ScriptedPublisher
from tests.http.postgres.given import time_passes
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    add_posts,
    claim,
    due,
    in_status,
    new_id,
    present,
    problem,
    record,
    scheduled,
    settle,
    trigger,
)
from tests.loops import on_each

HOUR = timedelta(hours=1)
CAMPAIGN, BRAND = "campaign", "brand"
HOLD = {CAMPAIGN: "campaign_paused", BRAND: "brand_paused"}
either = pytest.mark.parametrize("what", [CAMPAIGN, BRAND])


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A campaign of a brand, with posts to be scheduled."""

    brand_id: str
    campaign_id: str
    post_ids: Sequence[str]

    def path(self, what: str) -> str:
        return f"/campaigns/{self.campaign_id}" if what == CAMPAIGN else f"/brands/{self.brand_id}"


async def a_start(client: httpx2.AsyncClient, *, posts: int = 1) -> Started:
    brand_id = await a_brand(client)
    campaign_id = await a_campaign(client, brand_id=brand_id)
    post_ids = await add_posts(client, campaign_id, ["TWITTER"] * posts)
    return Started(brand_id=brand_id, campaign_id=campaign_id, post_ids=post_ids)


async def pause(client: httpx2.AsyncClient, started: Started, what: str) -> Json:
    answer = await client.post(f"{started.path(what)}/pause")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def resume(client: httpx2.AsyncClient, started: Started, what: str) -> Json:
    answer = await client.post(f"{started.path(what)}/resume")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def status_of(client: httpx2.AsyncClient, started: Started) -> str:
    return (await client.get(f"/campaigns/{started.campaign_id}")).json()["status"]


@either
async def test_nothing_is_sent_while_paused_and_everything_afterwards(
    caller: httpx2.AsyncClient, publisher: ScriptedPublisher, what: str
) -> None:
    started = await a_start(caller)
    schedule = await due(caller, post_id=started.post_ids[0])

    await pause(caller, started, what)
    assert (await trigger(caller), await claim(caller)) == ([], [])
    found = await in_status(caller, schedule, "PENDING")
    assert (found["holds"], found["next_attempt_at"]) == ([HOLD[what]], None)

    await resume(caller, started, what)
    assert [each["schedule_id"] for each in await trigger(caller)] == [schedule["schedule_id"]]
    assert (await in_status(caller, schedule, "COMPLETED"))["holds"] == []
    assert len(publisher.attempts) == 1


@either
async def test_others_go_on(caller: httpx2.AsyncClient, what: str) -> None:
    started, other = await a_start(caller), await a_start(caller)
    schedule = await due(caller, post_id=other.post_ids[0])

    await pause(caller, started, what)

    assert [each["schedule_id"] for each in await trigger(caller)] == [schedule["schedule_id"]]


@either
async def test_what_is_scheduled_while_paused_is_held_from_the_start(caller: httpx2.AsyncClient, what: str) -> None:
    started = await a_start(caller)
    await pause(caller, started, what)

    schedule = await due(caller, post_id=started.post_ids[0])

    assert schedule["holds"] == [HOLD[what]]
    assert await trigger(caller) == []
    await resume(caller, started, what)
    assert [each["status"] for each in await trigger(caller)] == ["COMPLETED"]


@either
async def test_a_campaign_that_is_scheduled_while_paused_is_held_from_the_start(
    caller: httpx2.AsyncClient, what: str
) -> None:
    started = await a_start(caller)
    year = (await present(caller)).year + 1
    dates = {"start_date": f"{year}-03-01", "end_date": f"{year}-03-31"}
    campaign = {"brand_id": started.brand_id, "name": "Spring launch", **dates}
    await caller.put(f"/campaigns/{started.campaign_id}", json=campaign)
    await pause(caller, started, what)

    answer = await caller.post(f"/schedule/campaign/{started.campaign_id}")

    assert answer.status_code == 201, answer.text
    assert [each["holds"] for each in answer.json()["schedules"]] == [[HOLD[what]]]


async def test_what_is_paused_twice_is_sent_when_both_are_resumed(caller: httpx2.AsyncClient) -> None:
    started = await a_start(caller)
    schedule = await due(caller, post_id=started.post_ids[0])
    await pause(caller, started, BRAND)
    await pause(caller, started, CAMPAIGN)
    assert (await record(caller, schedule))["holds"] == ["brand_paused", "campaign_paused"]

    await resume(caller, started, BRAND)
    assert (await record(caller, schedule))["holds"] == ["campaign_paused"]
    assert await trigger(caller) == []

    await resume(caller, started, CAMPAIGN)
    assert [each["status"] for each in await trigger(caller)] == ["COMPLETED"]


@either
async def test_pausing_and_resuming_can_be_repeated(caller: httpx2.AsyncClient, what: str) -> None:
    started = await a_start(caller)
    schedule = await due(caller, post_id=started.post_ids[0])

    paused = [await pause(caller, started, what) for _ in range(2)]
    held = await record(caller, schedule)
    await pause(caller, started, what)
    held_still = await record(caller, schedule)
    resumed = [await resume(caller, started, what) for _ in range(2)]

    assert held_still == held
    assert len(await trigger(caller)) == 1
    if what == BRAND:
        assert paused[0]["paused_at"] is not None
        assert paused[1]["paused_at"] == paused[0]["paused_at"]
        assert [brand["paused_at"] for brand in resumed] == [None, None]
    else:
        assert [campaign["status"] for campaign in (*paused, *resumed)] == ["PAUSED"] * 2 + ["SCHEDULED"] * 2


@either
async def test_a_send_that_is_in_flight_goes_on_and_is_held_only_if_it_comes_back(
    caller: httpx2.AsyncClient, what: str
) -> None:
    started = await a_start(caller, posts=2)
    schedules = [await due(caller, post_id=post_id) for post_id in started.post_ids]
    first, second = await claim(caller)
    await pause(caller, started, what)
    assert [(await record(caller, each))["status"] for each in schedules] == ["PUBLISHING"] * 2

    told = [*await settle(caller, first, verdict="accepted"), *await settle(caller, second, verdict="deferred")]

    assert [(each["outcome"], each["status"]) for each in told] == [("settled", "COMPLETED"), ("settled", "PENDING")]
    assert (await record(caller, second))["next_attempt_at"] is None
    assert (await record(caller, second))["holds"] == [HOLD[what]]


async def test_what_fell_due_meanwhile_goes_out_one_by_one_and_what_lies_ahead_keeps_its_time(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    started = await a_start(caller, posts=4)
    now = await present(caller)
    times = [now + nth * HOUR for nth in range(4)]
    schedules = [
        await scheduled(caller, post_id, publish_time)
        for post_id, publish_time in zip(started.post_ids, times, strict=True)
    ]
    await pause(caller, started, BRAND)
    await time_passes(tables, hours=2.5)

    await resume(caller, started, BRAND)

    waits = [datetime.fromisoformat((await record(caller, each))["next_attempt_at"]) - now for each in schedules]
    assert [wait // timedelta(seconds=30) for wait in waits] == [0, 1, 2, HOUR // timedelta(minutes=1)]
    assert [len(await trigger(caller)) for _ in range(2)] == [1, 0]


async def test_what_is_too_late_by_then_is_missed(caller: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    brand_id = await a_brand(caller, on_late="skip", max_lateness_seconds=600)
    schedule = await due(caller, brand_id=brand_id)
    await caller.post(f"/brands/{brand_id}/pause")
    await time_passes(tables, minutes=11)
    assert await trigger(caller) == []
    await in_status(caller, schedule, "PENDING")

    await caller.post(f"/brands/{brand_id}/resume")

    assert await trigger(caller) == []
    await in_status(caller, schedule, "MISSED")


@either
async def test_what_is_paused_can_still_be_moved_and_cancelled(caller: httpx2.AsyncClient, what: str) -> None:
    started = await a_start(caller)
    schedule = await due(caller, post_id=started.post_ids[0])
    path = f"/schedule/post/{schedule['post_id']}"
    await pause(caller, started, what)

    moved = await caller.put(path, json={"timestamp": (await present(caller) + HOUR).isoformat()})
    cancelled = await caller.delete(path)
    await resume(caller, started, what)

    assert (moved.status_code, moved.json()["holds"]) == (200, [HOLD[what]])
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "CANCELLED")
    assert await trigger(caller) == []


async def test_a_post_that_joins_a_paused_campaign_is_held_until_it_leaves(caller: httpx2.AsyncClient) -> None:
    started = await a_start(caller)
    [post_id] = started.post_ids
    schedule = await due(caller, post_id=post_id)
    elsewhere = await a_campaign(caller, brand_id=started.brand_id)
    post = (await caller.get(f"/posts/{post_id}")).json()
    body = {name: post[name] for name in ("brand_id", "title", "s3_url", "platform")}
    await caller.post(f"/campaigns/{elsewhere}/pause")

    await caller.put(f"/posts/{post_id}", json={**body, "campaign_id": elsewhere, "take_schedule": True})
    assert (await record(caller, schedule))["holds"] == ["campaign_paused"]
    assert await trigger(caller) == []

    await caller.put(f"/posts/{post_id}", json={**body, "campaign_id": started.campaign_id, "take_schedule": True})
    assert [each["status"] for each in await trigger(caller)] == ["COMPLETED"]


async def test_posts_that_leave_a_paused_campaign_go_out_one_by_one(caller: httpx2.AsyncClient) -> None:
    started = await a_start(caller, posts=3)
    schedules = [await due(caller, post_id=post_id) for post_id in started.post_ids]
    await pause(caller, started, CAMPAIGN)

    for post_id in started.post_ids:
        left = await caller.put(f"/posts/{post_id}", json={"campaign_id": None, "take_schedule": True})
        assert left.status_code == 200, left.text
        await trigger(caller)

    found = [await record(caller, each) for each in schedules]
    assert [each["status"] for each in found] == ["COMPLETED", "PENDING", "PENDING"]
    second, third = [datetime.fromisoformat(each["next_attempt_at"]) for each in found[1:]]
    assert timedelta() < second - await present(caller) < timedelta(seconds=32)
    assert timedelta(seconds=29) < third - second < timedelta(seconds=31)


async def test_the_status_of_a_campaign_follows_its_posts(caller: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    started = await a_start(caller, posts=2)
    seen = [await status_of(caller, started)]
    now = await present(caller)

    for post_id, publish_time in zip(started.post_ids, [now, now + HOUR], strict=True):
        await scheduled(caller, post_id, publish_time)
    await trigger(caller, limit=1)
    seen.append(await status_of(caller, started))
    await pause(caller, started, CAMPAIGN)
    seen.append(await status_of(caller, started))
    await resume(caller, started, CAMPAIGN)
    seen.append(await status_of(caller, started))
    await time_passes(tables, hours=1)
    await trigger(caller)
    seen.append(await status_of(caller, started))

    assert seen == ["DRAFT", "ACTIVE", "PAUSED", "ACTIVE", "COMPLETED"]


async def test_a_campaign_is_scheduled_from_its_first_schedule_and_a_draft_again_without_any(
    caller: httpx2.AsyncClient,
) -> None:
    started = await a_start(caller)
    [post_id] = started.post_ids
    await scheduled(caller, post_id, await present(caller) + HOUR)
    await trigger(caller)
    seen = [await status_of(caller, started)]

    await caller.delete(f"/schedule/post/{post_id}")
    await trigger(caller)
    seen.append(await status_of(caller, started))

    assert seen == ["SCHEDULED", "DRAFT"]


async def test_a_campaign_whose_posts_all_failed_has_nothing_left_to_do(caller: httpx2.AsyncClient) -> None:
    started = await a_start(caller)
    await due(caller, post_id=started.post_ids[0])
    [claimed] = await claim(caller)

    await settle(caller, claimed, verdict="unknown")
    await trigger(caller)
    while_nobody_knows = await status_of(caller, started)
    await caller.post(f"/schedules/{claimed['schedule_id']}/confirm", json={"published": False})
    await trigger(caller)

    assert while_nobody_knows == "SCHEDULED"
    assert await status_of(caller, started) == "COMPLETED"


@pytest.mark.parametrize("action", ["pause", "resume"])
@pytest.mark.parametrize(("noun", "code"), [("campaigns", "campaign_not_found"), ("brands", "brand_not_found")])
async def test_what_nobody_registered_is_not_found(
    client: httpx2.AsyncClient, noun: str, code: str, action: str
) -> None:
    unknown = await client.post(f"/{noun}/{new_id()}/{action}")
    no_id = await client.post(f"/{noun}/mine/{action}")
    no_query = await client.post(f"/{noun}/{new_id()}/{action}?until=tomorrow")

    problem(unknown, 404, code)
    problem(no_id, 404, "no_such_route")
    problem(no_query, 400, "malformed")


@on_each(
    ("lateness", "at"),
    [
        ({"on_late": "maybe"}, "$.on_late"),
        ({"on_late": None}, "$.on_late"),
        ({"max_lateness_seconds": 59}, "$.max_lateness_seconds"),
        ({"max_lateness_seconds": 2**31}, "$.max_lateness_seconds"),
        ({"max_lateness_seconds": "600"}, "$.max_lateness_seconds"),
        ({"paused_at": None}, "$"),
    ],
)
async def test_a_lateness_that_is_out_of_bounds_is_malformed(
    client: httpx2.AsyncClient, lateness: Json, at: str
) -> None:
    body = {"brand_name": "Northwind Tea", "brand_default_timezone": "UTC", **lateness}

    answer = await client.put(f"/brands/{new_id()}", json=body)

    assert [error["at"] for error in problem(answer, 400, "malformed")["errors"]] == [at]


async def test_a_brand_shows_its_lateness_and_keeps_its_pause_when_it_is_replaced(caller: httpx2.AsyncClient) -> None:
    brand_id = await a_brand(caller)
    registered = (await caller.get(f"/brands/{brand_id}")).json()
    paused = (await caller.post(f"/brands/{brand_id}/pause")).json()
    body = {"brand_name": "Northwind Tea", "brand_default_timezone": "UTC"}

    replaced = (
        await caller.put(f"/brands/{brand_id}", json={**body, "on_late": "hold", "max_lateness_seconds": 3600})
    ).json()

    assert (registered["on_late"], registered["max_lateness_seconds"], registered["paused_at"]) == (
        "publish",
        21_600,
        None,
    )
    assert (replaced["on_late"], replaced["max_lateness_seconds"]) == ("hold", 3600)
    assert replaced["paused_at"] == paused["paused_at"] is not None
