"""Requests with a key whose work reaches beyond a transaction: none is done twice, and none is in another's way."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.http.app import create_app
from marketmind_scheduler.adapters.postgres.pool import Pool, open_pool
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import ANYBODY
from marketmind_scheduler.domain.attempt import Attempt
from marketmind_scheduler.domain.verdict import Accepted, Verdict
from tests.contracts.waiting import until_waiting
from tests.fakes.publisher import ScriptedPublisher
from tests.http.steps import Json, a_brand, calling, due, new_id, observed, problem, script
from tests.loops import telling_all_misses

MOST_SECONDS = 5
TWELVE = 12
REPEATABLE = {
    "/dispatch/settlements": "a verdict that is recorded again changes nothing",
    "/dispatch/claims/extend": "a lease that is extended again only ends later",
    "/brands/{brand_id}/audience/refit": "what is learned again from the same is the same",
    "/campaigns/{campaign_id}/plans": "what is kept is kept with the answer; besides, only what stands is read",
    "/plans/{plan_id}/commit": "what is written is written with the answer; a fresh preview takes nothing",
}
"""Work that has a part beyond its transaction which may be done again."""


@pytest.fixture
async def narrow(database_url: str) -> AsyncGenerator[Pool]:
    async with open_pool(database_url, size=1) as opened:
        yield opened


@pytest.fixture
async def keyed(dispatching: UseCases, narrow: Pool) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of an API with one connection for all requests that have a key."""
    idempotency = PostgresIdempotency(narrow, kept_for=timedelta(hours=24))
    async with calling(observed(dispatching, idempotency=idempotency)) as client:
        yield client


async def post(client: httpx2.AsyncClient, path: str, body: Any = None, *, key: str, **headers: str) -> httpx2.Response:
    return await client.post(path, json=body, headers={"idempotency-key": key, **headers})


class Gate:
    """A receiver that is slow until it is opened."""

    def __init__(self, publisher: ScriptedPublisher) -> None:
        self._publisher = publisher
        self.asked = 0
        self._asking = asyncio.Semaphore(0)
        self._open = asyncio.Event()

    def before(self, *schedules: Json) -> None:
        for schedule in schedules:
            script(self._publisher, schedule, self._publish)

    def open(self) -> None:
        self._open.set()

    async def until_asked(self, times: int) -> None:
        async with asyncio.timeout(MOST_SECONDS):
            for _ in range(times):
                await self._asking.acquire()

    async def _publish(self, attempt: Attempt) -> Verdict:
        self.asked += 1
        self._asking.release()
        await self._open.wait()
        return Accepted(f"external-{attempt.key}")


@pytest.fixture
def gate(publisher: ScriptedPublisher) -> Gate:
    return Gate(publisher)


async def a_trigger_that_waits(client: httpx2.AsyncClient, gate: Gate) -> tuple[str, asyncio.Task[httpx2.Response]]:
    """Its key, and the request, which has one of two due posts before the gate."""
    gate.before(await due(client), await due(client))
    key = new_id()
    waiting = asyncio.create_task(post(client, "/schedule/trigger", {"limit": 1}, key=key))
    await gate.until_asked(1)
    return key, waiting


async def test_twelve_triggers_that_wait_are_in_nobodys_way(keyed: httpx2.AsyncClient, gate: Gate) -> None:
    brand_id = await a_brand(keyed)
    gate.before(*[await due(keyed) for _ in range(TWELVE)])

    triggers: list[asyncio.Task[httpx2.Response]] = []
    for _ in range(TWELVE):  # one after another: two that claim at the same moment may leave a post to the next
        triggers.append(asyncio.create_task(post(keyed, "/schedule/trigger", {"limit": 1}, key=new_id())))
        await gate.until_asked(1)
    async with asyncio.timeout(1):
        paused = await post(keyed, f"/brands/{brand_id}/pause", key=new_id())
    gate.open()
    answers = await asyncio.gather(*triggers)

    assert paused.status_code == 200
    assert [answer.status_code for answer in answers] == [200] * TWELVE
    assert sum(len(answer.json()["results"]) for answer in answers) == TWELVE


