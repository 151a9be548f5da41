"""Schedules that were forgotten for their age: what every door says of them, and what they still forbid."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.schedule import ScheduleStatus
from tests.contracts.worlds import PostgresWorld
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    add_posts,
    claim,
    due,
    held,
    new_id,
    present,
    problem,
    scheduled,
    settle,
    trigger,
)

DAY = timedelta(days=1)


async def forget(pool: Pool) -> int:
    """Ten days later."""
    await PostgresWorld(pool).pass_time(10 * DAY)
    return await forget_now(pool)


async def forget_now(pool: Pool) -> int:
    return await PostgresUpkeep(pool, retention=Retention(schedules=DAY)).forget_expired(limit=100)


async def one(client: httpx2.AsyncClient, verdict: str) -> tuple[Json, Json]:
    """A schedule that ended so, and its claim."""
    schedule = await due(client)
    [claimed] = await claim(client)
    await settle(client, claimed, verdict=verdict)
    return schedule, claimed


async def test_every_door_that_takes_its_id_says_that_it_is_gone_and_of_none_that_it_never_was(
    caller: httpx2.AsyncClient, pool: Pool
) -> None:
    schedule, claimed = await one(caller, "refused")
    post = f"/schedule/post/{schedule['post_id']}"
    assert await forget(pool) == 1

    def doors(schedule_id: str) -> list[tuple[str, str, Any]]:
        return [
            ("GET", f"/schedules/{schedule_id}", None),
            ("POST", f"/schedules/{schedule_id}/confirm", {"published": True}),
            ("POST", f"/schedules/{schedule_id}/confirm", {"published": False, "send_again": True}),
            ("POST", f"/schedules/{schedule_id}/retry", {}),
        ]

    of_post = [("GET", post, None), ("PUT", post, {"timestamp": "2036-03-18T19:00:00"}), ("DELETE", post, None)]
    for method, path, body in [*doors(schedule["schedule_id"]), *of_post]:
        gone = problem(await caller.request(method, path, json=body), 410, "gone")
        assert gone["details"] == {"schedule_id": schedule["schedule_id"]}, path
    for method, path, body in doors(new_id()):
        problem(await caller.request(method, path, json=body), 404, "unknown_schedule")
    late = [{**held(claimed), "verdict": "accepted"}]
    [settled] = (await caller.post("/dispatch/settlements", json={"settlements": late})).json()["results"]
    assert (settled["outcome"], settled["status"]) == ("stale", None)
    renewed = await caller.post("/dispatch/claims/extend", json={"claims": [held(claimed)], "lease_seconds": 60})
    assert renewed.json() == {"extended": [], "lost": [schedule["schedule_id"]]}
    assert (await caller.get("/schedule")).json()["items"] == []
    assert (await caller.get(f"/posts/{schedule['post_id']}")).status_code == 200


async def test_lists_go_on_from_a_cursor_whose_schedule_was_forgotten(caller: httpx2.AsyncClient, pool: Pool) -> None:
    await one(caller, "refused")
    waiting = await due(caller)
    await PostgresWorld(pool).pass_time(10 * DAY)
    page = (await caller.get("/schedule", params={"limit": 1})).json()
    assert await forget_now(pool) == 1

    rest = (await caller.get("/schedule", params={"limit": 1, "cursor": page["next_cursor"]})).json()

    assert [each["schedule_id"] for each in rest["items"]] == [waiting["schedule_id"]]


async def test_a_post_that_was_published_stays_published_and_one_that_was_not_can_be_scheduled(
    caller: httpx2.AsyncClient, pool: Pool
) -> None:
    published, _ = await one(caller, "accepted")
    failed, _ = await one(caller, "refused")
    assert await forget(pool) == 2
    timestamp = {"timestamp": (await present(caller) + timedelta(hours=1)).isoformat()}

    path = f"/schedule/post/{published['post_id']}"
    refused = problem(await caller.post(path, json=timestamp), 409, "already_published")
    assert refused["details"]["schedule_id"] == published["schedule_id"]
    assert (await caller.post(path, json={**timestamp, "allow_repost": True})).status_code == 201
    assert (await caller.get(path)).json()["status"] == "PENDING"
    assert (await caller.post(f"/schedule/post/{failed['post_id']}", json=timestamp)).status_code == 201


@pytest.mark.parametrize("asked", [{}, {"fill": True}, {"replace": True}, {"replace_chosen": True}])
async def test_a_campaign_whose_schedules_were_forgotten_is_not_published_again(
    caller: httpx2.AsyncClient, pool: Pool, tables: AsyncEngine, asked: Json
) -> None:
    del tables
    campaign_id = await a_campaign(caller, brand_id=await a_brand(caller))
    for post_id in await add_posts(caller, campaign_id, ["TWITTER", "TIKTOK"]):
        await scheduled(caller, post_id, await present(caller))
    await settle(caller, *await claim(caller), verdict="accepted")
    await trigger(caller)  # it lets the campaign follow
    before = (await caller.get(f"/campaigns/{campaign_id}")).json()
    assert before["status"] == "COMPLETED"
    assert await forget(pool) == 2

    answer = await caller.post(f"/schedule/campaign/{campaign_id}", json=asked)

    if "replace" in str(asked):
        problem(answer, 404, "no_posts_to_schedule")
    else:
        assert (answer.status_code, answer.json()["schedules"]) == (200, [])
    [new_post] = await add_posts(caller, campaign_id, ["TWITTER"])
    assert (await caller.get("/schedule", params={"status": ScheduleStatus.PENDING})).json()["items"] == []
    assert (await caller.get(f"/campaigns/{campaign_id}")).json()["status"] == "COMPLETED"
    made = await caller.post(f"/schedule/campaign/{campaign_id}", json=asked)
    assert made.status_code == 201, made.text
    assert [each["post_id"] for each in made.json()["schedules"]] == [new_post]
