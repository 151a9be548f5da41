"""What Holds promises, and what its pauses do to schedules that are added or change their campaign meanwhile."""

from datetime import timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.brand import Brand, OnLate
from marketmind_scheduler.domain.campaign import Campaign, CampaignStatus
from marketmind_scheduler.domain.errors import BrandNotFound, CampaignNotFound, PreconditionFailed
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.expectation import Condition, Expectation
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, a_schedule, given, new_id
from tests.contracts.worlds import (
    MINUTE,
    World,
    at,
    cancel,
    claim,
    claim_one,
    due_in,
    find,
    given_due,
    kinds,
    move,
    settle,
    status_of,
)

HOUR = 60 * MINUTE
PACES = {Platform.TWITTER: 5 * MINUTE, Platform.REDDIT: 10 * MINUTE}
OF = {Hold.BRAND_PAUSED: BRAND_ID, Hold.CAMPAIGN_PAUSED: CAMPAIGN_ID}
BRAND, CAMPAIGN = Hold.BRAND_PAUSED, Hold.CAMPAIGN_PAUSED

each_hold = pytest.mark.parametrize("hold", OF)


async def place(world: World, hold: Hold) -> None:
    await world.holds.place(hold, OF[hold])


async def lift(world: World, hold: Hold) -> None:
    await world.holds.lift(hold, OF[hold], paces=PACES)


@pytest.fixture
async def post(world: World) -> Post:
    """A post of a campaign; the next two fixtures schedule others."""
    registered = a_post(campaign_id=CAMPAIGN_ID)
    await given(world.storage, a_brand(), a_campaign(), registered)
    return registered


@pytest.fixture
async def schedule(world: World, post: Post) -> Schedule:
    """Due since two minutes ago."""
    return await given_due(world, post, since=2 * MINUTE)


@pytest.fixture
async def elsewhere(world: World) -> Schedule:
    """Due, of another campaign and brand."""
    brand, campaign_id = a_brand(brand_id=new_id()), new_id()
    await given(world.storage, brand, a_campaign(campaign_id=campaign_id, brand_id=brand.brand_id))
    return await given_due(world, a_post(brand_id=brand.brand_id, campaign_id=campaign_id))


async def status_of_campaign(world: World) -> CampaignStatus:
    async with world.storage.reading() as stored:
        return (await stored.campaigns.get(CAMPAIGN_ID)).status


@each_hold
async def test_nothing_of_it_is_sent_while_it_is_paused_and_others_are(
    world: World, schedule: Schedule, elsewhere: Schedule, hold: Hold
) -> None:
    await place(world, hold)

    assert (await claim_one(world)).schedule_id == elsewhere.schedule_id
    found = await find(world, schedule)
    assert (found.status, found.holds, found.version) == (ScheduleStatus.PENDING, {hold}, schedule.version + 1)
    assert await due_in(world, schedule) is None
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, EventKind.PARKED]


@each_hold
@pytest.mark.parametrize("verdict", [VerdictKind.ACCEPTED, VerdictKind.DEFERRED])
async def test_a_send_under_way_goes_on_and_is_not_repeated(
    world: World, schedule: Schedule, hold: Hold, verdict: VerdictKind
) -> None:
    claimed = await claim_one(world)

    await place(world, hold)

    assert await status_of(world, schedule) is ScheduleStatus.PUBLISHING
    await settle(world, claimed, verdict)
    assert not await claim(world)
    await lift(world, hold)
    assert len(await claim(world)) == (verdict is VerdictKind.DEFERRED)


@each_hold
async def test_what_is_added_while_it_is_paused_is_held_too(world: World, post: Post, hold: Hold) -> None:
    await place(world, hold)
    schedule = a_schedule(post, slot=at(await world.now() - MINUTE))

    async with world.storage.unit_of_work() as work:
        [stored] = await work.bookings.add([schedule])
        await work.commit()

    assert stored.holds == {hold}
    assert await find(world, schedule) == stored
    assert not await claim(world)


@each_hold
async def test_what_is_moved_while_it_is_paused_stays_held(world: World, schedule: Schedule, hold: Hold) -> None:
    await place(world, hold)

    await move(world, schedule, to=await world.now() + MINUTE)
    await world.pass_time(MINUTE)

    assert (await find(world, schedule)).holds == {hold}
    assert not await claim(world)


@each_hold
async def test_what_is_held_can_be_cancelled(world: World, schedule: Schedule, hold: Hold) -> None:
    await place(world, hold)

    await cancel(world, schedule)

    assert await status_of(world, schedule) is ScheduleStatus.CANCELLED
    await lift(world, hold)
    assert not await claim(world)


