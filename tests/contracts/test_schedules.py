"""What ScheduleRepository promises."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.errors import UnknownSchedule
from marketmind_scheduler.domain.lifecycle import move
from marketmind_scheduler.domain.pacing import RETRIES
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, Schedule, ScheduleStatus
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Disambiguation
from marketmind_scheduler.domain.written_times import read_slot
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import LostRace, Storage
from tests.builders import (
    BRAND_ID,
    CAMPAIGN_ID,
    NOW,
    ZONE,
    a_brand,
    a_campaign,
    a_post,
    a_schedule,
    a_slot,
    given,
    new_id,
)
from tests.stored import as_cancelled, cancel_pending, cancel_pending_of_campaign

PENDING = ScheduleStatus.PENDING
COMPLETED = ScheduleStatus.COMPLETED
CANCELLED = ScheduleStatus.CANCELLED
FAILED = ScheduleStatus.FAILED
FINAL = frozenset(ScheduleStatus) - ACTIVE
ALL = frozenset(Platform)
LATER = NOW + timedelta(days=1)
OTHER_BRAND_ID = UUID(int=1)
OTHER_CAMPAIGN_ID = UUID(int=2)


async def find_current(storage: Storage, schedule: Schedule) -> Schedule | None:
    async with storage.reading() as stored:
        return await stored.schedules.find_current(schedule.post_id)


def ids(schedules: Sequence[Schedule]) -> Sequence[UUID]:
    return [each.schedule_id for each in schedules]


@pytest.mark.parametrize(
    ("text", "disambiguation"),
    [
        ("2027-03-17T19:00:00.123456", Disambiguation.REJECT),
        ("2027-03-18T02:00:00Z", Disambiguation.COMPATIBLE),
        ("2027-03-14T02:30:00", Disambiguation.EARLIER),
        ("2027-11-07T01:30:00", Disambiguation.LATER),
        ("2199-12-30T00:00:00[Asia/Tokyo]", Disambiguation.COMPATIBLE),
    ],
)
@pytest.mark.parametrize("scheduler", [None, SchedulerKind.NAIVE])
async def test_a_schedule_is_read_as_it_was_added(
    storage: Storage, zones: ZoneCatalog, text: str, disambiguation: Disambiguation, scheduler: SchedulerKind | None
) -> None:
    post = a_post(platform=Platform.YOUTUBE)
    slot = read_slot(text, zone=None, default_zone=ZONE, disambiguation=disambiguation, zones=zones)
    schedule = a_schedule(
        post,
        slot=slot,
        scheduler=scheduler,
        status=FAILED,
        retry_count=2,
        version=3,
        updated_at=LATER,
        external_id="t-1",
        error="Refused",
        retry_of=new_id(),
    )

    await given(storage, a_brand(), post, schedule)

    assert await find_current(storage, schedule) == schedule


async def test_a_schedule_is_locked_by_its_id_where_it_is_within_reach(storage: Storage) -> None:
    post = a_post()
    schedule = a_schedule(post)
    await given(storage, a_brand(), post, schedule)

    async with storage.unit_of_work() as work:
        assert await work.bookings.lock(schedule.schedule_id) == schedule
        with pytest.raises(UnknownSchedule):
            await work.bookings.lock(new_id())
    async with storage.within(Reach(frozenset({new_id()}))).unit_of_work() as work:
        with pytest.raises(UnknownSchedule):
            await work.bookings.lock(schedule.schedule_id)


async def test_many_schedules_are_added_at_once(storage: Storage) -> None:
    posts = [a_post() for _ in range(3)]
    schedules = [a_schedule(post) for post in posts]

    await given(storage, a_brand(), *posts, *schedules)

    async with storage.reading() as stored:
        assert await stored.schedules.list(ScheduleFilter(), limit=10, after=None) == schedules


@pytest.mark.parametrize("status", sorted(ACTIVE))
async def test_a_post_with_an_active_schedule_gets_no_second_one(storage: Storage, status: ScheduleStatus) -> None:
    taken, free = a_post(), a_post()
    active = a_schedule(taken, status=status)
    await given(storage, a_brand(), taken, free, active)

    with pytest.raises(LostRace):
        await given(storage, a_schedule(free), a_schedule(taken))

    async with storage.reading() as stored:
        assert await stored.schedules.list(ScheduleFilter(), limit=10, after=None) == [active]


async def test_a_post_gets_no_two_active_schedules_at_once(storage: Storage) -> None:
    post = a_post()
    await given(storage, a_brand(), post)

    with pytest.raises(LostRace):
        await given(storage, a_schedule(post), a_schedule(post))

    async with storage.reading() as stored:
        assert await stored.schedules.find_current(post.post_id) is None


@pytest.mark.parametrize("status", sorted(FINAL))
async def test_a_final_schedule_leaves_room_for_a_new_one(storage: Storage, status: ScheduleStatus) -> None:
    post = a_post()
    await given(storage, a_brand(), post, a_schedule(post, status=status))
    new = a_schedule(post)

    await given(storage, new)

    assert await find_current(storage, new) == new


@pytest.mark.parametrize(
    ("statuses", "current"),
    [
        ([PENDING], 0),
        ([CANCELLED], 0),
        ([CANCELLED, PENDING], 1),
        ([PENDING, COMPLETED], 0),
        ([ScheduleStatus.UNCONFIRMED, FAILED], 0),
        ([ScheduleStatus.PUBLISHING, ScheduleStatus.MISSED], 0),
        ([COMPLETED, CANCELLED, FAILED], 2),
    ],
)
async def test_the_current_schedule_is_the_active_one_else_the_most_recent(
    storage: Storage, statuses: list[ScheduleStatus], current: int
) -> None:
    post, other = a_post(), a_post()
    schedules = [a_schedule(post, status=status) for status in statuses]
    await given(storage, a_brand(), post, other, *reversed(schedules), a_schedule(other))

    async with storage.unit_of_work() as work:
        found = await work.schedules.find_current(post.post_id)
        locked = await work.bookings.lock_current(post.post_id)

    assert found == schedules[current]
    assert locked == schedules[current]


async def test_a_post_that_was_never_scheduled_has_no_current_schedule(storage: Storage) -> None:
    post, other = a_post(), a_post()
    await given(storage, a_brand(), post, other, a_schedule(other))

    async with storage.unit_of_work() as work:
        assert await work.schedules.find_current(post.post_id) is None
        assert await work.bookings.lock_current(post.post_id) is None
        assert not await work.schedules.standing_of_post(post.post_id)


STANDING: list[tuple[list[ScheduleStatus], list[int]]] = [
    ([PENDING], [0]),
    ([ScheduleStatus.PUBLISHING], [0]),
    ([ScheduleStatus.UNCONFIRMED], [0]),
    ([COMPLETED], [0]),
    ([CANCELLED, FAILED, ScheduleStatus.MISSED], []),
    ([COMPLETED, CANCELLED], [0]),
    ([COMPLETED, COMPLETED], [1]),
    ([COMPLETED, COMPLETED, FAILED, PENDING], [1, 3]),
    ([PENDING, COMPLETED], [0, 1]),
]


@pytest.mark.parametrize(("statuses", "standing"), STANDING)
async def test_what_stands_for_a_post_is_its_active_schedule_and_its_latest_completed_one(
    storage: Storage, statuses: list[ScheduleStatus], standing: list[int]
) -> None:
    post, other = a_post(), a_post()
    schedules = [a_schedule(post, status=status) for status in statuses]
    await given(storage, a_brand(), post, other, a_schedule(other), *reversed(schedules))

    async with storage.reading() as stored:
        found = await stored.schedules.standing_of_post(post.post_id)

    assert sorted(found, key=lambda each: each.schedule_id) == [schedules[index] for index in standing]


@pytest.mark.parametrize(("statuses", "standing"), STANDING)
async def test_what_stands_for_a_campaign_is_what_stands_for_its_posts(
    storage: Storage, statuses: list[ScheduleStatus], standing: list[int]
) -> None:
    one, two, other = a_post(campaign_id=CAMPAIGN_ID), a_post(campaign_id=CAMPAIGN_ID), a_post()
    of_one = [a_schedule(one, status=status, slot=a_slot("2027-03-12T19:00")) for status in statuses]
    of_two = [a_schedule(two, status=status, slot=a_slot("2027-03-11T19:00")) for status in statuses]
    await given(storage, a_brand(), a_campaign(), one, two, other, a_schedule(other), *of_one, *of_two)

    async with storage.reading() as stored:
        found = await stored.schedules.standing_of_campaign(CAMPAIGN_ID, platforms=ALL)

    assert ids(found) == ids([each[index] for each in (of_two, of_one) for index in standing])


async def test_what_stands_for_a_campaign_comes_in_time_order_then_by_id(storage: Storage) -> None:
    posts = [a_post(campaign_id=CAMPAIGN_ID) for _ in range(3)]
    days = ["2027-03-12T19:00", "2027-03-11T19:00", "2027-03-11T19:00"]
    schedules = [a_schedule(post, slot=a_slot(day)) for post, day in zip(posts, days, strict=True)]
    await given(storage, a_brand(), a_campaign(), *posts, *reversed(schedules))

    async with storage.reading() as stored:
        found = await stored.schedules.standing_of_campaign(CAMPAIGN_ID, platforms=ALL)

    assert found == [schedules[1], schedules[2], schedules[0]]


@pytest.mark.parametrize(
    ("platforms", "chosen"),
    [
        (ALL, [0, 1]),
        ({Platform.TWITTER}, [0]),
        ({Platform.TIKTOK, Platform.REDDIT}, [1]),
        (set[Platform](), []),
    ],
)
async def test_what_stands_for_a_campaign_is_asked_by_platform(
    storage: Storage, platforms: set[Platform], chosen: list[int]
) -> None:
    posts = [a_post(campaign_id=CAMPAIGN_ID), a_post(campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK)]
    elsewhere = a_post(campaign_id=OTHER_CAMPAIGN_ID)
    schedules = [a_schedule(post) for post in posts]
    other_campaign = a_campaign(campaign_id=OTHER_CAMPAIGN_ID)
    await given(storage, a_brand(), a_campaign(), other_campaign, *posts, elsewhere, *schedules, a_schedule(elsewhere))

    async with storage.reading() as stored:
        found = await stored.schedules.standing_of_campaign(CAMPAIGN_ID, platforms=platforms)

    assert found == [schedules[index] for index in chosen]


async def test_moving_a_schedule_replaces_its_slot_and_what_follows_from_it(storage: Storage) -> None:
    post, other = a_post(), a_post(platform=Platform.REDDIT)
    schedule, untouched = a_schedule(post, scheduler=SchedulerKind.NAIVE, retry_count=1), a_schedule(other)
    slot = a_slot("2027-11-07T01:30", zone="America/New_York", disambiguation=Disambiguation.LATER, tz_release="2027a")
    await given(storage, a_brand(on_late=OnLate.SKIP), post, other, schedule, untouched)

    async with storage.unit_of_work() as work:
        current = await work.bookings.lock_current(post.post_id)
        assert current is not None
        moved = await work.bookings.move(move(current, slot, now=LATER))
        await work.commit()

    assert await find_current(storage, schedule) == moved
    later_by = slot.publish_time - schedule.publish_time
    assert moved == replace(
        current,
        slot=slot,
        scheduler=None,
        latest_at=current.latest_at and current.latest_at + later_by,
        max_retries=1 + RETRIES,
        version=2,
        updated_at=LATER,
    )
    still_there = await find_current(storage, untouched)
    assert still_there is not None
    assert still_there.slot == untouched.slot


async def test_a_wall_time_may_be_replaced_by_an_instant(storage: Storage, zones: ZoneCatalog) -> None:
    post = a_post()
    schedule = a_schedule(post)
    instant = read_slot(
        "2027-03-20T12:00:00Z", zone=None, default_zone=ZONE, disambiguation=Disambiguation.COMPATIBLE, zones=zones
    )
    await given(storage, a_brand(), post, schedule)

    async with storage.unit_of_work() as work:
        await work.bookings.lock_current(post.post_id)
        await work.bookings.move(move(schedule, instant, now=LATER))
        await work.commit()

    assert await find_current(storage, schedule) == move(schedule, instant, now=LATER)


async def test_only_those_that_are_pending_and_named_are_cancelled(storage: Storage) -> None:
    posts = [a_post() for _ in ScheduleStatus]
    one_of_each = [a_schedule(post, status=status) for post, status in zip(posts, ScheduleStatus, strict=True)]
    post, other = a_post(), a_post()
    sooner, not_named = a_schedule(post, slot=a_slot("2027-03-02T19:00"), version=4), a_schedule(other)
    await given(storage, a_brand(), *posts, post, other, *one_of_each, sooner, not_named)
    pending = next(each for each in one_of_each if each.status is PENDING)

    async with storage.unit_of_work() as work:
        cancelled = await cancel_pending(work, ids([*one_of_each, sooner, a_schedule()]), now=LATER)
        await work.commit()

    assert cancelled == [as_cancelled(sooner, now=LATER), as_cancelled(pending, now=LATER)]
    assert [await find_current(storage, each) for each in (sooner, pending)] == cancelled
    untouched = [*(each for each in one_of_each if each is not pending), not_named]
    assert [await find_current(storage, each) for each in untouched] == untouched


async def test_all_that_is_pending_of_a_campaign_is_cancelled(storage: Storage) -> None:
    posts = [a_post(campaign_id=CAMPAIGN_ID, platform=platform) for platform in (Platform.TIKTOK, Platform.TWITTER)]
    later, sooner = (
        a_schedule(post, slot=a_slot(day), version=4)
        for post, day in zip(posts, ("2027-03-12T19:00", "2027-03-11T19:00"), strict=True)
    )
    not_pending = [status for status in ScheduleStatus if status is not PENDING]
    settled_posts = [a_post(campaign_id=CAMPAIGN_ID) for _ in not_pending]
    settled = [a_schedule(post, status=status) for post, status in zip(settled_posts, not_pending, strict=True)]
    elsewhere, nowhere = a_post(campaign_id=OTHER_CAMPAIGN_ID), a_post()
    other_campaign = a_campaign(campaign_id=OTHER_CAMPAIGN_ID)
    untouched = [*settled, a_schedule(elsewhere), a_schedule(nowhere)]
    await given(storage, a_brand(), a_campaign(), other_campaign, *posts, *settled_posts, elsewhere, nowhere)
    await given(storage, later, sooner, *untouched)

    async with storage.unit_of_work() as work:
        cancelled = await cancel_pending_of_campaign(work, CAMPAIGN_ID, now=LATER)
        await work.commit()

    assert cancelled == [as_cancelled(sooner, now=LATER), as_cancelled(later, now=LATER)]
    assert [await find_current(storage, each) for each in (sooner, later)] == cancelled
    assert [await find_current(storage, each) for each in untouched] == untouched


async def test_nothing_pending_is_nothing_to_cancel(storage: Storage) -> None:
    await given(storage, a_brand(), a_campaign())

    async with storage.unit_of_work() as work:
        assert not await cancel_pending(work, [], now=LATER)
        assert not await cancel_pending_of_campaign(work, CAMPAIGN_ID, now=LATER)


async def test_schedules_are_listed_by_time_then_id_page_by_page(storage: Storage) -> None:
    posts = [a_post() for _ in range(5)]
    days = ["2027-03-12T19:00", "2027-03-11T19:00", "2027-03-11T19:00", "2027-03-11T19:00", "2027-03-10T19:00"]
    schedules = [a_schedule(post, slot=a_slot(day)) for post, day in zip(posts, days, strict=True)]
    await given(storage, a_brand(), *posts, *schedules)

    async def page(last: Schedule | None) -> Sequence[Schedule]:
        after = None if last is None else (last.publish_time, last.schedule_id)
        async with storage.reading() as stored:
            return await stored.schedules.list(ScheduleFilter(), limit=2, after=after)

    first = await page(None)
    second = await page(first[-1])
    last = await page(second[-1])

    assert [first, second, last] == [
        [schedules[4], schedules[1]],
        [schedules[2], schedules[3]],
        [schedules[0]],
    ]


NOON, AFTERNOON = datetime(2027, 3, 10, 12, tzinfo=UTC), datetime(2027, 3, 10, 15, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (ScheduleFilter(), [0, 1, 2, 3]),
        (ScheduleFilter(brand_id=BRAND_ID), [0, 1, 2]),
        (ScheduleFilter(brand_id=OTHER_BRAND_ID), [3]),
        (ScheduleFilter(campaign_id=CAMPAIGN_ID), [1, 2]),
        (ScheduleFilter(campaign_id=OTHER_CAMPAIGN_ID), []),
        (ScheduleFilter(status=COMPLETED), [2]),
        (ScheduleFilter(platform=Platform.TIKTOK), [1, 3]),
        (ScheduleFilter(from_time=AFTERNOON), [2, 3]),
        (ScheduleFilter(from_time=AFTERNOON + MICROSECOND), []),
        (ScheduleFilter(to_time=AFTERNOON), [0, 1]),
        (ScheduleFilter(to_time=AFTERNOON + MICROSECOND), [0, 1, 2, 3]),
        (ScheduleFilter(from_time=NOON, to_time=NOON), []),
        (
            ScheduleFilter(
                brand_id=BRAND_ID,
                campaign_id=CAMPAIGN_ID,
                status=PENDING,
                platform=Platform.TIKTOK,
                from_time=NOON,
                to_time=AFTERNOON,
            ),
            [1],
        ),
    ],
)
async def test_schedules_are_listed_by_brand_campaign_status_platform_and_time(
    storage: Storage, chosen: ScheduleFilter, expected: list[int]
) -> None:
    noon, afternoon = a_slot("2027-03-10T12:00", zone="UTC"), a_slot("2027-03-10T15:00", zone="UTC")
    posts = [
        a_post(),
        a_post(campaign_id=CAMPAIGN_ID, platform=Platform.TIKTOK),
        a_post(campaign_id=CAMPAIGN_ID),
        a_post(brand_id=OTHER_BRAND_ID, platform=Platform.TIKTOK),
    ]
    schedules = [
        a_schedule(posts[0], slot=noon),
        a_schedule(posts[1], slot=noon),
        a_schedule(posts[2], slot=afternoon, status=COMPLETED),
        a_schedule(posts[3], slot=afternoon),
    ]
    await given(storage, a_brand(), a_brand(brand_id=OTHER_BRAND_ID), a_campaign(), *posts, *schedules)

    async with storage.reading() as stored:
        listed = await stored.schedules.list(chosen, limit=10, after=None)

    assert listed == [schedules[index] for index in expected]


async def test_a_list_leaves_out_one_status(storage: Storage) -> None:
    posts = [a_post() for _ in ScheduleStatus]
    schedules = [a_schedule(post, status=status) for post, status in zip(posts, ScheduleStatus, strict=True)]
    await given(storage, a_brand(), *posts, *schedules)

    for without in ScheduleStatus:
        async with storage.reading() as stored:
            listed = await stored.schedules.list(ScheduleFilter(without=without), limit=10, after=None)

        assert {each.status for each in listed} == set(ScheduleStatus) - {without}


async def test_a_title_is_found_by_a_part_of_it_which_is_taken_literally(storage: Storage) -> None:
    titles = ["Launch day", "At LAUNCH", "100% ours", "snake_case", "back\\slash", "Über uns"]
    posts = [a_post(title=title) for title in titles]
    await given(storage, a_brand(), *posts, *(a_schedule(post) for post in posts))

    async def found(part: str) -> Sequence[str]:
        async with storage.reading() as stored:
            listed = await stored.schedules.list(ScheduleFilter(in_title=part), limit=10, after=None)
        return [each.title for each in listed]

    assert await found("launch") == ["Launch day", "At LAUNCH"]
    assert await found("LAUNCH D") == ["Launch day"]
    assert await found("%") == ["100% ours"]
    assert await found("_") == ["snake_case"]
    assert await found("\\") == ["back\\slash"]
    assert await found("über") == ["Über uns"]
    assert await found("a%y") == await found("L_unch") == []


async def test_a_schedule_shows_what_its_post_says_now_however_it_is_reached(storage: Storage) -> None:
    post, campaign = a_post(title="Draft"), a_campaign()
    made = a_schedule(post)
    await given(storage, a_brand(), campaign, post, made)
    await given(storage, replace(post, title="Final", s3_url="s3://tea/a", campaign_id=CAMPAIGN_ID))

    async with storage.reading() as stored:
        read = [
            await stored.schedules.get(made.schedule_id),
            await stored.schedules.find_current(post.post_id),
            *await stored.schedules.find_all([made.schedule_id]),
            *await stored.schedules.standing_of_post(post.post_id),
            *await stored.schedules.standing_of_campaign(CAMPAIGN_ID, platforms=ALL),
            *await stored.schedules.list(ScheduleFilter(campaign_id=CAMPAIGN_ID), limit=10, after=None),
        ]
    async with storage.unit_of_work() as work:
        moved = move(made, a_slot("2027-03-18T19:00"), now=NOW)
        changed = [
            await work.bookings.lock(made.schedule_id),
            await work.bookings.lock_current(post.post_id),
            *(each.schedule for each in await work.transitions.lock([made.schedule_id])),
            await work.bookings.move(moved),
            *await cancel_pending(work, [made.schedule_id], now=NOW),
            *await work.bookings.add([replace(made, schedule_id=new_id())]),
        ]

    assert len(read) == len(changed) == 6
    shown = [(each.title, each.s3_url, each.campaign_id) for each in [*read, *changed] if each]
    assert shown == [("Final", "s3://tea/a", CAMPAIGN_ID)] * 12


async def test_a_page_keeps_its_filter(storage: Storage) -> None:
    posts = [a_post(platform=platform) for platform in (Platform.TIKTOK, Platform.REDDIT, Platform.TIKTOK)]
    schedules = [a_schedule(post) for post in posts]
    await given(storage, a_brand(), *posts, *schedules)
    first = schedules[0]

    async with storage.reading() as stored:
        listed = await stored.schedules.list(
            ScheduleFilter(platform=Platform.TIKTOK), limit=10, after=(first.publish_time, first.schedule_id)
        )

    assert listed == [schedules[2]]


async def test_what_is_active_and_ahead_is_counted_up_to_a_bound(storage: Storage) -> None:
    posts = [a_post() for _ in range(4)]
    *ahead, cancelled = [a_schedule(post) for post in posts]
    elsewhere = a_post(brand_id=UUID(int=7))
    await given(storage, a_brand(), *posts, *ahead, replace(cancelled, status=ScheduleStatus.CANCELLED))
    await given(storage, a_brand(brand_id=elsewhere.brand_id), elsewhere, a_schedule(elsewhere))
    before, after = ahead[0].publish_time - timedelta(seconds=1), ahead[0].publish_time

    async with storage.reading() as stored:
        counted = [
            await stored.schedules.count_ahead(BRAND_ID, now=now, most=most)
            for now, most in ((before, 10), (before, 2), (after, 10))
        ]

    assert counted == [3, 2, 0]
