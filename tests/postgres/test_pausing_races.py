"""Nothing escapes a pause and nothing stays behind in it, whatever is scheduled, moved or registered meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.schedulers import NaiveScheduler
from marketmind_scheduler.domain import lifecycle
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.post import Platform, Post, PostChange
from marketmind_scheduler.domain.schedule import Hold
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.storage import UnitOfWork
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, a_schedule, given, new_id
from tests.contracts.waiting import until_waiting
from tests.fakes.clock import FrozenClock
from tests.postgres.given import (
    FAR_AHEAD,
    LONG_AGO,
    WRONGLY_HELD,
    a_moment,
    at,
    few_at_once,
    given_due,
    some_posts,
)

ROWS = 200
IN_A_PIECE = 2000
ROUNDS = 5
MOST_SECONDS = 5
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
WAITS_SINCE = WAITING.replace("count(*)", "query_start")
HOUR = timedelta(hours=1)
PAUSED = {Hold.BRAND_PAUSED: BRAND_ID, Hold.CAMPAIGN_PAUSED: CAMPAIGN_ID}

Step = Callable[[UnitOfWork], Awaitable[None]]
Change = Callable[[PostgresHolds, Hold], Coroutine[None, None, None]]


async def pause(holds: PostgresHolds, hold: Hold) -> None:
    await holds.place(hold, PAUSED[hold])


async def resume(holds: PostgresHolds, hold: Hold) -> None:
    await holds.lift(hold, PAUSED[hold], paces=PACES)


async def resume_and_pause(holds: PostgresHolds, hold: Hold) -> None:
    await resume(holds, hold)
    await pause(holds, hold)


CHANGES = [pause, resume, resume_and_pause]


@pytest.fixture
async def storage(storage: PostgresStorage) -> PostgresStorage:
    """PostgreSQL with a brand that has one campaign."""
    await given(storage, a_brand(), a_campaign())
    return storage


@pytest.fixture
def catalog(storage: PostgresStorage, zones: ZoneCatalog) -> Catalog:
    return Catalog(storage=storage, zones=zones, clock=FrozenClock(NOW))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("hold", PAUSED)
async def test_what_is_scheduled_meanwhile_is_held_exactly_if_its_brand_or_campaign_is_paused(
    pool: Pool, storage: PostgresStorage, holds: PostgresHolds, hold: Hold, change: Change
) -> None:
    for _ in range(ROUNDS):
        posts = some_posts(ROWS // ROUNDS, campaign_id=CAMPAIGN_ID)
        await given(storage, *posts)

        async def changes() -> None:
            await a_moment(0.02)
            await change(holds, hold)

        await asyncio.gather(
            changes(), few_at_once(posts, lambda post: given(storage, a_schedule(post, slot=at(LONG_AGO))))
        )

        assert await pool.fetchval(WRONGLY_HELD) == 0


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("where", ["joins", "leaves"])
async def test_a_post_that_joins_or_leaves_a_campaign_meanwhile_is_held_exactly_if_its_campaign_is_paused(
    pool: Pool, storage: PostgresStorage, holds: PostgresHolds, catalog: Catalog, where: str, change: Change
) -> None:
    before, after = (None, CAMPAIGN_ID) if where == "joins" else (CAMPAIGN_ID, None)
    for _ in range(ROUNDS):
        posts = some_posts(ROWS // ROUNDS, campaign_id=before)
        await given(storage, *posts, *(a_schedule(post, slot=at(LONG_AGO)) for post in posts))

        async def changes() -> None:
            await a_moment(0.02)
            await change(holds, Hold.CAMPAIGN_PAUSED)

        async def put(post: Post) -> None:
            await catalog.put_post(PostChange(post_id=post.post_id, campaign_id=after), take_schedule=True)

        await asyncio.gather(
            changes(),
            few_at_once(posts, put),
        )

        assert await pool.fetchval(WRONGLY_HELD) == 0


async def test_a_post_that_is_told_to_join_and_to_leave_at_once_is_held_exactly_if_its_campaign_is_paused(
    pool: Pool, storage: PostgresStorage, holds: PostgresHolds, catalog: Catalog
) -> None:
    posts = some_posts(ROWS)
    await given(storage, *posts, *(a_schedule(post, slot=at(LONG_AGO)) for post in posts))
    await pause(holds, Hold.CAMPAIGN_PAUSED)

    async def put(post: Post, campaign_id: UUID | None) -> None:
        await a_moment()
        await catalog.put_post(PostChange(post_id=post.post_id, campaign_id=campaign_id), take_schedule=True)

    await few_at_once(posts, lambda post: asyncio.gather(put(post, CAMPAIGN_ID), put(post, None)))

    assert await pool.fetchval(WRONGLY_HELD) == 0


@pytest.mark.parametrize("change", [pause, resume])
@pytest.mark.parametrize("hold", PAUSED)
async def test_what_is_moved_to_where_a_pause_or_a_resumption_has_been_already_is_not_forgotten(
    pool: Pool, storage: PostgresStorage, tables: AsyncEngine, holds: PostgresHolds, hold: Hold, change: Change
) -> None:
    posts = some_posts(IN_A_PIECE + 1, campaign_id=CAMPAIGN_ID)
    schedules = [a_schedule(post, slot=at(FAR_AHEAD + nth * HOUR)) for nth, post in enumerate(posts)]
    await given(storage, *posts, *schedules)
    await pool.execute("ANALYZE posts, schedules")  # the planner may have seen them empty
    if change is resume:
        await pause(holds, hold)

    async with storage.unit_of_work() as in_the_way:
        await in_the_way.bookings.lock_current(posts[0].post_id)
        changing = asyncio.create_task(change(holds, hold))
        await until_waiting(tables, changing)
        async with storage.unit_of_work() as work:
            await work.bookings.move(lifecycle.move(schedules[-1], at(FAR_AHEAD - HOUR), now=NOW))
            await work.commit()
    await changing

    assert await pool.fetchval(WRONGLY_HELD) == 0


NEW, STANDING, JOINING = some_posts(3)
SCHEDULE, JOINING_SCHEDULE = (a_schedule(post, slot=at(LONG_AGO)) for post in (STANDING, JOINING))


async def add(work: UnitOfWork) -> None:
    await work.bookings.add([a_schedule(NEW, slot=at(LONG_AGO))])


async def move(work: UnitOfWork) -> None:
    await work.bookings.move(lifecycle.move(SCHEDULE, at(FAR_AHEAD), now=NOW))


async def join(work: UnitOfWork) -> None:
    await work.posts.save([replace(JOINING, campaign_id=CAMPAIGN_ID)])
    await work.bookings.follow_campaigns([JOINING.post_id])


@pytest.mark.parametrize(
    ("hold", "step"),
    [
        *((hold, step) for hold in PAUSED for step in (add, move)),
        (Hold.CAMPAIGN_PAUSED, join),
    ],
)
async def test_a_pause_waits_for_whoever_schedules_moves_or_registers_at_that_moment_and_holds_it_too(
    pool: Pool, storage: PostgresStorage, tables: AsyncEngine, holds: PostgresHolds, hold: Hold, step: Step
) -> None:
    of_campaign = [replace(post, campaign_id=CAMPAIGN_ID) for post in (NEW, STANDING)]
    await given(storage, *of_campaign, JOINING, SCHEDULE, JOINING_SCHEDULE)

    async with storage.unit_of_work() as work:
        await step(work)
        pausing = asyncio.create_task(pause(holds, hold))
        await until_waiting(tables, pausing)
        await work.commit()
    await pausing

    assert await pool.fetchval(WRONGLY_HELD) == 0


@pytest.mark.slow
async def test_a_pause_waits_for_whoever_holds_on_to_its_brand(
    pool: Pool, storage: PostgresStorage, holds: PostgresHolds
) -> None:
    """Such as ten thousand posts that are just being scheduled, on a machine that is busy."""
    await given(storage, a_brand())
    [schedule] = await given_due(storage, 1)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        await connection.execute("SELECT FROM brands WHERE brand_id = $1 FOR SHARE", BRAND_ID)
        pausing = asyncio.ensure_future(holds.place(Hold.BRAND_PAUSED, BRAND_ID))
        await until_it_waits_again(pool, pausing)
    await pausing

    async with storage.reading() as stored:
        assert (await stored.schedules.get(schedule.schedule_id)).holds == {Hold.BRAND_PAUSED}


async def until_it_waits_again(pool: Pool, waiter: asyncio.Future[None]) -> None:
    """Return once it has waited in vain for as long as one waits for a lock, and begun anew."""
    began = set[object]()
    async with asyncio.timeout(4 * MOST_SECONDS):
        while len(began) < 2:
            assert not waiter.done()
            began |= {row["query_start"] for row in await pool.fetch(WAITS_SINCE)}
            await a_moment()


async def until_both_wait_or_one_has_ended(pool: Pool, other: asyncio.Future[None]) -> None:
    async with asyncio.timeout(MOST_SECONDS):
        while not other.done() and await pool.fetchval(WAITING) < 2:  # noqa: ASYNC110  # only the database knows
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("hold", PAUSED)
async def test_whoever_resumes_while_somebody_else_is_still_pausing_has_the_last_word(
    pool: Pool, storage: PostgresStorage, tables: AsyncEngine, holds: PostgresHolds, hold: Hold
) -> None:
    schedules = await given_due(storage, 3, campaign_id=CAMPAIGN_ID)

    async with storage.unit_of_work() as work:
        await work.bookings.lock_current(schedules[1].post_id)
        pausing = asyncio.create_task(pause(holds, hold))
        await until_waiting(tables, pausing)
        resuming = asyncio.create_task(resume(holds, hold))
        await until_both_wait_or_one_has_ended(pool, resuming)
    await asyncio.gather(pausing, resuming)

    assert await pool.fetchval(WRONGLY_HELD) == 0


async def test_two_who_schedule_one_campaign_on_different_platforms_at_once_both_succeed(
    storage: PostgresStorage, zones: ZoneCatalog
) -> None:
    scheduling = CampaignScheduling(
        storage=storage,
        schedulers={SchedulerKind.NAIVE: NaiveScheduler()},
        zones=zones,
        clock=FrozenClock(NOW),
        new_id=uuid4,
        horizon=FAR_AHEAD - NOW,
        quota=Quota(1_000_000, monotonic=time.monotonic),
    )
    for _ in range(20):
        campaign = a_campaign(campaign_id=new_id())
        posts = [
            a_post(campaign_id=campaign.campaign_id, platform=platform)
            for platform in (Platform.TWITTER, Platform.LINKEDIN)
            for _ in range(5)
        ]
        await given(storage, campaign, *posts)

        scheduled = await asyncio.gather(
            *(
                scheduling.schedule(campaign.campaign_id, kind=SchedulerKind.NAIVE, platforms={platform})
                for platform in (Platform.TWITTER, Platform.LINKEDIN)
            )
        )

        assert [len(schedules) for schedules, _ in scheduled] == [5, 5]
        async with storage.reading() as stored:
            assert (await stored.campaigns.get(campaign.campaign_id)).status is CampaignStatus.SCHEDULED
