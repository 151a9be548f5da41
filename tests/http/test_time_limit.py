"""A request that takes too long is given up with an answer, however it may wait by design."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx2
import pytest

from marketmind_scheduler.application.use_cases import UseCases
from tests.fakes.slow_storage import SlowStorage
from tests.fakes.storage import InMemoryStorage
from tests.http.steps import calling, new_id, observed, problem, stored
from tests.jumping_time import in_jumping_time, seconds_passed

BRAND = b'{"brand_name": "Tea", "brand_default_timezone": "UTC"}'


@pytest.fixture
def slowed(use_cases: UseCases, storage: InMemoryStorage) -> Callable[[float], httpx2.AsyncClient]:
    """A caller of an API whose storage takes so many seconds."""

    def calling_it(seconds: float) -> httpx2.AsyncClient:
        slow = SlowStorage(storage, seconds=seconds)
        return calling(observed(replace(use_cases, catalog=replace(use_cases.catalog, storage=slow))))

    return calling_it


async def put_brand(caller: httpx2.AsyncClient, *, arriving_after: float = 0) -> httpx2.Response:
    async def slowly() -> AsyncIterator[bytes]:
        await asyncio.sleep(arriving_after)
        yield BRAND

    return await caller.put(f"/brands/{new_id()}", content=slowly(), headers={"content-type": "application/json"})


@in_jumping_time
async def test_a_request_that_takes_longer_than_ten_seconds_is_given_up_and_nothing_is_stored(
    slowed: Callable[[float], httpx2.AsyncClient], storage: InMemoryStorage
) -> None:
    answer = await put_brand(slowed(10.1))

    problem(answer, 503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1
    assert seconds_passed() == pytest.approx(10, abs=0.1)
    assert not stored(storage).brands


@in_jumping_time
async def test_the_body_may_take_its_own_time_to_arrive(slowed: Callable[[float], httpx2.AsyncClient]) -> None:
    in_time = await put_brand(slowed(9.9), arriving_after=9.9)
    began = seconds_passed()
    too_late = await put_brand(slowed(10.1), arriving_after=5)

    assert in_time.status_code == 201
    problem(too_late, 503, "overloaded")
    assert seconds_passed() - began == pytest.approx(15, abs=0.1)


@in_jumping_time
async def test_waiting_for_events_may_take_longer(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/events?wait_seconds=30")

    assert answer.status_code == 200
    assert {"events": [], "next_after": 0}.items() <= answer.json().items()
    assert seconds_passed() == pytest.approx(30, abs=0.1)
