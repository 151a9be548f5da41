"""What the storage promises to several units of work at once, and when the database cannot be used; on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from socket import create_server
from time import monotonic
from typing import TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.domain.lifecycle import move
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.storage import LostRace, UnitOfWork
from tests.builders import BRAND_ID, CAMPAIGN_ID, NOW, a_brand, a_campaign, a_post, a_schedule, a_slot, given, new_id
from tests.contracts.waiting import until_waiting
from tests.stored import as_cancelled, cancel_pending, cancel_pending_of_campaign

T = TypeVar("T")
Step = Callable[[UnitOfWork], Awaitable[T]]

ALL = frozenset(Platform)
POST, OTHER_POST = a_post(campaign_id=CAMPAIGN_ID), a_post(campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK)
SCHEDULE_ID, NEW_ID = new_id(), new_id()
MOST_SECONDS = 5

POST_LOCKS: dict[str, Step[object]] = {
    "lock": lambda work: work.posts.lock(POST.post_id),
    "lock_of_campaign": lambda work: work.posts.lock_of_campaign(CAMPAIGN_ID, platforms={Platform.TWITTER}),
}
SCHEDULE_LOCKS: dict[str, Step[object]] = {
    "lock": lambda work: work.bookings.lock(SCHEDULE_ID),
    "lock_current": lambda work: work.bookings.lock_current(POST.post_id),
}
SCHEDULE_CHANGES: dict[str, Step[object]] = {
    **SCHEDULE_LOCKS,
    "cancel_pending": lambda work: cancel_pending(work, [SCHEDULE_ID], now=NOW),
    "cancel_pending_of_campaign": lambda work: cancel_pending_of_campaign(work, CAMPAIGN_ID, now=NOW),
    "move": lambda work: work.bookings.move(move(schedule(), a_slot("2027-03-20T19:00"), now=NOW)),
}


def schedule() -> Schedule:
    return a_schedule(POST, schedule_id=SCHEDULE_ID)


async def in_a_unit_of_work(storage: PostgresStorage, step: Step[T]) -> T:
    async with storage.unit_of_work() as work:
        outcome = await step(work)
        await work.commit()
    return outcome


async def add(storage: PostgresStorage, post: Post) -> None:
    await in_a_unit_of_work(storage, lambda work: work.bookings.add([a_schedule(post)]))


async def active_of(storage: PostgresStorage, post: Post) -> list[Schedule]:
    async with storage.reading() as stored:
        return [each for each in await stored.schedules.standing_of_post(post.post_id) if each.is_active]


@pytest.fixture
async def storage(postgres: PostgresStorage) -> PostgresStorage:
    """PostgreSQL with a campaign of two posts."""
    await given(postgres, a_brand(), a_campaign(), POST, OTHER_POST)
    return postgres


@pytest.mark.parametrize("waits", POST_LOCKS.values(), ids=POST_LOCKS.keys())
@pytest.mark.parametrize("holds", POST_LOCKS.values(), ids=POST_LOCKS.keys())
async def test_a_locked_post_makes_others_wait_until_the_end(
    storage: PostgresStorage, tables: AsyncEngine, holds: Step[object], waits: Step[object]
) -> None:
    async with storage.unit_of_work() as work:
        await holds(work)
        waiter = asyncio.create_task(in_a_unit_of_work(storage, waits))
        await until_waiting(tables, waiter)

    assert await waiter


@pytest.mark.parametrize("waits", SCHEDULE_CHANGES.values(), ids=SCHEDULE_CHANGES.keys())
@pytest.mark.parametrize("locks", SCHEDULE_LOCKS.values(), ids=SCHEDULE_LOCKS.keys())
async def test_a_locked_schedule_is_changed_by_nobody_else_until_the_end(
    storage: PostgresStorage, tables: AsyncEngine, locks: Step[object], waits: Step[object]
) -> None:
    await given(storage, schedule())

    async with storage.unit_of_work() as work:
        await locks(work)
        waiter = asyncio.create_task(in_a_unit_of_work(storage, waits))
        await until_waiting(tables, waiter)

    await waiter


async def test_a_unit_of_work_that_is_cancelled_leaves_nothing_behind_and_frees_its_locks(
    storage: PostgresStorage,
) -> None:
    holds_the_lock = asyncio.Event()

    async def never_end(work: UnitOfWork) -> None:
        await work.posts.lock(POST.post_id)
        await work.bookings.add([schedule()])
        holds_the_lock.set()
        await asyncio.Event().wait()

    abandoned = asyncio.create_task(in_a_unit_of_work(storage, never_end))
    await holds_the_lock.wait()

    abandoned.cancel()

    with pytest.raises(asyncio.CancelledError):
        await abandoned
    await in_a_unit_of_work(storage, POST_LOCKS["lock"])
    assert not await active_of(storage, POST)


async def test_a_lock_is_for_one_post_and_leaves_the_others_free(storage: PostgresStorage) -> None:
    async with storage.unit_of_work() as work:
        await work.posts.lock(POST.post_id)

        await add(storage, OTHER_POST)

    assert await active_of(storage, OTHER_POST)


async def test_nobody_who_only_reads_waits_for_a_lock(storage: PostgresStorage) -> None:
    await given(storage, schedule())

    async with storage.unit_of_work() as work, storage.reading() as stored:
        await work.posts.lock(POST.post_id)
        await work.bookings.lock_current(POST.post_id)
        await cancel_pending(work, [SCHEDULE_ID], now=NOW)

        assert await stored.posts.get(POST.post_id)
        assert await stored.schedules.find_current(POST.post_id) == schedule()


async def test_whoever_waited_for_a_post_sees_the_schedule_that_was_added_meanwhile(
    storage: PostgresStorage, tables: AsyncEngine
) -> None:
    async def lock_and_look(work: UnitOfWork) -> object:
        await work.posts.lock(POST.post_id)
        return await work.schedules.standing_of_post(POST.post_id)

    async with storage.unit_of_work() as work:
        await work.posts.lock(POST.post_id)
        await work.bookings.add([schedule()])
        waiter = asyncio.create_task(in_a_unit_of_work(storage, lock_and_look))
        await until_waiting(tables, waiter)
        await work.commit()

    assert await waiter == [schedule()]


@pytest.mark.parametrize("locks", SCHEDULE_LOCKS.values(), ids=SCHEDULE_LOCKS.keys())
async def test_whoever_waited_for_a_schedule_sees_how_it_was_changed_meanwhile(
    storage: PostgresStorage, tables: AsyncEngine, locks: Step[object]
) -> None:
    await given(storage, schedule())

    async with storage.unit_of_work() as work:
        await work.bookings.lock_current(POST.post_id)
        await cancel_pending(work, [SCHEDULE_ID], now=NOW)
        waiter = asyncio.create_task(in_a_unit_of_work(storage, locks))
        await until_waiting(tables, waiter)
        await work.commit()

    assert await waiter == as_cancelled(schedule(), now=NOW)


async def test_whoever_waited_for_the_post_finds_the_schedule_that_took_the_place_of_another(
    storage: PostgresStorage, tables: AsyncEngine
) -> None:
    replacement = a_schedule(POST)
    await given(storage, schedule())

    async def lock_post_and_current(work: UnitOfWork) -> object:
        await work.posts.lock(POST.post_id)
        return await work.bookings.lock_current(POST.post_id)

    async with storage.unit_of_work() as work:
        await work.posts.lock_of_campaign(CAMPAIGN_ID, platforms=ALL)
        await cancel_pending(work, [SCHEDULE_ID], now=NOW)
        await work.bookings.add([replacement])
        waiter = asyncio.create_task(in_a_unit_of_work(storage, lock_post_and_current))
        await until_waiting(tables, waiter)
        await work.commit()

    assert await waiter == replacement


async def lock_and_find_brand(work: UnitOfWork) -> object:
    await work.brands.lock(BRAND_ID)
    return await work.brands.find(BRAND_ID)


async def lock_and_find_campaign(work: UnitOfWork) -> object:
    await work.campaigns.lock(CAMPAIGN_ID)
    return await work.campaigns.find(CAMPAIGN_ID)


@pytest.mark.parametrize("find", [lock_and_find_brand, lock_and_find_campaign])
async def test_whoever_waited_for_a_brand_or_a_campaign_finds_it_as_it_was_changed_meanwhile(
    storage: PostgresStorage, tables: AsyncEngine, find: Step[object]
) -> None:
    changed = a_brand(name="New"), a_campaign(name="New", post_count=2)

    async with storage.unit_of_work() as work:
        await work.brands.lock(BRAND_ID)  # as everybody does who changes it
        await find(work)
        waiter = asyncio.create_task(in_a_unit_of_work(storage, find))
        await until_waiting(tables, waiter)
        await work.brands.save(changed[0])
        await work.campaigns.save(changed[1])
        await work.commit()

    assert await waiter in changed


ADDITIONS: dict[str, Step[object]] = {
    "brand": lambda work: work.brands.add(a_brand(brand_id=NEW_ID)),
    "campaign": lambda work: work.campaigns.add(a_campaign(campaign_id=NEW_ID)),
    "post": lambda work: work.posts.add(a_post(post_id=NEW_ID)),
}


@pytest.mark.parametrize("add_one", ADDITIONS.values(), ids=ADDITIONS.keys())
async def test_of_two_who_add_the_same_the_second_loses_the_race(
    storage: PostgresStorage, tables: AsyncEngine, add_one: Step[object]
) -> None:
    async with storage.unit_of_work() as work:
        await add_one(work)
        second = asyncio.create_task(in_a_unit_of_work(storage, add_one))
        await until_waiting(tables, second)
        await work.commit()

    with pytest.raises(LostRace):
        await second


async def test_a_post_registered_meanwhile_for_another_brand_is_a_lost_race(
    storage: PostgresStorage, tables: AsyncEngine
) -> None:
    other_brand = a_brand(brand_id=new_id())
    other_campaign = a_campaign(campaign_id=new_id(), brand_id=other_brand.brand_id)
    await given(storage, other_brand, other_campaign)
    mine = a_post(campaign_id=CAMPAIGN_ID)
    theirs = replace(mine, brand_id=other_brand.brand_id, campaign_id=other_campaign.campaign_id)

    async with storage.unit_of_work() as work:
        await work.posts.save([mine])
        second = asyncio.create_task(in_a_unit_of_work(storage, lambda other: other.posts.save([theirs])))
        await until_waiting(tables, second)
        await work.commit()

    with pytest.raises(LostRace):
        await second


@pytest.mark.parametrize("cancels", ["cancel_pending", "cancel_pending_of_campaign"])
async def test_what_was_cancelled_meanwhile_is_not_cancelled_again(
    storage: PostgresStorage, tables: AsyncEngine, cancels: str
) -> None:
    await given(storage, schedule())

    async with storage.unit_of_work() as work:
        await cancel_pending(work, [SCHEDULE_ID], now=NOW)
        waiter = asyncio.create_task(in_a_unit_of_work(storage, SCHEDULE_CHANGES[cancels]))
        await until_waiting(tables, waiter)
        await work.commit()

    assert not await waiter


async def test_of_two_who_add_a_schedule_for_one_post_the_second_loses_the_race(
    storage: PostgresStorage, tables: AsyncEngine
) -> None:
    async with storage.unit_of_work() as work:
        await work.bookings.add([schedule()])
        second = asyncio.create_task(add(storage, POST))
        await until_waiting(tables, second)
        await work.commit()

    with pytest.raises(LostRace):
        await second
    assert await active_of(storage, POST) == [schedule()]


async def test_of_two_who_add_a_schedule_for_one_post_the_second_succeeds_when_the_first_gives_up(
    storage: PostgresStorage, tables: AsyncEngine
) -> None:
    async with storage.unit_of_work() as work:
        await work.bookings.add([schedule()])
        second = asyncio.create_task(add(storage, POST))
        await until_waiting(tables, second)

    await second
    assert len(await active_of(storage, POST)) == 1


async def test_of_many_who_add_a_schedule_for_one_post_exactly_one_succeeds(storage: PostgresStorage) -> None:
    outcomes = await asyncio.gather(*(add(storage, POST) for _ in range(10)), return_exceptions=True)

    assert [type(each) for each in outcomes if each is not None] == [LostRace] * 9
    assert len(await active_of(storage, POST)) == 1


async def test_of_two_who_wait_for_each_other_one_loses_the_race(storage: PostgresStorage) -> None:
    both_hold_one = asyncio.Barrier(2)

    async def lock_both(first: Post, second: Post) -> None:
        async with storage.unit_of_work() as work:
            await work.posts.lock(first.post_id)
            await both_hold_one.wait()
            await work.posts.lock(second.post_id)
            await work.commit()

    outcomes = await asyncio.gather(lock_both(POST, OTHER_POST), lock_both(OTHER_POST, POST), return_exceptions=True)

    assert [type(each) for each in outcomes if each is not None] == [LostRace]


async def test_waiting_too_long_for_a_lock_makes_the_storage_unavailable(storage: PostgresStorage) -> None:
    began = monotonic()

    async with storage.unit_of_work() as work:
        await work.posts.lock(POST.post_id)
        with pytest.raises(StorageUnavailable) as waited:
            await in_a_unit_of_work(storage, POST_LOCKS["lock"])

    assert not isinstance(waited.value, LostRace)
    assert monotonic() - began < MOST_SECONDS


async def read(storage: PostgresStorage) -> None:
    async with storage.reading() as stored:
        await stored.posts.get(POST.post_id)


async def write(storage: PostgresStorage) -> None:
    await given(storage, a_brand())


@pytest.mark.parametrize("use", [read, write])
async def test_a_storage_that_nobody_serves_is_unavailable(use: Callable[[PostgresStorage], Awaitable[None]]) -> None:
    with closing(create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]

    async with open_pool(f"postgresql://nobody@127.0.0.1:{port}/nothing", size=1) as pool:
        with pytest.raises(StorageUnavailable):
            await use(PostgresStorage(pool))


async def test_a_storage_that_hangs_is_unavailable_within_five_seconds() -> None:
    began = monotonic()

    with closing(create_server(("127.0.0.1", 0))) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        async with open_pool(url, size=2) as pool:
            hanging = PostgresStorage(pool)
            outcomes = await asyncio.gather(read(hanging), write(hanging), return_exceptions=True)

    assert [type(each) for each in outcomes] == [StorageUnavailable, StorageUnavailable]
    assert monotonic() - began < MOST_SECONDS