@each_hold
async def test_what_fell_due_meanwhile_goes_out_at_a_pace_in_the_order_of_its_times(
    world: World, post: Post, hold: Hold
) -> None:
    overdue = [
        await given_due(world, a_post(campaign_id=post.campaign_id, platform=platform), since=minutes * MINUTE)
        for platform, minutes in (
            (Platform.TWITTER, 10),
            (Platform.TWITTER, 30),
            (Platform.TWITTER, 20),
            (Platform.REDDIT, 10),
            (Platform.REDDIT, 20),
            (Platform.TIKTOK, 10),
        )
    ]
    await place(world, hold)

    await lift(world, hold)

    waits = [await due_in(world, each) for each in overdue]
    assert waits == [10 * MINUTE, timedelta(), 5 * MINUTE, 10 * MINUTE, timedelta(), timedelta()]
    assert await kinds(world, overdue[0]) == [EventKind.SCHEDULED, EventKind.PARKED, EventKind.RESUMED]


@each_hold
async def test_what_its_receiver_has_put_off_is_put_off_still(world: World, schedule: Schedule, hold: Hold) -> None:
    await settle(world, await claim_one(world), VerdictKind.DEFERRED, delay=HOUR)

    await place(world, hold)
    await world.pass_time(10 * MINUTE)
    await lift(world, hold)

    assert await due_in(world, schedule) == 50 * MINUTE
    await world.pass_time(50 * MINUTE)
    assert await claim_one(world)


@each_hold
async def test_what_its_receiver_puts_off_while_it_is_held_is_put_off_still(
    world: World, schedule: Schedule, hold: Hold
) -> None:
    claimed = await claim_one(world)
    await place(world, hold)
    await settle(world, claimed, VerdictKind.DEFERRED, delay=HOUR)

    await lift(world, hold)

    assert await due_in(world, schedule) == HOUR


async def test_what_its_receiver_has_put_off_may_leave_a_paused_campaign_and_is_put_off_still(
    world: World, schedule: Schedule
) -> None:
    other = a_campaign(campaign_id=new_id())
    await given(world.storage, other)
    await settle(world, await claim_one(world), VerdictKind.DEFERRED, delay=HOUR)
    await place(world, CAMPAIGN)

    await put_into(world, a_post(post_id=schedule.post_id), other.campaign_id)

    assert await due_in(world, schedule) == HOUR


async def test_what_its_receiver_has_put_off_forgets_that_only_where_it_is_moved(
    world: World, schedule: Schedule
) -> None:
    await settle(world, await claim_one(world), VerdictKind.DEFERRED, delay=HOUR)

    await move(world, schedule, to=schedule.publish_time)
    as_before = await due_in(world, schedule)
    await move(world, schedule, to=await world.now() + 10 * MINUTE)

    assert as_before == HOUR
    assert await due_in(world, schedule) == 10 * MINUTE


@each_hold
async def test_what_lies_ahead_keeps_its_time(world: World, post: Post, hold: Hold) -> None:
    ahead = [await given_due(world, a_post(campaign_id=post.campaign_id), since=-each * MINUTE) for each in (1, 1, 9)]
    await place(world, hold)

    await lift(world, hold)

    assert [await due_in(world, each) for each in ahead] == [MINUTE, MINUTE, 9 * MINUTE]
    assert [(await find(world, each)).holds for each in ahead] == [frozenset()] * 3


@each_hold
async def test_what_became_too_late_meanwhile_is_not_sent(world: World, hold: Hold) -> None:
    await given(world.storage, a_brand(on_late=OnLate.SKIP, max_lateness=HOUR), a_campaign())
    await given_due(world, a_post(campaign_id=CAMPAIGN_ID), since=HOUR)
    await place(world, hold)
    missed_while_paused = await world.lost_and_late.give_up_late(limit=10)

    await lift(world, hold)

    assert not missed_while_paused
    assert not await claim(world)
    assert await world.lost_and_late.give_up_late(limit=10) == [ScheduleStatus.MISSED]


@pytest.mark.parametrize(("first", "second"), [(BRAND, CAMPAIGN), (CAMPAIGN, BRAND)])
async def test_what_is_held_twice_is_sent_once_both_are_lifted(
    world: World, schedule: Schedule, first: Hold, second: Hold
) -> None:
    await place(world, first)
    await place(world, second)

    await lift(world, first)
    still_held = await find(world, schedule)
    not_yet = await claim(world)
    await lift(world, second)

    assert still_held.holds == {second}
    assert not not_yet
    assert (await claim_one(world)).schedule_id == schedule.schedule_id


async def test_what_is_held_for_being_late_stays_so_when_its_brand_is_resumed(world: World) -> None:
    await given(world.storage, a_brand(on_late=OnLate.HOLD, max_lateness=HOUR))
    schedule = await given_due(world, since=HOUR)
    await world.lost_and_late.give_up_late(limit=10)
    await place(world, BRAND)

    await lift(world, BRAND)

    assert (await find(world, schedule)).holds == {Hold.LATE}
    assert not await claim(world)


