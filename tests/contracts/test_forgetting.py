"""What Upkeep forgets for its age, in which order, and what stays."""

import pytest

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.errors import Deleted, UnknownSchedule
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.retryables import RetryFilter
from marketmind_scheduler.ports.schedules import ScheduleFilter
from tests.builders import CAMPAIGN_ID, a_brand, a_campaign, a_post, given, new_id
from tests.contracts.worlds import MINUTE, World, cancel, claim_one, events, given_due, settle

DAY = 24 * 60 * MINUTE
EVENTS_FOR_A_DAY, SCHEDULES_FOR_A_DAY = Retention(events=DAY), Retention(schedules=DAY)
FAILED = RetryFilter(statuses=[ScheduleStatus.FAILED])


async def forget(world: World, kept: Retention, *, limit: int = 10) -> int:
    return await world.keeping(kept).forget_expired(limit=limit)


async def test_events_are_forgotten_once_they_are_old_and_their_positions_are_never_given_again(world: World) -> None:
    for _ in range(2):
        await given_due(world)
    old = [each.position for each in await events(world)]
    await world.pass_time(DAY)
    await given_due(world)
    [_, _, young] = await events(world)

    assert [await forget(world, EVENTS_FOR_A_DAY) for _ in range(2)] == [2, 0]

    assert await events(world) == [young]
    async with world.storage.reading() as stored:
        assert await stored.events.forgotten_up_to() == old[-1] < young.position
        assert await stored.events.oldest_position() == young.position
    async with world.storage.within(Reach(frozenset())).reading() as stored:
        assert await stored.events.forgotten_up_to() == old[-1]
    await world.pass_time(DAY)
    assert await forget(world, EVENTS_FOR_A_DAY) == 1
    await given_due(world)
    async with world.storage.reading() as stored:
        assert (await stored.events.oldest_position(), await stored.events.latest_position()) == (None, young.position)
    assert [each.position > young.position for each in await events(world)] == [True]


async def test_events_are_forgotten_from_the_first_on_so_that_none_is_missing_among_those_that_stand(
    world: World,
) -> None:
    await given_due(world)
    await world.pass_time(DAY - MINUTE)
    await given_due(world)
    first, second = await events(world)
    assert await forget(world, EVENTS_FOR_A_DAY) == 0

    await world.pass_time(2 * MINUTE)
    await forget(world, EVENTS_FOR_A_DAY)

    assert [each.position for each in await events(world)] == [second.position]
    assert first.position < second.position


