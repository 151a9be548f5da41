"""A brand may have so many schedules ahead and no more, at the price of a count now and then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.domain.errors import QuotaExceeded
from marketmind_scheduler.domain.schedule import ScheduleStatus
from tests.builders import BRAND_ID, NOW, a_brand, a_post, a_schedule, a_slot, given, new_id
from tests.fakes.clock import FrozenClock, Ticking
from tests.fakes.storage import InMemoryStorage
from tests.stored import cancel_pending

AHEAD, PAST = a_slot("2027-03-17T19:00"), a_slot("2027-02-01T19:00")


@pytest.fixture
def storage() -> InMemoryStorage:
    return InMemoryStorage(FrozenClock(NOW))


async def has_ahead(storage: InMemoryStorage, count: int) -> None:
    posts = [a_post() for _ in range(count)]
    await given(storage, a_brand(), *posts, *(a_schedule(post, slot=AHEAD) for post in posts))


async def check(quota: Quota, storage: InMemoryStorage, adding: int) -> None:
    async with storage.reading() as stored:
        await quota.check(stored.schedules, BRAND_ID, adding=adding, now=NOW)


async def test_as_many_as_the_quota_are_let_in_and_one_more_is_not(storage: InMemoryStorage) -> None:
    await has_ahead(storage, 3)

    await check(Quota(5, monotonic=Ticking()), storage, adding=2)
    with pytest.raises(QuotaExceeded) as refused:
        await check(Quota(5, monotonic=Ticking()), storage, adding=3)

    assert refused.value.details == {"brand_id": BRAND_ID, "ahead": 3, "adding": 3, "most": 5}


async def test_what_was_let_in_counts_though_nobody_counts_it(storage: InMemoryStorage) -> None:
    quota = Quota(5, monotonic=Ticking())

    for _ in range(5):
        await check(quota, storage, adding=1)
        await has_ahead(storage, 1)

    with pytest.raises(QuotaExceeded):
        await check(quota, storage, adding=1)


async def test_what_others_add_counts_after_ten_seconds(storage: InMemoryStorage) -> None:
    ticking = Ticking()
    quota = Quota(5, monotonic=ticking)
    await check(quota, storage, adding=1)
    await has_ahead(storage, 5)

    ticking.seconds += 9.9
    await check(quota, storage, adding=1)
    ticking.seconds += 0.1
    with pytest.raises(QuotaExceeded):
        await check(quota, storage, adding=1)


async def test_only_what_is_active_and_ahead_counts(storage: InMemoryStorage) -> None:
    await has_ahead(storage, 1)
    past, cancelled, other = a_post(), a_post(), a_post(brand_id=new_id())
    await given(
        storage,
        a_brand(brand_id=other.brand_id),
        *(past, cancelled, other),
        a_schedule(past, slot=PAST),
        replace(a_schedule(cancelled, slot=AHEAD), status=ScheduleStatus.CANCELLED),
        a_schedule(other, slot=AHEAD),
    )

    await check(Quota(2, monotonic=Ticking()), storage, adding=1)


async def test_cancelling_makes_room(storage: InMemoryStorage) -> None:
    quota = Quota(1, monotonic=Ticking())
    post = a_post()
    schedule = a_schedule(post, slot=AHEAD)
    await given(storage, a_brand(), post, schedule)
    with pytest.raises(QuotaExceeded):
        await check(quota, storage, adding=1)

    async with storage.unit_of_work() as work:
        await cancel_pending(work, [schedule.schedule_id], now=NOW + timedelta(minutes=1))
        await work.commit()

    await check(quota, storage, adding=1)