async def test_while_the_receiver_is_slow_the_same_key_waits_and_then_has_the_same_answer(
    keyed: httpx2.AsyncClient, gate: Gate
) -> None:
    key, first = await a_trigger_that_waits(keyed, gate)
    problem(await post(keyed, "/schedule/trigger", {"limit": 1}, key=key), 409, "request_in_progress")
    problem(await post(keyed, "/schedule/trigger", {"limit": 2}, key=key), 422, "idempotency_key_reused")
    gate.open()
    answer = await first
    again = await post(keyed, "/schedule/trigger", {"limit": 1}, key=key)

    assert (answer.status_code, again.content) == (200, answer.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert gate.asked == 1


async def test_where_every_connection_is_ended_meanwhile_the_post_goes_out_once_and_is_answered(
    keyed: httpx2.AsyncClient, gate: Gate, pool: Pool
) -> None:
    key, first = await a_trigger_that_waits(keyed, gate)
    await pool.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND datname = current_database() AND application_name = 'marketmind-scheduler'"
    )
    gate.open()
    answer = await first
    again = await post(keyed, "/schedule/trigger", {"limit": 1}, key=key)

    assert (answer.status_code, again.status_code) in {(200, 200), (503, 409)}, answer.text
    assert gate.asked == 1


async def test_a_trigger_that_was_broken_off_is_refused_and_says_where_to_look(
    keyed: httpx2.AsyncClient, gate: Gate
) -> None:
    key, first = await a_trigger_that_waits(keyed, gate)
    first.cancel()
    await asyncio.wait([first])
    gate.open()
    again = await post(keyed, "/schedule/trigger", {"limit": 1}, key=key)

    assert "GET /events" in problem(again, 409, "request_broken_off")["detail"]
    assert "retry-after" not in again.headers
    assert gate.asked == 1


async def test_what_was_refused_has_done_nothing_and_leaves_its_key(keyed: httpx2.AsyncClient) -> None:
    brand_id, key = new_id(), new_id()

    unknown = await post(keyed, f"/brands/{brand_id}/pause", key=key)
    await keyed.put(f"/brands/{brand_id}", json={"brand_name": "Tea", "brand_default_timezone": "UTC"})
    unmet = await post(keyed, f"/brands/{brand_id}/pause", key=key, **{"if-match": '"other"'})
    known = await post(keyed, f"/brands/{brand_id}/pause", key=key)

    problem(unknown, 404, "brand_not_found")
    problem(unmet, 412, "precondition_failed")
    assert known.status_code == 200


async def test_the_same_condition_again_is_the_same_request_and_another_is_another(keyed: httpx2.AsyncClient) -> None:
    brand_id, key = await a_brand(keyed), new_id()
    path, tag = f"/brands/{brand_id}/pause", (await keyed.get(f"/brands/{brand_id}")).headers["etag"]

    first = await post(keyed, path, key=key, **{"if-match": tag})
    again = await post(keyed, path, key=key, **{"if-match": tag})
    other = await post(keyed, path, key=key, **{"if-match": first.headers["etag"]})
    without = await post(keyed, path, key=key)

    assert first.status_code == 200
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    turned_round = await post(keyed, path, key=key, **{"if-none-match": tag})
    for each in (other, without, turned_round):
        problem(each, 422, "idempotency_key_reused")


async def test_another_query_is_another_request(keyed: httpx2.AsyncClient) -> None:
    path, key = f"/brands/{await a_brand(keyed)}/audience/refit", new_id()

    first = await post(keyed, f"{path}?platform=TWITTER", key=key)
    other = await post(keyed, f"{path}?platform=INSTAGRAM", key=key)

    assert first.is_success
    problem(other, 422, "idempotency_key_reused")


