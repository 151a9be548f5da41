"""A caller may ask so often and no more, over all processes; others are not held up."""

import asyncio
import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import httpx2
import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.rate_limits import PostgresRateLimits
from marketmind_scheduler.adapters.postgres.tables import rate_limits
from marketmind_scheduler.application.rate_limiting import RateLimiter
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Rate, Reach, Scope
from tests.fakes.clock import Ticking
from tests.http.steps import (
    App,
    calling,
    new_id,
    observed,
    problem,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


def replica(use_cases: UseCases, pool: Pool, rate: Rate, ticking: Ticking) -> App:
    limiter = RateLimiter(PostgresRateLimits(pool), rate=rate, monotonic=ticking)
    return observed(use_cases, checks_access=True, limiter=limiter)


async def a_caller(use_cases: UseCases, app: App) -> httpx2.AsyncClient:
    issued = await use_cases.key_ring.create(new_id(), scopes=[Scope.ADMIN], reach=Reach(), expires_at=None)
    client = calling(app)
    client.headers["authorization"] = f"Bearer {issued.credential}"
    return client


async def time_passes(tables: AsyncEngine, length: timedelta) -> None:
    async with tables.begin() as connection:
        await connection.execute(update(rate_limits).values(spent_until=rate_limits.c.spent_until - length))


async def test_two_replicas_share_one_limit(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    del tables
    rate = Rate(40, HOUR)
    client = await a_caller(dispatching, replica(dispatching, pool, rate, ticking))
    beside = calling(replica(dispatching, pool, rate, ticking))
    beside.headers.update(client.headers)

    answers = await asyncio.gather(*(each.get("/brands") for each in (client, beside) for _ in range(40)))

    assert sorted(answer.status_code for answer in answers) == [200] * 40 + [429] * 40
    for refused in (answer for answer in answers if answer.status_code == 429):
        problem(refused, 429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 90


async def test_what_was_spent_comes_back_evenly(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    client = await a_caller(dispatching, replica(dispatching, pool, Rate(60, HOUR), ticking))
    spent = [await client.get("/brands") for _ in range(60)]
    assert {answer.status_code for answer in spent} == {200}

    await time_passes(tables, timedelta(minutes=2, seconds=30))
    after_a_while = [(await client.get("/brands")).status_code for _ in range(3)]

    assert after_a_while == [200, 200, 429]


async def test_one_callers_haste_is_nobody_elses(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    del tables
    app = replica(dispatching, pool, Rate(2, HOUR), ticking)
    hasty, patient = await a_caller(dispatching, app), await a_caller(dispatching, app)

    assert [(await hasty.get("/brands")).status_code for _ in range(3)] == [200, 200, 429]
    assert (await patient.get("/brands")).status_code == 200
    assert (await hasty.get("/health")).status_code == 200


async def test_each_answer_says_what_is_left(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    del tables
    client = await a_caller(dispatching, replica(dispatching, pool, Rate(600), ticking))

    said = [(await client.get("/brands")).headers for _ in range(12)]

    assert {headers["ratelimit-policy"] for headers in said} == {'"caller";q=600;w=60'}
    left = [re.fullmatch(r'"caller";r=(\d+);t=\d+', headers["ratelimit"]) for headers in said]
    counts = [int(each[1]) for each in left if each]
    assert len(counts) == 12
    assert 585 <= counts[-1] <= counts[0] <= 600


async def test_most_requests_ask_the_storage_for_nothing(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    limits = CountedLimits(pool)
    app = observed(dispatching, checks_access=True, limiter=RateLimiter(limits, rate=Rate(6000), monotonic=ticking))
    client = await a_caller(dispatching, app)

    for _ in range(60):
        assert (await client.get("/brands")).status_code == 200
    ticking.seconds += 1.1
    await client.get("/brands")

    assert limits.asked == 3
    async with tables.connect() as connection:
        assert (await connection.execute(func.count(rate_limits.c.owner).select())).scalar_one() == 1


@contextmanager
def no_look_at_keys(use_cases: UseCases) -> Generator[None]:
    """Whoever looks fails."""
    with patch.object(use_cases.access.keys, "find", side_effect=AssertionError):
        yield


class CountedLimits(PostgresRateLimits):
    """PostgreSQL, with a count of how often requests were taken."""

    asked = 0

    async def take(self, owner: str, count: int, rate: Rate):  # noqa: ANN201
        self.asked += 1
        return await super().take(owner, count, rate)


async def test_a_refusal_asks_the_storage_for_nothing_and_says_what_is_left(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    del tables
    limits = CountedLimits(pool)
    limiter = RateLimiter(limits, rate=Rate(3, HOUR), monotonic=ticking)
    client = await a_caller(dispatching, observed(dispatching, checks_access=True, limiter=limiter))
    *_, last = [await client.get("/brands") for _ in range(4)]
    asked = limits.asked

    with no_look_at_keys(dispatching):
        refused = [await client.get("/brands") for _ in range(50)]

    assert {last.status_code, *(each.status_code for each in refused)} == {429}
    assert limits.asked == asked
    assert last.headers["ratelimit-policy"] == '"caller";q=3;w=3600'
    assert re.fullmatch(r'"caller";r=0;t=\d+', last.headers["ratelimit"])


async def test_who_asks_for_what_it_may_not_has_asked_all_the_same(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    del tables
    app = replica(dispatching, pool, Rate(3, HOUR), ticking)
    issued = await dispatching.key_ring.create(new_id(), scopes=[Scope.EVENTS_READ], reach=Reach(), expires_at=None)

    async with calling(app) as client:
        client.headers["authorization"] = f"Bearer {issued.credential}"
        answers = [(await client.get("/brands")).status_code for _ in range(5)]

    assert answers == [403] * 3 + [429] * 2


async def test_who_goes_on_with_wrong_keys_is_told_to_wait_and_right_ones_go_on(
    dispatching: UseCases, pool: Pool, tables: AsyncEngine, ticking: Ticking
) -> None:
    del tables
    app = replica(dispatching, pool, Rate(5, HOUR), ticking)
    client = await a_caller(dispatching, app)

    async with calling(app) as stranger:
        guesses = [
            (await stranger.get("/brands", headers={"authorization": f"Bearer mms_{new_id()[:8]}"})).status_code
            for _ in range(7)
        ]

    assert guesses == [401] * 5 + [429] * 2
    assert (await client.get("/brands")).status_code == 200
