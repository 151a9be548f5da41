"""A request with a key has one effect and one answer, however often and however much at once it is sent."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.adapters.postgres.tables import idempotency_keys, schedules
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Reach, Scope
from tests.contracts.waiting import until_waiting
from tests.fakes.publisher import ScriptedPublisher
from tests.http.steps import (
    Json,
    a_brand,
    a_campaign,
    a_post,
    a_post_body,
    calling,
    due,
    new_id,
    observed,
    problem,
    unconfirmed,
)

LATER = {"timestamp": "2029-03-17T19:00:00"}
OTHER = {"timestamp": "2029-03-18T19:00:00"}
DAY = timedelta(hours=24)


@pytest.fixture
async def keyed(dispatching: UseCases, idempotency: PostgresIdempotency) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of an API that heeds keys."""
    async with calling(observed(dispatching, idempotency=idempotency)) as client:
        yield client


async def post(client: httpx2.AsyncClient, path: str, body: Any = None, *, key: str, **headers: str) -> httpx2.Response:
    return await client.post(path, json=body, headers={"idempotency-key": key, **headers})


async def rows(tables: AsyncEngine) -> int:
    """How many schedules there are."""
    async with tables.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(schedules))).scalar_one()


def is_replay_of(again: httpx2.Response, first: httpx2.Response) -> bool:
    """The same but for the id of the request."""
    known = dict(first.headers) | {"idempotency-replayed": "true", "x-request-id": again.headers["x-request-id"]}
    return (again.status_code, again.content, dict(again.headers)) == (first.status_code, first.content, known)


async def a_post_to_schedule(client: httpx2.AsyncClient) -> tuple[str, Any]:
    return f"/schedule/post/{await a_post(client)}", LATER


async def a_campaign_to_schedule(client: httpx2.AsyncClient) -> tuple[str, Any]:
    campaign_id = await a_campaign(client, start="2029-03-15", end="2029-03-21", posts=["TWITTER", "REDDIT"])
    return f"/schedule/campaign/{campaign_id}", {}


async def posts_to_register(client: httpx2.AsyncClient) -> tuple[str, Any]:
    return f"/campaigns/{await a_campaign(client)}/posts", {"posts": [a_post_body(), a_post_body()]}


async def one_to_confirm(client: httpx2.AsyncClient) -> tuple[str, Any]:
    return f"/schedules/{(await unconfirmed(client))['schedule_id']}/confirm", {"published": True}


async def a_brand_to_pause(client: httpx2.AsyncClient) -> tuple[str, Any]:
    return f"/brands/{await a_brand(client)}/pause", None


async def what_is_due_to_send(client: httpx2.AsyncClient) -> tuple[str, Any]:
    await due(client)
    return "/schedule/trigger", {"limit": 5}


async def what_is_due_to_claim(client: httpx2.AsyncClient) -> tuple[str, Any]:
    await due(client)
    return "/dispatch/claims", {"limit": 5}


Request = Callable[[httpx2.AsyncClient], Awaitable[tuple[str, Any]]]
REQUESTS: Mapping[str, Request] = {
    "a post": a_post_to_schedule,
    "a campaign": a_campaign_to_schedule,
    "posts": posts_to_register,
    "a confirmation": one_to_confirm,
    "a pause": a_brand_to_pause,
    "a trigger": what_is_due_to_send,
    "claims": what_is_due_to_claim,
}


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS.keys())
async def test_the_same_request_again_is_answered_as_the_first_time(
    keyed: httpx2.AsyncClient, publisher: ScriptedPublisher, request_of: Request
) -> None:
    path, body = await request_of(keyed)
    key = new_id()

    first = await post(keyed, path, body, key=key)
    again = await post(keyed, path, body, key=key)

    assert first.is_success, first.text
    assert "idempotency-replayed" not in first.headers
    assert is_replay_of(again, first)
    assert len(publisher.attempts) <= 1


