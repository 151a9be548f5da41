"""Several processes of the service on one database, and processes that are killed at work."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack

import httpx2
import pytest

from tests.http.steps import a_brand, a_post
from tests.system.calls import Schedule, a_campaign, ids_of, schedule_campaign, schedule_post
from tests.system.servers import a_database, connected, until_waiting
from tests.system.services import Service, serving, started

pytestmark = pytest.mark.timeout(120)

PARALLEL = 50
POSTS = 4
SCHEDULES_OF_CAMPAIGN = "SELECT count(*) FROM schedules JOIN posts USING (post_id) WHERE campaign_id = $1"


@pytest.fixture(scope="module")
async def database() -> AsyncGenerator[str]:
    async with a_database() as url:
        yield url


@pytest.fixture(scope="module")
async def replicas(database: str) -> AsyncGenerator[Sequence[Service]]:
    """Four, started at once on an empty database."""
    async with AsyncExitStack() as stack:
        settings = {"DATABASE_URL": database, "SCHEDULER_DEMO_DATA": "true"}
        services = [await stack.enter_async_context(started(**settings)) for _ in range(4)]
        await asyncio.gather(*(service.until_healthy() for service in services))
        yield services


@pytest.fixture
async def two(replicas: Sequence[Service]) -> AsyncGenerator[Sequence[httpx2.AsyncClient]]:
    """A caller of each of two of them."""
    async with replicas[0].client() as one, replicas[1].client() as other:
        yield one, other


async def all_at_once(
    callers: Sequence[httpx2.AsyncClient], schedule: Schedule, asked_id: str, *, database: str
) -> Sequence[httpx2.Response]:
    """Ask many times over, in turns between the callers. The posts are held back until more have come to them than one
    replica has connections."""
    async with connected(database) as sql, sql.transaction():
        await sql.execute("SELECT FROM posts WHERE $1 IN (post_id, campaign_id) FOR UPDATE", asked_id)
        asking = asyncio.gather(*(schedule(callers[nth % len(callers)], asked_id) for nth in range(PARALLEL)))
        await until_waiting(database, backends=11)
    return await asking


async def test_four_replicas_may_start_at_once_on_an_empty_database(replicas: Sequence[Service]) -> None:
    for replica in replicas:
        async with replica.client() as client:
            assert (await client.get("/health/ready")).json()["status"] == "ready"
            assert len((await client.get("/brands")).json()["items"]) == 2
        assert replica.logged("error") == []


async def test_one_post_asked_for_many_times_at_once_is_scheduled_once(
    two: Sequence[httpx2.AsyncClient], database: str
) -> None:
    post_id = await a_post(two[0])

    answers = await all_at_once(two, schedule_post, post_id, database=database)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: PARALLEL - 1}
    assert len({frozenset(ids_of(answer)) for answer in answers}) == 1
    async with connected(database) as sql:
        assert await sql.fetchval("SELECT count(*) FROM schedules WHERE post_id = $1", post_id) == 1


async def test_one_campaign_asked_for_many_times_at_once_is_scheduled_once(
    two: Sequence[httpx2.AsyncClient], database: str
) -> None:
    campaign_id = await a_campaign(two[0], posts=20)

    answers = await all_at_once(two, schedule_campaign, campaign_id, database=database)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: PARALLEL - 1}
    [schedule_ids] = {frozenset(ids_of(answer)) for answer in answers}
    assert len(schedule_ids) == 20
    async with connected(database) as sql:
        assert await sql.fetchval(SCHEDULES_OF_CAMPAIGN, campaign_id) == 20


async def schedule_until_killed(service: Service, *, campaigns: int, after: int) -> dict[str, set[str] | None]:
    """Ask for as many campaigns at once, and kill the service when so many answers have come. Each campaign with the
    ids of its schedules if there was an answer."""
    acknowledged: dict[str, set[str] | None] = {}

    async def ask(campaign_id: str) -> None:
        try:
            answer = await schedule_campaign(client, campaign_id)
        except httpx2.TransportError:
            acknowledged[campaign_id] = None
            return
        assert answer.status_code == 201, answer.text
        acknowledged[campaign_id] = ids_of(answer)
        if len(acknowledged) == after:
            service.process.send_signal(signal.SIGKILL)

    async with service.client() as client:
        brand_id = await a_brand(client)
        asked = await asyncio.gather(*(a_campaign(client, posts=POSTS, brand_id=brand_id) for _ in range(campaigns)))
        await asyncio.gather(*map(ask, asked))
    return acknowledged


@pytest.mark.slow
async def test_kill_9_loses_nothing_that_was_answered_and_leaves_nothing_half_stored() -> None:
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311
    acknowledged: dict[str, set[str] | None] = {}
    async with a_database() as url:
        for _ in range(2):
            async with serving(DATABASE_URL=url) as service:
                acknowledged |= await schedule_until_killed(service, campaigns=40, after=chance.randint(1, 30))
        assert None in acknowledged.values(), "it was killed too late"

        async with connected(url) as sql:
            rows = await sql.fetch("SELECT campaign_id, schedule_id FROM schedules JOIN posts USING (post_id)")
        stored = {
            campaign_id: {str(row["schedule_id"]) for row in rows if str(row["campaign_id"]) == campaign_id}
            for campaign_id in acknowledged
        }
        assert {len(ids) for ids in stored.values()} <= {0, POSTS}
        assert [ids == stored[each] for each, ids in acknowledged.items() if ids is not None].count(False) == 0

        async with serving(DATABASE_URL=url) as service, service.client() as client:
            again = {each: await schedule_campaign(client, each) for each in acknowledged}

    assert {each: answer.status_code for each, answer in again.items()} == {
        each: 200 if stored[each] else 201 for each in again
    }
    assert all(ids_of(again[each]) == ids for each, ids in stored.items() if ids)