async def test_events_are_forgotten_in_pieces(world: World) -> None:
    for _ in range(5):
        await given_due(world)
    await events(world)
    await world.pass_time(DAY)

    assert [await forget(world, EVENTS_FOR_A_DAY, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert await events(world) == []


async def test_events_that_are_kept_for_ever_stay(world: World) -> None:
    await given_due(world)
    told = await events(world)
    await world.pass_time(10_000 * DAY)

    assert await forget(world, Retention()) == 0
    assert [each.position for each in await events(world)] == [each.position for each in told]


async def ended(world: World, how: VerdictKind, post: Post | None = None) -> Schedule:
    """A schedule whose send ended so."""
    schedule = await given_due(world, post)
    await settle(world, await claim_one(world), how)
    return schedule


async def are_there(world: World, *schedules: Schedule) -> list[bool]:
    async with world.storage.reading() as stored:
        found = {each.schedule_id for each in await stored.schedules.find_all([each.schedule_id for each in schedules])}
    return [each.schedule_id in found for each in schedules]


async def test_a_schedule_is_forgotten_once_its_end_and_its_publish_time_are_old(world: World) -> None:
    completed, failed = await ended(world, VerdictKind.ACCEPTED), await ended(world, VerdictKind.REFUSED)
    ahead = await given_due(world, since=-2 * DAY)
    cancelled = await given_due(world)
    for each in (ahead, cancelled):
        await cancel(world, each)
    await world.pass_time(DAY - 2 * MINUTE)
    assert await forget(world, SCHEDULES_FOR_A_DAY) == 0

    await world.pass_time(3 * MINUTE)
    assert await forget(world, SCHEDULES_FOR_A_DAY) == 3

    assert await are_there(world, completed, failed, cancelled, ahead) == [False, False, False, True]
    async with world.storage.reading() as stored:
        assert await stored.schedules.sends_of([completed.schedule_id]) == {}
        assert [each.schedule_id for each in await stored.schedules.list(ScheduleFilter(), limit=9, after=None)] == [
            ahead.schedule_id
        ]
        for schedule in (completed, failed, cancelled):
            with pytest.raises(Deleted):
                await stored.schedules.get(schedule.schedule_id)
            assert await stored.forgotten.latest_of(schedule.post_id) == schedule.schedule_id
        assert await stored.forgotten.published([completed.post_id, failed.post_id, ahead.post_id]) == {
            completed.post_id: completed.schedule_id
        }
        with pytest.raises(UnknownSchedule):
            await stored.schedules.get(new_id())
    async with world.storage.within(Reach(frozenset({new_id()}))).unit_of_work() as work:
        for naming in (work.schedules.get, work.bookings.lock):
            with pytest.raises(UnknownSchedule):
                await naming(completed.schedule_id)
    async with world.storage.unit_of_work() as work:
        with pytest.raises(Deleted):
            await work.bookings.lock(completed.schedule_id)


async def test_what_is_active_is_never_forgotten(world: World) -> None:
    await given(world.storage, a_brand())
    unconfirmed, published = await ended(world, VerdictKind.UNKNOWN), await given_due(world)
    await claim_one(world)
    doubtful = await given_due(world)
    await settle(world, await claim_one(world, window=DAY), VerdictKind.UNKNOWN)
    await world.pass_time(1000 * DAY)

    assert await forget(world, SCHEDULES_FOR_A_DAY) == 0
    assert await are_there(world, unconfirmed, published, doubtful) == [True] * 3


async def test_a_campaign_under_way_keeps_what_is_over_of_it_and_stays_what_it_was_afterwards(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    over = await ended(world, VerdictKind.ACCEPTED, a_post(campaign_id=CAMPAIGN_ID))
    ahead = await given_due(world, a_post(campaign_id=CAMPAIGN_ID), since=-9 * DAY)
    assert await status_of_campaign(world) is CampaignStatus.ACTIVE
    await world.pass_time(2 * DAY)
    await forget(world, SCHEDULES_FOR_A_DAY)
    assert await are_there(world, over) == [True]

    await cancel(world, ahead)
    assert await status_of_campaign(world) is CampaignStatus.COMPLETED
    await world.pass_time(10 * DAY)
    while await forget(world, SCHEDULES_FOR_A_DAY):
        pass

    assert await are_there(world, over, ahead) == [False, False]
    async with world.storage.unit_of_work() as work:
        await work.campaigns.follow_schedules(CAMPAIGN_ID)
        await work.commit()
    assert await status_of_campaign(world) is CampaignStatus.COMPLETED


async def status_of_campaign(world: World) -> CampaignStatus:
    await events(world)  # whose order lets it follow
    async with world.storage.reading() as stored:
        return (await stored.campaigns.get(CAMPAIGN_ID)).status


async def test_schedules_are_forgotten_in_pieces_the_earliest_first(world: World) -> None:
    made: list[Schedule] = []
    for _ in range(3):
        made.append(await ended(world, VerdictKind.REFUSED))
        await world.pass_time(MINUTE)
    await world.pass_time(DAY)

    assert [await forget(world, SCHEDULES_FOR_A_DAY, limit=1), await are_there(world, *made)] == [
        1,
        [False, True, True],
    ]
    assert [await forget(world, SCHEDULES_FOR_A_DAY, limit=2) for _ in range(2)] == [2, 0]


async def test_what_a_forgotten_schedule_published_is_not_tried_again(world: World) -> None:
    post = a_post()
    completed = await ended(world, VerdictKind.ACCEPTED, post)
    await world.pass_time(2 * DAY)
    failed = await ended(world, VerdictKind.REFUSED, post)  # a repost
    assert completed.schedule_id < failed.schedule_id
    async with world.storage.unit_of_work() as work:
        assert await work.retryables.lock(FAILED, limit=9) == []

    assert await forget(world, SCHEDULES_FOR_A_DAY) == 1

    async with world.storage.unit_of_work() as work:
        assert await work.retryables.lock(FAILED, limit=9) == []
        assert await work.retryables.count(FAILED) == []


def test_what_was_sent_is_kept_for_longer_than_any_lane_has_to_know_of_it() -> None:
    assert max(PACES.values()) < DAY