async def test_a_body_that_means_the_same_is_the_same(keyed: httpx2.AsyncClient) -> None:
    path, _ = await a_post_to_schedule(keyed)
    headers = {"idempotency-key": new_id(), "content-type": "application/json"}
    one, other = {"timestamp": "2029-03-17T19:00:00", "timezone": "UTC"}, {"timezone": "UTC", **LATER}

    first = await keyed.post(path, content=json.dumps(one), headers=headers)
    again = await keyed.post(path, content=json.dumps(other, indent=3), headers=headers)

    assert is_replay_of(again, first)


async def test_a_body_that_says_two_things_at_once_is_not_the_one_that_says_the_last(keyed: httpx2.AsyncClient) -> None:
    path, _ = await a_post_to_schedule(keyed)
    headers = {"idempotency-key": new_id(), "content-type": "application/json"}
    await keyed.post(path, content=json.dumps(LATER), headers=headers)

    twice = b'{"timestamp": "2029-01-01T00:00:00", ' + json.dumps(LATER).encode()[1:]

    problem(await keyed.post(path, content=twice, headers=headers), 422, "idempotency_key_reused")


async def test_another_body_under_the_same_key_is_refused(keyed: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    path, body = await a_post_to_schedule(keyed)
    key = new_id()
    await post(keyed, path, body, key=key)

    refused = await post(keyed, path, OTHER, key=key)

    problem(refused, 422, "idempotency_key_reused")
    assert await rows(tables) == 1


async def test_fifty_at_once_have_one_effect_and_one_answer(keyed: httpx2.AsyncClient, tables: AsyncEngine) -> None:
    path, body = await a_campaign_to_schedule(keyed)
    key = new_id()

    async def insist() -> httpx2.Response:
        while (answer := await post(keyed, path, body, key=key)).status_code == 409:
            problem(answer, 409, "request_in_progress")
            assert int(answer.headers["retry-after"]) >= 1
        return answer

    answers = await asyncio.gather(*(insist() for _ in range(50)))

    first = [answer for answer in answers if "idempotency-replayed" not in answer.headers]
    assert [answer.status_code for answer in answers] == [201] * 50
    assert len(first) == 1
    assert {answer.content for answer in answers} == {first[0].content}
    assert await rows(tables) == 2


async def test_while_the_first_is_being_worked_on_the_second_is_told_to_wait(
    keyed: httpx2.AsyncClient, tables: AsyncEngine, pool: Pool
) -> None:
    path, body = await a_post_to_schedule(keyed)
    key = new_id()

    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM posts FOR UPDATE")
        first = asyncio.create_task(post(keyed, path, body, key=key))
        await until_waiting(tables, first)
        second = await post(keyed, path, body, key=key)

    problem(second, 409, "request_in_progress")
    assert (await first).status_code == 201


async def test_what_fails_leaves_no_trace_and_can_be_tried_again_under_its_key(
    keyed: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    post_id, key = new_id(), new_id()
    path = f"/schedule/post/{post_id}"

    unknown = await post(keyed, path, LATER, key=key)
    body = a_post_body()
    del body["post_id"]
    await keyed.put(f"/posts/{post_id}", json=body | {"brand_id": await a_brand(keyed)})
    known = await post(keyed, path, LATER, key=key)

    problem(unknown, 404, "post_not_found")
    assert known.status_code == 201, known.text
    assert await rows(tables) == 1


async def test_a_key_belongs_to_its_caller_and_its_path(
    dispatching: UseCases, idempotency: PostgresIdempotency, caller: httpx2.AsyncClient
) -> None:
    app = observed(dispatching, checks_access=True, idempotency=idempotency)
    first_path, body = await a_post_to_schedule(caller)
    second_path, _ = await a_post_to_schedule(caller)
    key = new_id()

    async def of_a_service(path: str, name: str) -> httpx2.Response:
        issued = await dispatching.key_ring.create(name, scopes=[Scope.ADMIN], reach=Reach(), expires_at=None)
        async with calling(app) as client:
            return await post(client, path, body, key=key, authorization=f"Bearer {issued.credential}")

    answers = [
        await of_a_service(first_path, "one"),
        await of_a_service(first_path, "another"),
        await of_a_service(second_path, "a third"),
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 201]
    assert not any("idempotency-replayed" in answer.headers for answer in answers)


async def test_a_rotated_key_is_still_the_same_caller(
    dispatching: UseCases, idempotency: PostgresIdempotency, caller: httpx2.AsyncClient
) -> None:
    app = observed(dispatching, checks_access=True, idempotency=idempotency)
    path, body = await a_post_to_schedule(caller)
    old = await dispatching.key_ring.create("service", scopes=[Scope.ADMIN], reach=Reach(), expires_at=None)
    new = await dispatching.key_ring.rotate(old.key.key_id, overlap=DAY)
    key = new_id()

    async with calling(app) as client:
        first = await post(client, path, body, key=key, authorization=f"Bearer {old.credential}")
        again = await post(client, path, body, key=key, authorization=f"Bearer {new.issued.credential}")

    assert is_replay_of(again, first)


async def test_the_event_of_a_request_with_a_key_names_its_caller(
    keyed: httpx2.AsyncClient, dispatching: UseCases
) -> None:
    path, body = await a_post_to_schedule(keyed)
    await post(keyed, path, body, key="once")
    await dispatching.dispatcher.trigger(limit=1)

    [told] = (await keyed.get("/events")).json()["events"]

    assert (told["kind"], told["actor"]) == ("schedule.scheduled", "anybody")


async def test_an_answer_is_forgotten_when_its_time_is_over_and_makes_room(
    keyed: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    path, body = await a_post_to_schedule(keyed)
    key = new_id()
    await post(keyed, path, body, key=key)
    await post(keyed, (await a_brand_to_pause(keyed))[0], key=new_id())
    async with tables.begin() as connection:
        await connection.execute(idempotency_keys.update().values(expires_at=func.now()))

    anew = await post(keyed, path, OTHER, key=key)

    problem(anew, 409, "already_scheduled")
    again = await post(keyed, path, body, key=key)
    assert again.status_code == 200
    async with tables.connect() as connection:
        kept = (await connection.execute(select(func.count()).select_from(idempotency_keys))).scalar_one()
    assert kept == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "schlüssel", "tab\there"])
async def test_a_key_that_is_none_is_refused(keyed: httpx2.AsyncClient, tables: AsyncEngine, key: str) -> None:
    path, body = await a_post_to_schedule(keyed)

    refused = await keyed.post(path, json=body, headers=[(b"idempotency-key", key.encode("latin-1"))])

    assert [error["at"] for error in problem(refused, 400, "malformed")["errors"]] == ["idempotency-key"]
    assert await rows(tables) == 0


async def test_two_keys_on_one_request_are_refused(keyed: httpx2.AsyncClient) -> None:
    path, body = await a_post_to_schedule(keyed)

    refused = await keyed.post(path, json=body, headers=[("idempotency-key", "a"), ("idempotency-key", "b")])

    problem(refused, 400, "malformed")


async def test_where_keys_are_required_a_post_without_one_is_refused_and_nothing_else(
    dispatching: UseCases, idempotency: PostgresIdempotency
) -> None:
    async with calling(observed(dispatching, idempotency=idempotency, requires_idempotency_keys=True)) as client:
        path, body = await a_post_to_schedule(client)

        refused = await client.post(path, json=body)
        with_a_key = await post(client, path, body, key=new_id())
        read = await client.get(path)

    problem(refused, 400, "malformed")
    assert (with_a_key.status_code, read.status_code) == (201, 200)


async def test_a_body_that_is_too_large_is_refused_as_without_a_key(keyed: httpx2.AsyncClient) -> None:
    path, _ = await a_post_to_schedule(keyed)

    refused = await post(keyed, path, {"timestamp": "x" * 2**20}, key=new_id())

    problem(refused, 413, "body_too_large")


async def test_one_key_covers_a_whole_campaign_that_fails_half_way(
    keyed: httpx2.AsyncClient, tables: AsyncEngine
) -> None:
    campaign_id = await a_campaign(keyed, start="2029-03-15", end="2029-03-15", posts=["TWITTER", "TWITTER"])
    path, key = f"/schedule/campaign/{campaign_id}", new_id()

    too_many = await post(keyed, path, {}, key=key)

    problem(too_many, 422, "too_many_posts")
    assert await rows(tables) == 0
    campaign: Json = (await keyed.get(f"/campaigns/{campaign_id}")).json()
    assert campaign["status"] == "DRAFT"