async def test_a_pause_that_was_broken_off_is_done_again(
    keyed: httpx2.AsyncClient, tables: AsyncEngine, pool: Pool
) -> None:
    brand_id, key = await a_brand(keyed), new_id()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM brands FOR UPDATE")
        first = asyncio.create_task(post(keyed, f"/brands/{brand_id}/pause", key=key))
        await until_waiting(tables, first)
        first.cancel()
        await asyncio.wait([first])

    again = await post(keyed, f"/brands/{brand_id}/pause", key=key)

    assert again.status_code == 200, again.text
    assert (await keyed.get(f"/brands/{brand_id}")).json()["paused_at"]


async def test_what_was_answered_with_something_that_is_deleted_since_is_gone_and_not_done_again(
    keyed: httpx2.AsyncClient, gate: Gate
) -> None:
    gate.open()
    schedules = [await due(keyed) for _ in range(2)]
    gate.before(*schedules)
    key = new_id()
    answer = await post(keyed, "/schedule/trigger", {"limit": 1}, key=key)
    [sent] = answer.json()["results"]

    await keyed.delete(f"/posts/{sent['post_id']}")
    again = await post(keyed, "/schedule/trigger", {"limit": 1}, key=key)

    assert "is not done again" in problem(again, 410, "gone")["detail"]
    assert gate.asked == 1


async def test_a_path_in_capitals_is_no_path_and_no_other_key(keyed: httpx2.AsyncClient, gate: Gate) -> None:
    brand_id, key = await a_brand(keyed), new_id()
    first = await post(keyed, f"/brands/{brand_id}/pause", key=key)

    in_capitals = await post(keyed, f"/brands/{brand_id.upper()}/pause", key=key)

    assert first.status_code == 200
    assert in_capitals.status_code == 404
    assert gate.asked == 0


def posts_of(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            yield from ((route.path_format, each) for each in route.route_handlers if "POST" in each.http_methods)


def parts(value: object) -> Iterator[object]:
    """What a use case is made of."""
    names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
    yield from (getattr(value, name, None) for name in names)


def reaches_beyond(value: object, *, seen: set[int]) -> bool:
    """Whether it has something of the database beside the storage of its request."""
    if id(value) in seen:
        return False
    seen.add(id(value))
    module = type(value).__module__
    if module.startswith("marketmind_scheduler.adapters.postgres"):
        return True
    if not module.startswith("marketmind_scheduler.application"):
        return False
    return any(reaches_beyond(each, seen=seen) for each in parts(value))


def test_every_route_whose_work_reaches_beyond_its_transaction_says_so(dispatching: UseCases) -> None:
    own: Any = _Own()
    with_own = dispatching.for_(ANYBODY, own)
    reaching = {name for name, family in vars(with_own).items() if reaches_beyond(family, seen=set())}

    with telling_all_misses() as trying:
        for path, handler in posts_of(create_app(dispatching)):
            with trying(path=path):
                named = {*handler.parsed_fn_signature.parameters, *handler.fn.__code__.co_names}  # or of `use_cases`
                takes = named & reaching
                assert bool(takes) == ("look_at" in handler.opt or path in REPEATABLE), takes


class _Own:
    """The storage of a request, which is no part of what reaches beyond it."""

    def within(self, _reach: object) -> "_Own":
        return self

    def acting(self, _actor: str) -> "_Own":
        return self


async def test_where_the_database_hangs_a_key_makes_nobody_wait_longer(keyed: httpx2.AsyncClient, narrow: Pool) -> None:
    brand_id, key = await a_brand(keyed), new_id()

    async with narrow.acquire():  # no connection is left to write that it begins
        began = time.monotonic()
        refused = await post(keyed, f"/brands/{brand_id}/pause", key=key)
        waited = time.monotonic() - began
    again = await post(keyed, f"/brands/{brand_id}/pause", key=key)

    problem(refused, 503, "storage_unavailable")
    assert waited < MOST_SECONDS
    assert again.status_code == 200, again.text
