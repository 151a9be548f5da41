"""A post is scheduled without a lock, and yet as if nobody had been at it meanwhile: whatever changes between the look
and what is made of it, and whoever is in the middle of a change."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.post_bookings import PostgresPostBookings
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.postgres.unit_of_work import PostgresUnitOfWork
from marketmind_scheduler.application.asked_times import AskedTime
from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.application.policies import Policies
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import (
    AlreadyPublished,
    AlreadyScheduled,
    Deleted,
    PolicyViolated,
    PostNotFound,
    SchedulerError,
    ZoneRulesOutdated,
)
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import Rolling
from marketmind_scheduler.domain.rules.policy import MinGap, QuietHours
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.post_bookings import Look
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, a_schedule, given, new_id
from tests.contracts.waiting import until_waiting
from tests.fakes.clock import FrozenClock
from tests.postgres import given as over_postgres
from tests.postgres.given import FAR_AHEAD, WRONGLY_HELD, few_at_once, some_posts
from tests.stored import TestedStorage

POST = a_post(campaign_id=CAMPAIGN_ID, platform=Platform.LINKEDIN)
OTHER_BRAND, OTHER_CAMPAIGN = new_id(), new_id()
EVENING = AskedTime(text="2027-03-17T19:00:00", zone=None)
SEVEN_PM, SEVEN_PM_IN_BERLIN = datetime(2027, 3, 18, 2, tzinfo=UTC), datetime(2027, 3, 17, 18, tzinfo=UTC)
QUIET = (QuietHours(begin=time(18), end=time(7)),)
FORGOTTEN = "INSERT INTO forgotten_schedules VALUES ($1, $2, 'COMPLETED', false)"
MOVED = "UPDATE posts SET brand_id = $2, campaign_id = NULL WHERE post_id = $1"
ON_TIKTOK = "UPDATE posts SET platform = 'TIKTOK' WHERE post_id = $1"

Meanwhile = Callable[["Service"], Awaitable[object]]


class Service:
    """Whoever else is at work on the same storage."""

    def __init__(self, storage: TestedStorage, zones: ZoneCatalog) -> None:
        self.storage = storage
        self.pool = storage.pool
        self.holds = PostgresHolds(storage.pool)
        self.policies = Policies(storage=storage, zones=zones, clock=FrozenClock(NOW))
        self.deleting = Deleting(storage=storage, clock=FrozenClock(NOW))


class Looking(PostgresUnitOfWork):
    """What was opened, with these bookings."""

    def __init__(self, opened: PostgresUnitOfWork, bookings: PostgresPostBookings) -> None:
        super().__init__(opened.on, opened.reach, opened.known_releases, opened.actor)
        self.commit, self.in_turn = opened.commit, opened.in_turn
        self._bookings = bookings

    @property
    def post_bookings(self) -> PostgresPostBookings:
        return self._bookings


class Interrupted(PostgresStorage):
    """A storage where something happens once, right after the first look at a post."""

    def __init__(self, service: Service, meanwhile: Meanwhile) -> None:
        super().__init__(service.pool)
        self._pool_of_others = service
        self._meanwhile: Meanwhile | None = meanwhile

    @asynccontextmanager
    async def at_once(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with super().at_once() as work:
            bookings = work.post_bookings
            look = bookings.look

            async def looked(post_id: UUID) -> Look:
                seen = await look(post_id)
                if (meanwhile := self._meanwhile) is not None:
                    self._meanwhile = None
                    await meanwhile(self._pool_of_others)
                return seen

            bookings.look = looked
            yield Looking(work, bookings)


@pytest.fixture
async def service(storage: TestedStorage, zones: ZoneCatalog) -> Service:
    """With a post of a campaign, on a platform without a cap that binds."""
    other = a_brand(brand_id=OTHER_BRAND)
    await given(storage, a_brand(), a_campaign(), a_campaign(campaign_id=OTHER_CAMPAIGN), other, POST)
    return Service(storage, zones)


@pytest.fixture
def scheduling(service: Service, zones: ZoneCatalog) -> PostScheduling:
    single = over_postgres.post_scheduling(service.storage, zones)
    return replace(single, clock=FrozenClock(NOW))


async def schedule(scheduling: PostScheduling) -> Schedule:
    made, _ = await scheduling.schedule(POST.post_id, EVENING, allow_repost=False)
    return made


async def a_paused_campaign(service: Service) -> None:
    await service.holds.place(Hold.CAMPAIGN_PAUSED, OTHER_CAMPAIGN)
    await given(service.storage, replace(POST, campaign_id=OTHER_CAMPAIGN))


def changed(statement: str, *parameters: object) -> Meanwhile:
    return lambda service: service.pool.execute(statement, POST.post_id, *parameters)


def stands(status: ScheduleStatus) -> Meanwhile:
    return lambda service: given(service.storage, a_schedule(POST, status=status))


def zone_rules(release: str) -> Meanwhile:
    return lambda service: service.pool.execute("INSERT INTO tz_releases VALUES ($1, now())", release)


def deleted(noun: Noun, object_id: UUID) -> Meanwhile:
    return lambda service: service.deleting.delete(Doomed(noun, object_id))


REFUSED: dict[str, tuple[Meanwhile, type[SchedulerError]]] = {
    "the post is deleted": (deleted(Noun.POST, POST.post_id), Deleted),
    "its campaign is deleted": (deleted(Noun.CAMPAIGN, CAMPAIGN_ID), Deleted),
    "its brand is deleted": (deleted(Noun.BRAND, BRAND_ID), Deleted),
    "it is scheduled": (stands(ScheduleStatus.PENDING), AlreadyScheduled),
    "it is being sent": (stands(ScheduleStatus.PUBLISHING), AlreadyScheduled),
    "it is published": (stands(ScheduleStatus.COMPLETED), AlreadyPublished),
    "it is published and forgotten": (
        lambda service: service.pool.execute(FORGOTTEN, new_id(), POST.post_id),
        AlreadyPublished,
    ),
    "newer zone rules are used": (zone_rules("2999a"), ZoneRulesOutdated),
    "a policy closes the time": (lambda service: service.policies.put(BRAND_ID, QUIET), PolicyViolated),
}


@pytest.mark.parametrize(("meanwhile", "refusal"), REFUSED.values(), ids=REFUSED)
async def test_what_came_meanwhile_refuses_it(
    service: Service, scheduling: PostScheduling, meanwhile: Meanwhile, refusal: type[SchedulerError]
) -> None:
    interrupted = replace(scheduling, storage=Interrupted(service, meanwhile))

    with pytest.raises(refusal):
        await interrupted.schedule(POST.post_id, replace(EVENING, text="2027-03-17T20:00:00"), allow_repost=False)


ALLOWED: dict[str, tuple[Meanwhile, Callable[[Schedule], object], object]] = {
    "its brand is paused": (
        lambda service: service.holds.place(Hold.BRAND_PAUSED, BRAND_ID),
        lambda made: made.holds,
        {Hold.BRAND_PAUSED},
    ),
    "its campaign is paused": (
        lambda service: service.holds.place(Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID),
        lambda made: made.holds,
        {Hold.CAMPAIGN_PAUSED},
    ),
    "it joins a campaign that is paused": (a_paused_campaign, lambda made: made.holds, {Hold.CAMPAIGN_PAUSED}),
    "its brand gets another zone": (
        lambda service: given(service.storage, a_brand(default_zone="Europe/Berlin")),
        lambda made: made.publish_time,
        SEVEN_PM_IN_BERLIN,
    ),
    "it goes to another brand": (changed(MOVED, OTHER_BRAND), lambda made: made.brand_id, OTHER_BRAND),
    "it goes to another platform": (changed(ON_TIKTOK), lambda made: made.platform, Platform.TIKTOK),
    "the same zone rules are used": (zone_rules("2020a"), lambda made: made.publish_time, SEVEN_PM),
    "a policy leaves the time open": (
        lambda service: service.policies.put(BRAND_ID, (MinGap(minutes=5),)),
        lambda made: made.publish_time,
        SEVEN_PM,
    ),
    "an earlier schedule of it failed": (
        stands(ScheduleStatus.FAILED),
        lambda made: made.status,
        ScheduleStatus.PENDING,
    ),
}


@pytest.mark.parametrize(("meanwhile", "shown", "right"), ALLOWED.values(), ids=ALLOWED)
async def test_it_is_made_as_things_are_by_then(
    service: Service,
    scheduling: PostScheduling,
    meanwhile: Meanwhile,
    shown: Callable[[Schedule], object],
    right: object,
) -> None:
    interrupted = replace(scheduling, storage=Interrupted(service, meanwhile))

    made = await schedule(interrupted)

    assert shown(made) == right
    assert made == await scheduling.get(POST.post_id)


async def test_the_same_request_that_came_meanwhile_made_it(service: Service, scheduling: PostScheduling) -> None:
    first: list[Schedule] = []

    async def the_same(_: Service) -> None:
        first.append(await schedule(scheduling))

    again = await replace(scheduling, storage=Interrupted(service, the_same)).schedule(
        POST.post_id, EVENING, allow_repost=False
    )

    assert again == (first[0], False)


async def test_a_gap_that_a_policy_asks_for_meanwhile_is_kept_to_what_stands(
    service: Service, scheduling: PostScheduling
) -> None:
    neighbour = a_post(platform=POST.platform)
    await given(service.storage, neighbour)
    await scheduling.schedule(neighbour.post_id, EVENING, allow_repost=False)

    with pytest.raises(PolicyViolated):
        await schedule(
            replace(
                scheduling, storage=Interrupted(service, lambda each: each.policies.put(BRAND_ID, (MinGap(minutes=5),)))
            )
        )


async def test_a_cap_that_a_brand_gets_meanwhile_counts(service: Service, scheduling: PostScheduling) -> None:
    neighbour = a_post(platform=POST.platform)
    await given(service.storage, neighbour)
    await scheduling.schedule(neighbour.post_id, EVENING, allow_repost=False)

    async def capped(service: Service) -> None:
        await service.policies.put_cap(
            BRAND_ID, POST.platform, limit=1, window=Rolling(timedelta(days=1)), reason="young"
        )

    with pytest.raises(PolicyViolated):
        await schedule(replace(scheduling, storage=Interrupted(service, capped)))


async def test_a_policy_that_is_being_written_is_waited_for(
    service: Service, scheduling: PostScheduling, tables: AsyncEngine
) -> None:
    async with service.storage.unit_of_work() as work:
        await work.lanes.lock_brand(BRAND_ID)
        known = await work.policies.get(BRAND_ID)
        await work.policies.add(replace(known, version=1, rules=QUIET, updated_at=NOW))
        waiter = asyncio.create_task(schedule(scheduling))
        await until_waiting(tables, waiter)
        await work.commit()

    with pytest.raises(PolicyViolated):
        await waiter


async def test_a_cap_that_is_being_taken_back_is_waited_for(
    service: Service, scheduling: PostScheduling, tables: AsyncEngine
) -> None:
    async with service.storage.unit_of_work() as work:
        await work.lanes.lock_brand(BRAND_ID)
        await work.policies.set_cap(BRAND_ID, POST.platform, None, at=NOW)
        waiter = asyncio.create_task(schedule(scheduling))
        await until_waiting(tables, waiter)
        await work.commit()

    assert (await waiter).publish_time == SEVEN_PM


async def test_a_post_that_is_being_changed_is_waited_for(
    service: Service, scheduling: PostScheduling, tables: AsyncEngine
) -> None:
    async with service.storage.unit_of_work() as work:
        await work.posts.save([replace(POST, title="New", updated_at=NOW + timedelta(days=1))])
        waiter = asyncio.create_task(schedule(scheduling))
        await until_waiting(tables, waiter)
        await work.commit()

    assert (await waiter).title == "New"


async def test_whoever_may_not_see_it_does_not_even_wait_for_it(service: Service, scheduling: PostScheduling) -> None:
    out_of_reach = replace(scheduling, storage=service.storage.within(Reach(frozenset({OTHER_BRAND}))))

    async with service.storage.unit_of_work() as work:
        await work.posts.lock(POST.post_id)
        with pytest.raises(PostNotFound):
            await schedule(out_of_reach)


async def test_many_posts_of_one_lane_do_not_wait_for_each_other(
    service: Service, scheduling: PostScheduling, pool: Pool
) -> None:
    neighbour = a_post(platform=POST.platform)
    await given(service.storage, neighbour)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM posts WHERE post_id = $1 FOR NO KEY UPDATE", neighbour.post_id)
        await connection.execute("SELECT FROM brands WHERE brand_id = $1 FOR SHARE", BRAND_ID)

        assert (await schedule(scheduling)).publish_time == SEVEN_PM


async def test_beside_pauses_of_its_brand_and_campaign_every_one_is_held_exactly_if_they_are(
    service: Service, scheduling: PostScheduling, pool: Pool
) -> None:
    posts = some_posts(200, campaign_id=CAMPAIGN_ID, platform=POST.platform)
    await given(service.storage, *posts)
    paused = {Hold.BRAND_PAUSED: BRAND_ID, Hold.CAMPAIGN_PAUSED: CAMPAIGN_ID}

    async def pauses() -> None:
        for _ in range(5):
            for hold, of in paused.items():
                await service.holds.place(hold, of)
                await service.holds.lift(hold, of, paces=PACES)
        for hold, of in paused.items():
            await service.holds.place(hold, of)

    at = over_postgres.asked(FAR_AHEAD - timedelta(days=1))
    far = replace(scheduling, horizon=FAR_AHEAD - NOW)
    await asyncio.gather(pauses(), few_at_once(posts, lambda post: far.schedule(post.post_id, at, allow_repost=False)))

    assert await pool.fetchval(WRONGLY_HELD) == 0


async def test_beside_policies_that_come_and_go_nothing_is_made_that_the_one_before_forbids(
    service: Service, scheduling: PostScheduling
) -> None:
    """Whoever puts a policy hears how many break it, so nobody may slip in behind."""
    posts = some_posts(200, platform=POST.platform)
    await given(service.storage, *posts)
    counted: list[int] = []

    async def puts() -> None:
        _, breaking = await service.policies.put(BRAND_ID, QUIET)
        counted.append(breaking)

    async def scheduled(post_id: UUID) -> None:
        if post_id == posts[40].post_id:
            await puts()
        try:
            await scheduling.schedule(post_id, EVENING, allow_repost=False)
        except PolicyViolated:
            return

    await few_at_once(posts, lambda post: scheduled(post.post_id))

    assert counted == [len(await service.policies.breaking(BRAND_ID))]
