"""A request that takes too long is given up with an answer, and nothing of it is half done."""

import asyncio
from collections.abc import AsyncGenerator

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.http.envelope import time_limit
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.application.use_cases import UseCases
from tests.http.steps import a_post_body, calling, new_id, observed, problem, stored

LOCK = "LOCK TABLE posts IN SHARE MODE"


@pytest.fixture
async def hurried(
    use_cases: UseCases, tables: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of an API that has little time."""
    del tables
    monkeypatch.setattr(time_limit, "SECONDS", 0.3)
    async with calling(observed(use_cases)) as caller:
        yield caller


async def test_a_request_that_takes_too_long_is_given_up_and_nothing_is_stored(
    hurried: httpx2.AsyncClient, tables: AsyncEngine, pool: Pool
) -> None:
    brand_id = new_id()
    await hurried.put(f"/brands/{brand_id}", json={"brand_name": "Tea", "brand_default_timezone": "UTC"})
    content = a_post_body()
    post_id = content.pop("post_id")
    async with tables.connect() as locking:
        await locking.execution_options(isolation_level="READ COMMITTED")
        await locking.execute(text(LOCK))

        answer = await hurried.put(f"/posts/{post_id}", json={"brand_id": brand_id, **content})

        await locking.rollback()

    assert problem(answer, 503, "overloaded")["detail"]
    assert int(answer.headers["retry-after"]) >= 1
    assert not (await stored(tables))["posts"]
    assert pool.get_idle_size() == pool.get_size()


async def test_waiting_for_events_may_take_longer(hurried: httpx2.AsyncClient) -> None:
    answer = await hurried.get("/events?wait_seconds=1")

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 1


async def test_a_body_may_take_its_own_time(use_cases: UseCases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "SECONDS", 0.3)

    async def slowly() -> AsyncGenerator[bytes]:
        yield b"{"
        await asyncio.sleep(0.5)
        yield b"}"

    async with calling(observed(use_cases)) as caller:
        answer = await caller.put(f"/brands/{new_id()}", content=slowly(), headers={"content-type": "application/json"})

    problem(answer, 400, "malformed")
