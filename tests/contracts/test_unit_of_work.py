"""What Storage and UnitOfWork promise, but for what takes two at once."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from marketmind_scheduler.domain.errors import CampaignNotFound, StorageUnavailable
from marketmind_scheduler.domain.lifecycle import move
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import LostRace, Repositories, Storage, UnitOfWork
from tests.builders import (
    BRAND_ID,
    CAMPAIGN_ID,
    NOW,
    a_brand,
    a_campaign,
    a_post,
    a_schedule,
    a_slot,
    given,
    new_id,
)
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage
from tests.stored import cancel_pending, cancel_pending_of_campaign

POST = a_post(campaign_id=CAMPAIGN_ID)
OTHER_POST = a_post(campaign_id=CAMPAIGN_ID)
SCHEDULE_ID = new_id()


def schedule() -> Schedule:
    return a_schedule(POST, schedule_id=SCHEDULE_ID)


async def everything(repositories: Repositories) -> Sequence[object]:
    return (
        await repositories.brands.list(limit=10, after=None),
        await repositories.campaigns.list(brand_id=None, status=None, limit=10, after=None),
        await repositories.posts.list(brand_id=None, campaign_id=None, platform=None, limit=10, after=None),
        await repositories.schedules.list(ScheduleFilter(), limit=10, after=None),
        await repositories.tz_releases.newest(),
    )


async def stored_in(storage: Storage) -> Sequence[object]:
    async with storage.reading() as stored:
        return await everything(stored)


CHANGES: dict[str, Callable[[UnitOfWork], Awaitable[object]]] = {
    "a brand is replaced": lambda work: work.brands.save(a_brand(name="New")),
    "a brand is new": lambda work: work.brands.save(a_brand(brand_id=new_id())),
    "a campaign is replaced": lambda work: work.campaigns.save(a_campaign(name="New")),
    "a status follows": lambda work: work.campaigns.follow_schedules(CAMPAIGN_ID),
    "posts are replaced and new": lambda work: work.posts.save([a_post(post_id=POST.post_id, title="New"), a_post()]),
    "schedules are added": lambda work: work.bookings.add([a_schedule(OTHER_POST)]),
    "a schedule is moved": lambda work: work.bookings.move(move(schedule(), a_slot("2027-04-01T19:00"), now=NOW)),
    "schedules are cancelled": lambda work: cancel_pending(work, [SCHEDULE_ID], now=NOW),
    "a release is used": lambda work: work.tz_releases.add("2026f", now=NOW),
    "a campaign is cancelled": lambda work: cancel_pending_of_campaign(work, CAMPAIGN_ID, now=NOW),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_leaving_without_commit_leaves_nothing_behind(
    storage: Storage, change: Callable[[UnitOfWork], Awaitable[object]]
) -> None:
    await given(storage, a_brand(), a_campaign(), POST, OTHER_POST, schedule())
    before = await stored_in(storage)

    async with storage.unit_of_work() as work:
        await change(work)
        assert await everything(work) != before

    assert await stored_in(storage) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_what_is_committed_stays_and_is_seen_no_sooner(
    storage: Storage, change: Callable[[UnitOfWork], Awaitable[object]]
) -> None:
    await given(storage, a_brand(), a_campaign(), POST, OTHER_POST, schedule())
    before = await stored_in(storage)

    async with storage.unit_of_work() as work:
        await change(work)
        inside = await everything(work)
        meanwhile = await stored_in(storage)
        await work.commit()

    assert meanwhile == before
    assert await stored_in(storage) == inside != before


@pytest.mark.parametrize("error", [CampaignNotFound(CAMPAIGN_ID), ValueError("a bug")])
async def test_an_error_on_the_way_leaves_nothing_behind(storage: Storage, error: Exception) -> None:
    async def fail_half_way() -> None:
        async with storage.unit_of_work() as work:
            await work.brands.save(a_brand())
            raise error

    with pytest.raises(type(error)):
        await fail_half_way()

    async with storage.reading() as stored:
        assert await stored.brands.find(BRAND_ID) is None


async def test_a_lost_race_takes_all_of_the_unit_of_work_with_it(storage: Storage) -> None:
    await given(storage, a_brand(), a_campaign(), POST, schedule())

    async def replace_and_add() -> None:
        async with storage.unit_of_work() as work:
            await work.brands.save(a_brand(name="New"))
            await work.bookings.add([a_schedule(POST)])
            await work.commit()

    with pytest.raises(LostRace):
        await replace_and_add()

    async with storage.reading() as stored:
        assert (await stored.brands.get(BRAND_ID)).content.name == a_brand().content.name


async def test_reading_sees_at_each_call_what_is_committed_then(storage: Storage) -> None:
    async with storage.reading() as stored:
        before = await stored.brands.find(BRAND_ID)
        await given(storage, a_brand())
        after = await stored.brands.find(BRAND_ID)

    assert (before, after) == (None, a_brand())


def test_a_lost_race_is_one_way_of_being_unavailable() -> None:
    assert issubclass(LostRace, StorageUnavailable)
    assert LostRace.code == "storage_unavailable"


async def test_the_storage_in_memory_lets_one_of_two_at_once_lose_the_race() -> None:
    storage = InMemoryStorage(FrozenClock(NOW))

    async with storage.unit_of_work() as work:
        await given(storage, a_brand(name="Sooner"))
        await work.brands.save(a_brand(name="Later"))
        with pytest.raises(LostRace):
            await work.commit()

    async with storage.reading() as stored:
        assert (await stored.brands.get(BRAND_ID)).content.name == "Sooner"


async def test_the_storage_in_memory_knows_whether_a_unit_of_work_is_open() -> None:
    storage = InMemoryStorage(FrozenClock(NOW))

    async with storage.reading():
        while_reading = storage.has_open_unit_of_work
    async with storage.unit_of_work() as work:
        await work.commit()
        while_writing = storage.has_open_unit_of_work

    assert not while_reading
    assert while_writing
    assert not storage.has_open_unit_of_work