@each_hold
async def test_pausing_twice_or_resuming_twice_is_as_once(world: World, schedule: Schedule, hold: Hold) -> None:
    for _ in range(2):
        await place(world, hold)
    paused = await find(world, schedule)
    for _ in range(2):
        await lift(world, hold)

    assert paused.version == schedule.version + 1
    assert (await find(world, schedule)).version == schedule.version + 2
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, EventKind.PARKED, EventKind.RESUMED]


async def test_a_brand_is_paused_since_the_first_time_and_stays_so_when_it_is_saved(world: World, post: Post) -> None:
    await place(world, BRAND)
    async with world.storage.reading() as stored:
        paused = await stored.brands.get(post.brand_id)

    await place(world, BRAND)
    await given(world.storage, a_brand(name="Acme Tea"))

    async with world.storage.reading() as stored:
        saved = await stored.brands.get(post.brand_id)
    assert paused.paused_at is not None
    assert (saved.content.name, saved.paused_at) == ("Acme Tea", paused.paused_at)
    await lift(world, BRAND)
    async with world.storage.reading() as stored:
        assert (await stored.brands.get(post.brand_id)).paused_at is None


async def test_a_campaign_is_paused_at_once_and_stands_where_its_schedules_are_when_it_is_resumed(
    world: World, schedule: Schedule
) -> None:
    await place(world, CAMPAIGN)
    while_paused = await status_of_campaign(world)
    await lift(world, CAMPAIGN)

    assert while_paused is CampaignStatus.PAUSED
    assert await status_of_campaign(world) is CampaignStatus.SCHEDULED
    assert await find(world, schedule)


@pytest.mark.parametrize(("hold", "missing"), [(BRAND, BrandNotFound), (CAMPAIGN, CampaignNotFound)])
async def test_what_does_not_exist_is_neither_paused_nor_resumed(
    world: World, hold: Hold, missing: type[Exception]
) -> None:
    unknown: UUID = new_id()

    with pytest.raises(missing):
        await world.holds.place(hold, unknown)
    with pytest.raises(missing):
        await world.holds.lift(hold, unknown, paces=PACES)


def expecting(seen: Brand | Campaign) -> Expectation[Brand | Campaign]:
    """What is to be paused or resumed must be exactly this."""
    condition = Condition(tags=frozenset({repr(seen)}), must_match=True)
    return Expectation(tags_of=lambda found: [repr(found)], conditions=[condition])


async def look(world: World, hold: Hold) -> Brand | Campaign:
    async with world.storage.reading() as stored:
        return await (stored.brands.get(BRAND_ID) if hold is BRAND else stored.campaigns.get(CAMPAIGN_ID))


@each_hold
async def test_only_what_is_as_expected_is_paused_or_resumed(world: World, schedule: Schedule, hold: Hold) -> None:
    before = await look(world, hold)
    await world.holds.place(hold, OF[hold], expected=expecting(before))
    paused, held = await look(world, hold), await find(world, schedule)

    with pytest.raises(PreconditionFailed):
        await world.holds.place(hold, OF[hold], expected=expecting(before))
    with pytest.raises(PreconditionFailed):
        await world.holds.lift(hold, OF[hold], paces=PACES, expected=expecting(before))
    assert (await look(world, hold), await find(world, schedule)) == (paused, held)

    await world.holds.lift(hold, OF[hold], paces=PACES, expected=expecting(paused))
    assert not (await find(world, schedule)).holds


async def put_into(world: World, post: Post, campaign_id: UUID) -> None:
    changed = a_post(post_id=post.post_id, brand_id=post.brand_id, campaign_id=campaign_id)
    async with world.storage.unit_of_work() as work:
        await work.posts.save([changed])
        await work.bookings.follow_campaigns([post.post_id])
        await work.commit()


async def test_a_post_that_comes_into_a_paused_campaign_is_held_and_one_that_leaves_it_is_sent(
    world: World, post: Post
) -> None:
    other = a_campaign(campaign_id=new_id())
    await given(world.storage, other)
    schedule = await given_due(world, a_post(campaign_id=other.campaign_id))
    comes = a_post(post_id=schedule.post_id)
    await place(world, CAMPAIGN)

    await put_into(world, comes, CAMPAIGN_ID)
    held = await find(world, schedule)
    handed_out = await claim(world)
    await put_into(world, comes, other.campaign_id)

    assert post.campaign_id == CAMPAIGN_ID
    assert held.holds == {CAMPAIGN}
    assert not handed_out
    assert not (await find(world, schedule)).holds
    assert await claim_one(world)
    told = [EventKind.SCHEDULED, EventKind.PARKED, EventKind.RESUMED]
    assert await kinds(world, schedule) == told


async def test_a_post_that_leaves_a_paused_campaign_is_held_as_long_as_its_brand_is_paused(
    world: World, schedule: Schedule
) -> None:
    other = a_campaign(campaign_id=new_id())
    await given(world.storage, other)
    await place(world, BRAND)
    await place(world, CAMPAIGN)

    await put_into(world, a_post(post_id=schedule.post_id), other.campaign_id)

    assert (await find(world, schedule)).holds == {BRAND}
    assert not await claim(world)
