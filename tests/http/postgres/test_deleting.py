"""The way out: what is deleted leaves no text behind in any table, and takes nothing along that may be out."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import LargeBinary, text
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.postgres.tables import metadata
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.deletion import Doomed, Noun
from tests.contracts.waiting import until_waiting
from tests.http.steps import (
    Json,
    a_post_body,
    calling,
    claim,
    in_status,
    new_id,
    observed,
    present,
    problem,
    record,
    scheduled,
    settle,
    trigger,
    walk,
)

MARKER = "erase-me"
NOUNS = ("post", "campaign", "brand")


async def everywhere(engine: AsyncEngine) -> set[str]:
    """The tables in which the marker stands, in whatever column."""
    found = set[str]()
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            blobs = [f"encode({each.name}, 'escape')" for each in table.columns if isinstance(each.type, LargeBinary)]
            looked_at = " || ' ' || ".join(["t::text", *blobs])
            statement = text(f"SELECT count(*) FROM {table.name} t WHERE {looked_at} LIKE '%{MARKER}%'")  # noqa: S608
            if (await connection.execute(statement)).scalar_one():
                found.add(table.name)
    return found


async def marked(client: httpx2.AsyncClient) -> Json:
    """The ids of a brand, a campaign of it and a post of that; every text of theirs is the marker."""
    ids = {noun: new_id() for noun in NOUNS}
    brand = {"brand_name": MARKER, "tone_profile": MARKER, "brand_default_timezone": "Europe/Berlin"}
    assert (await client.put(f"/brands/{ids['brand']}", json=brand)).status_code == 201
    campaign = {"brand_id": ids["brand"], "name": MARKER, "goal": MARKER}
    days = {"start_date": "2027-03-15", "end_date": "2027-03-21"}
    assert (await client.put(f"/campaigns/{ids['campaign']}", json={**campaign, **days})).status_code == 201
    assert (await client.put(f"/posts/{ids['post']}", json=post_of(ids))).status_code == 201
    return ids


def post_of(ids: Json) -> Json:
    where = {"brand_id": ids["brand"], "campaign_id": ids["campaign"]}
    return {**where, "title": MARKER, "s3_url": f"s3://tea/{MARKER}.mp4", "platform": "TWITTER"}


async def refused(client: httpx2.AsyncClient, ids: Json) -> Json:
    """A schedule of the post that was sent and refused, with reason and note."""
    schedule = await scheduled(client, ids["post"], await present(client))
    await settle(client, *await claim(client), verdict="refused", reason=MARKER)
    answer = await client.post(
        f"/schedules/{schedule['schedule_id']}/confirm", json={"published": False, "note": MARKER}
    )
    assert answer.status_code == 200, answer.text
    await trigger(client)  # it puts events in order
    return schedule


def delete(client: httpx2.AsyncClient, noun: str, ids: Json, **query: str) -> Any:
    return client.delete(f"/{noun}s/{ids[noun]}", params=query)


def deleted_with(noun: str) -> Collection[str]:
    return NOUNS[: NOUNS.index(noun) + 1]


@pytest.mark.parametrize("noun", NOUNS)
async def test_no_text_of_it_is_left_in_any_table(
    dispatching: UseCases, idempotency: PostgresIdempotency, tables: AsyncEngine, noun: str
) -> None:
    async with calling(observed(dispatching, idempotency=idempotency)) as client:
        ids = await marked(client)
        await refused(client, ids)
        key = {"idempotency-key": new_id()}
        again = await client.post(
            f"/schedule/post/{ids['post']}", json={"timestamp": (await present(client)).isoformat()}, headers=key
        )
        assert again.status_code == 201, again.text
        assert await everywhere(tables) >= {"posts", "schedules", "attempts", "events", "idempotency_keys", noun + "s"}

        assert (await delete(client, noun, ids)).status_code == 204

    still_there = {f"{each}s" for each in NOUNS if each not in deleted_with(noun)}
    assert await everywhere(tables) == still_there


@pytest.mark.parametrize("noun", NOUNS)
async def test_what_is_pending_is_cancelled_and_tells_its_event(caller: httpx2.AsyncClient, noun: str) -> None:
    ids = await marked(caller)
    schedule = await scheduled(caller, ids["post"], await present(caller))

    assert (await delete(caller, noun, ids)).status_code == 204

    assert await trigger(caller) == []
    shown = await in_status(caller, schedule, "CANCELLED")
    assert (shown["post_id"], shown["title"]) == (ids["post"], "")
    [event] = [each for each in (await caller.get("/events?after=0")).json()["events"] if each["status"] == "CANCELLED"]
    assert (event["kind"], event["campaign_id"]) == ("schedule.cancelled", ids["campaign"])


@pytest.mark.parametrize("noun", NOUNS)
async def test_it_is_gone_for_every_way_to_read_or_use_it(caller: httpx2.AsyncClient, noun: str) -> None:
    ids = await marked(caller)
    schedule = await refused(caller, ids)
    await delete(caller, noun, ids)

    assert (await delete(caller, noun, ids)).status_code == 204
    for each in deleted_with(noun):
        problem(await caller.get(f"/{each}s/{ids[each]}"), 410, "gone")
        assert ids[each] not in str(await walk(caller, f"/{each}s"))
    post = ids["post"]
    problem(await caller.put(f"/posts/{post}", json=post_of(ids)), 410, "gone")
    problem(await caller.get(f"/schedule/post/{post}"), 410, "gone")
    problem(await caller.post(f"/schedule/post/{post}", json={"timestamp": "2027-03-17T19:00:00Z"}), 410, "gone")
    problem(await caller.post(f"/schedules/{schedule['schedule_id']}/retry", json={}), 410, "gone")
    assert (await caller.post("/schedules/retry", json={})).json()["schedules"] == 0
    if noun != "post":
        for method, path in (("POST", "posts"), ("PUT", "order")):
            body = {"posts": [a_post_body()]} if path == "posts" else {"post_ids": [post]}
            problem(await caller.request(method, f"/campaigns/{ids['campaign']}/{path}", json=body), 410, "gone")
        problem(await caller.post(f"/schedule/campaign/{ids['campaign']}", json={}), 410, "gone")
        problem(await caller.put(f"/posts/{new_id()}", json=post_of(ids)), 410, "gone")


async def test_a_deleted_post_leaves_its_campaign_as_if_it_had_never_been_in_it(caller: httpx2.AsyncClient) -> None:
    ids = await marked(caller)
    await scheduled(caller, ids["post"], await present(caller))

    await delete(caller, "post", ids)

    campaign = (await caller.get(f"/campaigns/{ids['campaign']}")).json()
    assert (campaign["post_count"], campaign["status"]) == (0, "DRAFT")
    problem(await caller.post(f"/schedule/campaign/{ids['campaign']}", json={}), 404, "no_posts_to_schedule")


@pytest.mark.parametrize("noun", NOUNS)
async def test_what_is_being_sent_or_may_be_out_is_in_the_way(caller: httpx2.AsyncClient, noun: str) -> None:
    ids = await marked(caller)
    schedule = await scheduled(caller, ids["post"], await present(caller))
    [claimed] = await claim(caller)
    for query in ({}, {"unconfirmed": "forget"}):
        blocked = problem(await delete(caller, noun, ids, **query), 409, "deletion_blocked")
        assert blocked["details"]["schedules"] == [{"schedule_id": schedule["schedule_id"], "status": "PUBLISHING"}]
    await settle(caller, claimed, verdict="unknown", reason=MARKER)

    blocked = problem(await delete(caller, noun, ids), 409, "deletion_blocked")
    assert [each["status"] for each in blocked["details"]["schedules"]] == ["UNCONFIRMED"]
    assert (await caller.get(f"/posts/{ids['post']}")).json()["title"] == MARKER


async def test_a_doubt_that_is_forgotten_stays_unconfirmed_and_is_never_sent_again(
    caller: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    ids = await marked(caller)
    schedule = await scheduled(caller, ids["post"], await present(caller))
    await settle(caller, *await claim(caller), verdict="unknown", reason=MARKER)

    assert (await delete(caller, "brand", ids, unconfirmed="forget")).status_code == 204

    assert (await in_status(caller, schedule, "UNCONFIRMED"))["title"] == ""
    assert await everywhere(tables) == set()
    path = f"/schedules/{schedule['schedule_id']}/confirm"
    problem(await caller.post(path, json={"published": False, "send_again": True}), 410, "gone")
    assert (await caller.post(path, json={"published": True})).json()["status"] == "COMPLETED"
    assert (await record(caller, schedule))["status"] == "COMPLETED"


@pytest.mark.parametrize("noun", ["campaign", "brand"])
async def test_what_becomes_part_of_it_meanwhile_is_deleted_with_it(
    caller: httpx2.AsyncClient, pool: Pool, tables: AsyncEngine, noun: str
) -> None:
    ids = await marked(caller)
    async with PostgresStorage(pool).unit_of_work() as work:
        known = await work.posts.get(UUID(ids["post"]))
        late = replace(known, post_id=UUID(new_id()))
        await work.posts.add(late)
        deleting = asyncio.ensure_future(delete(caller, noun, ids))
        await until_waiting(tables, deleting)
        await work.commit()

    assert (await deleting).status_code == 204
    problem(await caller.get(f"/posts/{late.post_id}"), 410, "gone")
    assert await everywhere(tables) <= {"brands"}


@pytest.mark.parametrize("noun", ["campaign", "brand"])
async def test_what_would_become_part_of_it_waits_and_finds_it_gone(
    caller: httpx2.AsyncClient, pool: Pool, tables: AsyncEngine, noun: str
) -> None:
    ids = await marked(caller)
    doomed = Doomed(Noun(noun), UUID(ids[noun]))
    async with PostgresStorage(pool).unit_of_work() as work:
        post_ids = await work.erasures.lock_posts(doomed)
        await work.erasures.erase(doomed, post_ids, cancelled=0, at=await present(caller))
        putting = asyncio.ensure_future(caller.put(f"/posts/{new_id()}", json=post_of(ids)))
        await until_waiting(tables, putting)
        await work.commit()

    problem(await putting, 410, "gone")
