"""What Upkeep promises."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, a_brand, a_post, given, new_id
from tests.contracts.worlds import (
    LEASE,
    MINUTE,
    OWNER,
    World,
    cancel,
    claim,
    claim_one,
    due_in,
    expire,
    find,
    given_due,
    kinds,
    move,
    settle,
    status_of,
    until_due,
    verdicts_on,
)

PENDING, UNCONFIRMED = ScheduleStatus.PENDING, ScheduleStatus.UNCONFIRMED
FAILED, MISSED = ScheduleStatus.FAILED, ScheduleStatus.MISSED
HOUR = 60 * MINUTE


async def test_a_lease_that_has_not_run_out_is_left_alone(world: World) -> None:
    await given_due(world)
    await claim_one(world)

    await world.pass_time(LEASE - MINUTE)

    assert not await world.lost_and_late.take_back(limit=10)


async def test_a_lease_lasts_no_longer_than_it_was_given_for_though_the_clock_is_put_back(world: World) -> None:
    schedule = await given_due(world)
    await claim_one(world)
    await world.pass_time(-HOUR)

    assert not await world.lost_and_late.take_back(limit=10)
    await world.pass_time(LEASE)

    assert await world.lost_and_late.take_back(limit=10) == [UNCONFIRMED]
    assert await verdicts_on(world, schedule) == [VerdictKind.LOST]


async def test_a_lease_that_was_prolonged_lasts_as_long_as_that(world: World) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    await world.queue.extend({schedule.schedule_id: claimed.token}, owner=OWNER, lease=HOUR)

    for passed in (HOUR / 2, HOUR / 2 - MINUTE):
        await world.pass_time(passed)
        assert not await world.lost_and_late.take_back(limit=10)

    await world.pass_time(MINUTE)
    assert await world.lost_and_late.take_back(limit=10) == [UNCONFIRMED]


async def test_a_claim_that_was_lost_in_its_send_is_unconfirmed(world: World) -> None:
    schedule = await given_due(world)
    await claim_one(world)

    assert await expire(world) == [UNCONFIRMED]

    assert await status_of(world, schedule) is UNCONFIRMED
    assert await verdicts_on(world, schedule) == [VerdictKind.LOST]
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, EventKind.UNCONFIRMED]
    assert not await claim(world)


async def test_a_claim_that_was_lost_in_its_send_is_sent_again_where_that_is_harmless(world: World) -> None:
    schedule = await given_due(world)
    await claim_one(world, window=HOUR)

    assert await expire(world) == [PENDING]

    found = await find(world, schedule)
    assert (found.status, found.retry_count, found.is_doubtful) == (PENDING, 1, True)
    assert await verdicts_on(world, schedule) == [VerdictKind.LOST]
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, EventKind.RETRYING]


async def test_a_claim_that_was_lost_in_its_send_is_unconfirmed_once_its_window_is_over(world: World) -> None:
    await given_due(world)
    await claim_one(world, window=MINUTE)

    assert await expire(world) == [UNCONFIRMED]


async def test_a_send_that_is_lost_again_and_again_is_unconfirmed_once_its_retries_are_spent(world: World) -> None:
    schedule = await given_due(world)
    for _ in range(3):
        await claim_one(world, window=24 * HOUR)
        assert await expire(world) == [PENDING]
        await until_due(world)
    await claim_one(world, window=24 * HOUR)

    assert await expire(world) == [UNCONFIRMED]
    assert (await find(world, schedule)).retry_count == 3


async def test_what_waits_to_be_repeated_is_unconfirmed_once_a_repeat_is_not_dropped_any_more(world: World) -> None:
    schedule = await given_due(world)
    await settle(world, await claim_one(world, window=HOUR), VerdictKind.UNKNOWN)
    waiting = await world.lost_and_late.give_up_late(limit=10)
    await world.pass_time(HOUR)

    given_up = await world.lost_and_late.give_up_late(limit=10)

    assert (waiting, given_up) == ([], [UNCONFIRMED])
    found = await find(world, schedule)
    assert (found.status, found.retry_count) == (UNCONFIRMED, 1)
    assert found.error == "it may be out, and its receiver does not promise any more to drop a repeat"
    assert (await kinds(world, schedule))[-1] is EventKind.UNCONFIRMED


async def test_what_is_held_is_not_given_up_before_it_would_be_sent_again(world: World) -> None:
    schedule = await given_due(world)
    await settle(world, await claim_one(world, window=HOUR), VerdictKind.UNKNOWN)
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)
    await world.pass_time(2 * HOUR)

    assert await world.lost_and_late.give_up_late(limit=10) == []
    assert await status_of(world, schedule) is PENDING
    await world.holds.lift(Hold.BRAND_PAUSED, BRAND_ID, paces={})
    assert await world.lost_and_late.give_up_late(limit=10) == [UNCONFIRMED]


async def test_no_more_leases_are_taken_back_at_once_than_asked_for(world: World) -> None:
    for _ in range(3):
        await given_due(world)
    await claim(world)
    await world.pass_time(LEASE)

    taken = [len(await world.lost_and_late.take_back(limit=2)) for _ in range(3)]

    assert taken == [2, 1, 0]


async def given_lateness(world: World, on_late: OnLate) -> None:
    await given(world.storage, a_brand(on_late=on_late, max_lateness=HOUR))


@pytest.mark.parametrize(
    ("on_late", "status", "holds", "told"),
    [
        (OnLate.PUBLISH, PENDING, set[Hold](), []),
        (OnLate.SKIP, MISSED, set[Hold](), [EventKind.MISSED]),
        (OnLate.HOLD, PENDING, {Hold.LATE}, [EventKind.PARKED]),
    ],
)
async def test_a_post_that_is_too_late_becomes_what_its_brand_wants(
    world: World, on_late: OnLate, status: ScheduleStatus, holds: set[Hold], told: list[EventKind]
) -> None:
    await given_lateness(world, on_late)
    schedule = await given_due(world, since=HOUR)

    missed = await world.lost_and_late.give_up_late(limit=10)

    found = await find(world, schedule)
    assert missed == [status] * len(told)
    assert (found.status, found.holds) == (status, holds)
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, *told]
    assert bool(await claim(world)) is (on_late is OnLate.PUBLISH)
    assert not await world.lost_and_late.give_up_late(limit=10)


@pytest.mark.parametrize("on_late", OnLate)
async def test_what_is_not_too_late_yet_is_sent(world: World, on_late: OnLate) -> None:
    await given_lateness(world, on_late)
    await given_due(world, since=59 * MINUTE)

    assert not await world.lost_and_late.give_up_late(limit=10)
    assert await claim(world)


async def test_the_latest_time_is_named_where_it_was_missed(world: World) -> None:
    await given_lateness(world, OnLate.SKIP)
    schedule = await given_due(world, since=2 * HOUR)

    await world.lost_and_late.give_up_late(limit=10)

    latest = schedule.publish_time + HOUR
    assert (await find(world, schedule)).error == f"too late: not sent by {latest:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("on_late", [OnLate.SKIP, OnLate.HOLD])
async def test_what_may_be_out_is_unconfirmed_when_it_is_too_late_for_a_repeat(world: World, on_late: OnLate) -> None:
    await given_lateness(world, on_late)
    schedule = await given_due(world)
    await settle(world, await claim_one(world, window=9 * HOUR), VerdictKind.UNKNOWN)
    await world.pass_time(HOUR)

    assert await world.lost_and_late.give_up_late(limit=10) == [UNCONFIRMED]
    assert not (await find(world, schedule)).holds


async def test_a_retry_whose_time_would_be_too_late_is_missed_as_well(world: World) -> None:
    await given_lateness(world, OnLate.SKIP)
    await given_due(world, since=50 * MINUTE)
    await settle(world, await claim_one(world), VerdictKind.DEFERRED, delay=30 * MINUTE)
    await world.pass_time(10 * MINUTE)

    assert await world.lost_and_late.give_up_late(limit=10) == [MISSED]


async def test_a_send_under_way_is_not_missed(world: World) -> None:
    await given_lateness(world, OnLate.SKIP)
    schedule = await given_due(world, since=50 * MINUTE)
    claimed = await claim_one(world)
    await world.pass_time(20 * MINUTE)

    assert not await world.lost_and_late.give_up_late(limit=10)
    assert (await settle(world, claimed, VerdictKind.ACCEPTED)).status is ScheduleStatus.COMPLETED
    assert await status_of(world, schedule) is ScheduleStatus.COMPLETED


async def test_what_is_held_for_being_late_waits_for_a_person_to_move_it(world: World) -> None:
    await given_lateness(world, OnLate.HOLD)
    schedule = await given_due(world, since=2 * HOUR)
    await world.lost_and_late.give_up_late(limit=10)

    await move(world, schedule, to=await world.now() + MINUTE)
    await world.pass_time(MINUTE)

    assert not (await find(world, schedule)).holds
    assert not await world.lost_and_late.give_up_late(limit=10)
    assert await claim(world)


async def test_what_is_held_for_being_late_can_be_cancelled(world: World) -> None:
    await given_lateness(world, OnLate.HOLD)
    schedule = await given_due(world, since=2 * HOUR)
    await world.lost_and_late.give_up_late(limit=10)

    await cancel(world, schedule)

    assert await status_of(world, schedule) is ScheduleStatus.CANCELLED


async def test_no_more_are_missed_at_once_than_asked_for(world: World) -> None:
    await given_lateness(world, OnLate.SKIP)
    for _ in range(3):
        await given_due(world, since=2 * HOUR)

    missed = [len(await world.lost_and_late.give_up_late(limit=2)) for _ in range(3)]

    assert missed == [2, 1, 0]


PACES = {Platform.TWITTER: 5 * MINUTE, Platform.REDDIT: 10 * MINUTE}


async def given_overdue(
    world: World, *, hours: Sequence[int], platform: Platform = Platform.TWITTER
) -> Sequence[Schedule]:
    return [await given_due(world, a_post(platform=platform), since=each * HOUR) for each in hours]


async def waits(world: World, schedules: Sequence[Schedule]) -> Sequence[timedelta | None]:
    return [await due_in(world, schedule) for schedule in schedules]


AGE = 4 * MINUTE


async def catch_up(world: World) -> int | None:
    return await world.upkeep.catch_up(age=AGE, paces=PACES)


async def test_a_lane_that_is_behind_goes_out_as_a_whole_at_a_pace_the_earliest_first(world: World) -> None:
    backlog = await given_overdue(world, hours=[1, 3, 2])
    fresh = await given_due(world, since=3 * MINUTE)
    ahead = await given_due(world, since=-6 * MINUTE)

    assert await catch_up(world) == 3

    assert await waits(world, backlog) == [10 * MINUTE, -3 * HOUR, 5 * MINUTE]
    assert await waits(world, [fresh, ahead]) == [15 * MINUTE, 6 * MINUTE]


async def test_a_lane_on_which_nothing_has_waited_long_is_left_alone(world: World) -> None:
    fresh = [await given_due(world, since=minutes * MINUTE) for minutes in (1, 2, 3)]

    assert not await catch_up(world)
    assert await waits(world, fresh) == [-MINUTE, -2 * MINUTE, -3 * MINUTE]


async def test_each_brand_has_its_own_pace_on_each_platform(world: World) -> None:
    other = a_brand(brand_id=new_id())
    await given(world.storage, a_brand(), other)
    tweets = await given_overdue(world, hours=[2, 1])
    threads = await given_overdue(world, hours=[3, 2, 1], platform=Platform.REDDIT)
    videos = await given_overdue(world, hours=[1, 1], platform=Platform.TIKTOK)
    theirs = await given_due(world, a_post(brand_id=other.brand_id), since=HOUR)

    assert await catch_up(world) == 3

    assert await waits(world, tweets) == [-2 * HOUR, 5 * MINUTE]
    assert await waits(world, threads) == [-3 * HOUR, 10 * MINUTE, 20 * MINUTE]
    assert await waits(world, videos) == [-HOUR, -HOUR], "TIKTOK has no pace here"
    assert await due_in(world, theirs) == -HOUR


async def test_what_has_its_place_keeps_it(world: World) -> None:
    backlog = await given_overdue(world, hours=[2, 1])
    await catch_up(world)

    assert not await catch_up(world)
    assert await waits(world, backlog) == [-2 * HOUR, 5 * MINUTE]


async def test_the_next_goes_out_a_pace_behind_what_was_sent_last_however_long_that_took(world: World) -> None:
    first, second = await given_overdue(world, hours=[2, 1])
    await catch_up(world)
    await world.pass_time(5 * MINUTE - timedelta(seconds=1))
    assert await catch_up(world) == 1, "the first is still not out when the second is about to go"
    await settle(world, await claim_one(world), VerdictKind.ACCEPTED)

    await world.pass_time(5 * MINUTE - timedelta(seconds=1))
    await catch_up(world)

    assert await status_of(world, first) is ScheduleStatus.COMPLETED
    assert await due_in(world, second) == timedelta()


async def test_one_that_is_put_off_keeps_those_behind_it_waiting_in_their_order(world: World) -> None:
    first, second, third = await given_overdue(world, hours=[3, 2, 1])
    await catch_up(world)
    await settle(world, await claim_one(world), VerdictKind.UNSENT, delay=9 * MINUTE)

    assert await as_they_go_out(world, 3) == [first.schedule_id, second.schedule_id, third.schedule_id]


async def as_they_go_out(world: World, count: int) -> Sequence[UUID]:
    """So many schedules, each sent as soon as it may be by somebody who looks now and then; never two at once."""
    sent: list[UUID] = []
    while len(sent) < count:
        await world.pass_time(MINUTE - timedelta(seconds=1))
        await catch_up(world)
        await world.pass_time(timedelta(seconds=1))
        if claimed := await claim(world):
            [only] = claimed
            await settle(world, only, VerdictKind.ACCEPTED)
            sent.append(only.schedule_id)
    return sent


async def test_what_comes_due_behind_a_backlog_waits_its_turn(world: World) -> None:
    [overdue] = await given_overdue(world, hours=[1])
    await settle(world, await claim_one(world), VerdictKind.UNSENT, delay=3 * MINUTE)
    on_time = await given_due(world, since=timedelta(seconds=-1))

    assert await catch_up(world) == 1

    assert await waits(world, [overdue, on_time]) == [3 * MINUTE, 8 * MINUTE]


async def test_what_is_certainly_not_out_keeps_nobody_waiting(world: World) -> None:
    backlog = await given_overdue(world, hours=[2, 1])
    [first] = await claim(world, room={Platform.TWITTER: 1})
    await settle(world, first, VerdictKind.REFUSED)

    assert not await catch_up(world)
    assert await due_in(world, backlog[1]) == -HOUR


async def test_what_is_held_claimed_or_ahead_is_not_moved(world: World) -> None:
    held = await given_overdue(world, hours=[3])
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)
    other = a_brand(brand_id=new_id())
    await given(world.storage, other)
    await given_due(world, a_post(brand_id=other.brand_id), since=2 * HOUR)
    await claim_one(world)
    ahead = await given_due(world, a_post(brand_id=other.brand_id), since=-HOUR)

    assert not await catch_up(world)
    assert await waits(world, [*held, ahead]) == [None, HOUR]


@pytest.mark.parametrize("age", [timedelta(), AGE])
async def test_whoever_comes_to_a_lane_late_waits_behind_what_waits_there(world: World, age: timedelta) -> None:
    await given_overdue(world, hours=[2, 1])
    await catch_up(world)
    newcomer = await given_due(world, since=timedelta())

    async with world.storage.unit_of_work() as work:
        await work.bookings.take_turns([newcomer], age=age, paces=PACES)
        await work.commit()

    assert await due_in(world, newcomer) == 10 * MINUTE


async def test_whoever_is_to_keep_a_distance_waits_for_it_though_nothing_else_waits(world: World) -> None:
    await given_due(world, since=MINUTE)
    await settle(world, await claim_one(world), VerdictKind.ACCEPTED)
    await world.pass_time(MINUTE)
    newcomer = await given_due(world, since=timedelta(seconds=1))

    async with world.storage.unit_of_work() as work:
        await work.bookings.take_turns([newcomer], age=timedelta(), paces=PACES)
        await work.commit()

    assert await due_in(world, newcomer) == 4 * MINUTE
