"""What becomes of posts on lanes that nobody publishes, and of what was held once somebody does."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from marketmind_scheduler.application.dispatch.dead_ends import DeadEnds, release_to_puller
from marketmind_scheduler.application.reachability import Reachability, no_receiver
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, a_brand, a_post, given, new_id
from tests.contracts.worlds import (
    MINUTE,
    World,
    cancel,
    claim,
    claim_one,
    due_in,
    events,
    find,
    given_due,
    kinds,
    move,
    settle,
)
from tests.fakes.publisher import ScriptedPublisher

TWITTER, REDDIT = Platform.TWITTER, Platform.REDDIT
HOUR = 60 * MINUTE
ONLY = frozenset({Hold.NO_RECEIVER})


def dead_ends(world: World, receivers: Collection[Platform], platforms: Collection[Platform] = Platform) -> DeadEnds:
    """Of a process with receivers on some of the platforms that it publishes."""
    reachability = Reachability(publisher=ScriptedPublisher(platforms=receivers), platforms=platforms)
    return DeadEnds(upkeep=world.upkeep, reachability=reachability)


async def look(world: World, *receivers: Platform) -> None:
    await dead_ends(world, receivers).look()


async def held(world: World) -> Schedule:
    """Due for a minute, and held, because only Reddit has a receiver."""
    schedule = await given_due(world)
    await look(world, REDDIT)
    found = await find(world, schedule)
    assert found.holds == ONLY
    return found


async def test_what_is_due_and_has_no_receiver_is_held_and_tells_why(world: World) -> None:
    schedule = await given_due(world)

    await look(world, REDDIT)

    found = await find(world, schedule)
    assert (found.status, found.holds, found.version) == (ScheduleStatus.PENDING, ONLY, schedule.version + 1)
    assert found.error == no_receiver(TWITTER)
    assert await due_in(world, schedule) is None
    told = (await events(world))[-1]
    assert (told.kind, told.error) == (EventKind.PARKED, no_receiver(TWITTER))
    await look(world, REDDIT)
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, EventKind.PARKED]


async def test_what_found_no_receiver_when_it_was_claimed_is_held_too(world: World) -> None:
    schedule = await given_due(world)
    await settle(world, await claim_one(world), VerdictKind.UNSENT, delay=timedelta(seconds=20))

    await look(world, REDDIT)

    assert (await find(world, schedule)).holds == ONLY


async def test_nothing_is_held_before_its_time_nor_where_somebody_else_may_do_it(world: World) -> None:
    later, due = await given_due(world, since=-MINUTE), await given_due(world)
    await dead_ends(world, [REDDIT], platforms=[REDDIT]).look()
    await dead_ends(world, [], platforms=()).look()
    await look(world, TWITTER)
    assert not (await find(world, due)).holds

    await look(world, REDDIT)

    assert not (await find(world, later)).holds


async def test_once_there_is_a_receiver_it_goes_on_and_tells_so(world: World) -> None:
    schedule = await held(world)

    await look(world, TWITTER)

    found = await find(world, schedule)
    assert (found.holds, found.version) == (frozenset(), schedule.version + 1)
    assert (await kinds(world, schedule))[-1] is EventKind.RESUMED
    assert (await claim_one(world)).schedule_id == schedule.schedule_id


async def test_what_waited_long_goes_out_one_by_one_on_each_lane(world: World) -> None:
    schedules = [await given_due(world, since=HOUR + nth * MINUTE) for nth in range(3)]
    await look(world, REDDIT)

    await look(world, TWITTER)

    assert [each.schedule_id for each in await claim(world)] == [schedules[-1].schedule_id]


async def test_whoever_pulls_is_a_receiver_of_the_brands_within_reach(world: World) -> None:
    schedule = await held(world)

    await release_to_puller(world.upkeep, [TWITTER], Reach(frozenset({new_id()})))
    await release_to_puller(world.upkeep, [REDDIT], EVERYWHERE)
    assert (await find(world, schedule)).holds == ONLY
    await release_to_puller(world.upkeep, [TWITTER], Reach(frozenset({BRAND_ID})))

    assert (await claim_one(world)).schedule_id == schedule.schedule_id


async def test_a_held_one_is_moved_and_cancelled_as_any_other(world: World) -> None:
    moved = await held(world)
    await move(world, moved, to=await world.now() + HOUR)
    assert not (await find(world, moved)).holds

    cancelled = await held(world)
    await cancel(world, cancelled)
    found = await find(world, cancelled)
    assert (found.status, found.holds) == (ScheduleStatus.CANCELLED, frozenset())


@pytest.mark.parametrize(
    ("on_late", "status", "holds"),
    [
        (OnLate.SKIP, ScheduleStatus.MISSED, frozenset[Hold]()),
        (OnLate.HOLD, ScheduleStatus.PENDING, ONLY | {Hold.LATE}),
        (OnLate.PUBLISH, ScheduleStatus.PENDING, ONLY),
    ],
)
async def test_the_lateness_of_its_brand_goes_on_while_it_is_held(
    world: World, on_late: OnLate, status: ScheduleStatus, holds: frozenset[Hold]
) -> None:
    await given(world.storage, a_brand(on_late=on_late, max_lateness=HOUR))
    schedule = await held(world)

    await world.pass_time(2 * HOUR)
    await world.lost_and_late.give_up_late(limit=10)

    found = await find(world, schedule)
    assert (found.status, found.holds) == (status, holds)
    await look(world, TWITTER)
    assert bool(await claim(world)) == (on_late is OnLate.PUBLISH)


async def test_a_pause_stays_when_a_receiver_is_found_and_the_other_way_round(world: World) -> None:
    schedule = await held(world)
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)

    await look(world, TWITTER)
    assert (await find(world, schedule)).holds == {Hold.BRAND_PAUSED}

    another = await given_due(world, a_post())
    await world.holds.lift(Hold.BRAND_PAUSED, BRAND_ID, paces={})
    await look(world, REDDIT)
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)
    await world.holds.lift(Hold.BRAND_PAUSED, BRAND_ID, paces={})
    assert [(await find(world, each)).holds for each in (schedule, another)] == [ONLY, ONLY]
    assert not await claim(world)
