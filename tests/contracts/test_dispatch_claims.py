"""What DispatchQueue promises of claims, and of sends that begin."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from marketmind_scheduler.domain.attempt import Attempt, Claim
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, Schedule, ScheduleStatus
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.dispatch_queue import Recorded, Wanted
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, given, new_id
from tests.contracts.worlds import (
    ANOTHER_OWNER,
    LEASE,
    MINUTE,
    OWNER,
    World,
    attempts_of,
    cancel,
    claim,
    claim_one,
    due_in,
    expire,
    find,
    given_due,
    hand_out,
    in_minutes,
    move,
    settle,
    status_of,
    until_due,
)

HOUR = 60 * MINUTE


async def test_what_is_due_is_claimed_once_which_is_to_say_that_its_send_begins(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    post = a_post(campaign_id=CAMPAIGN_ID, title="Five in the morning", s3_url="s3://bakery/five.jpg")
    schedule = await given_due(world, post, since=3 * MINUTE)

    [attempt] = await hand_out(world)

    assert replace(attempt, late_by=in_minutes(attempt.late_by)) == Attempt(
        claim=Claim(
            schedule_id=schedule.schedule_id,
            brand_id=BRAND_ID,
            platform=Platform.TWITTER,
            token=1,
            publish_time=schedule.publish_time,
            standing=Standing(status=ScheduleStatus.PUBLISHING),
        ),
        post_id=post.post_id,
        campaign_id=CAMPAIGN_ID,
        title=post.title,
        s3_url=post.s3_url,
        publish_time=schedule.publish_time,
        late_by=3 * MINUTE,
    )
    assert attempt.late_by >= 3 * MINUTE
    assert await find(world, schedule) == replace(schedule, status=ScheduleStatus.PUBLISHING)
    assert await due_in(world, schedule) is None
    assert not await attempts_of(world, schedule)
    assert not await claim(world, owner=ANOTHER_OWNER)


async def test_nothing_is_claimed_before_its_time(world: World) -> None:
    schedule = await given_due(world, since=-5 * MINUTE)

    await world.pass_time(4 * MINUTE)
    too_early = await claim(world)
    await world.pass_time(MINUTE)

    assert not too_early
    assert (await claim_one(world)).schedule_id == schedule.schedule_id


async def test_each_platform_gives_the_earliest_due_as_many_as_there_is_room(world: World) -> None:
    tweets = [await given_due(world, since=minutes * MINUTE) for minutes in (1, 4, 3, 2)]
    video = await given_due(world, a_post(platform=Platform.TIKTOK))
    await given_due(world, a_post(platform=Platform.REDDIT))

    claimed = await claim(world, room={Platform.TWITTER: 2, Platform.TIKTOK: 5, Platform.YOUTUBE: 5})

    assert {each.schedule_id for each in claimed} == {each.schedule_id for each in (tweets[1], tweets[2], video)}


async def test_no_more_than_asked_for_is_claimed_over_all_platforms_and_the_earliest_due_first(world: World) -> None:
    tweets = [await given_due(world, since=minutes * MINUTE) for minutes in (1, 5, 3)]
    video = await given_due(world, a_post(platform=Platform.TIKTOK), since=4 * MINUTE)
    room = {Platform.TWITTER: 5, Platform.TIKTOK: 5}

    first = await claim(world, room=room, most=2)
    rest = await claim(world, room=room, most=2)

    assert {each.schedule_id for each in first} == {tweets[1].schedule_id, video.schedule_id}
    assert {each.schedule_id for each in rest} == {tweets[2].schedule_id, tweets[0].schedule_id}


async def test_a_retry_has_no_precedence_over_what_was_due_before_it(world: World) -> None:
    retried = await given_due(world, since=9 * MINUTE)
    await settle(world, await claim_one(world), VerdictKind.DEFERRED)
    overdue = await given_due(world, since=5 * MINUTE)

    order = [(await claim(world, room={Platform.TWITTER: 1}))[0].schedule_id for _ in range(2)]

    assert order == [overdue.schedule_id, retried.schedule_id]


async def paused_brand(world: World, _: Schedule) -> None:
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)


async def paused_campaign(world: World, _: Schedule) -> None:
    await world.holds.place(Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID)


async def cancelled(world: World, schedule: Schedule) -> None:
    await cancel(world, schedule)


async def moved_ahead(world: World, schedule: Schedule) -> None:
    await move(world, schedule, to=await world.now() + HOUR)


async def too_late(world: World, _: Schedule) -> None:
    await world.pass_time(6 * HOUR)


Meanwhile = Callable[[World, Schedule], Awaitable[None]]
NOT_HANDED_OUT: list[Meanwhile] = [paused_brand, paused_campaign, cancelled, moved_ahead, too_late]


@pytest.fixture
async def schedule(world: World) -> Schedule:
    """One that is due for a minute, of a campaign and of a brand that publishes nothing more than an hour late."""
    await given(world.storage, a_brand(on_late=OnLate.SKIP, max_lateness=HOUR), a_campaign())
    return await given_due(world, a_post(campaign_id=CAMPAIGN_ID))


@pytest.mark.parametrize("meanwhile", NOT_HANDED_OUT)
async def test_what_must_not_be_sent_is_not_handed_out(world: World, schedule: Schedule, meanwhile: Meanwhile) -> None:
    await meanwhile(world, schedule)

    assert not await claim(world)


async def test_a_send_in_flight_is_neither_cancelled_nor_claimed_by_others(world: World, schedule: Schedule) -> None:
    await claim_one(world)

    await cancel(world, schedule)

    assert await status_of(world, schedule) is ScheduleStatus.PUBLISHING
    assert not await claim(world, owner=ANOTHER_OWNER)


async def test_every_claim_has_a_token_of_its_own_and_every_send_the_same_key(world: World) -> None:
    schedule = await given_due(world)
    tokens: list[int] = []
    keys: set[str] = set()
    for verdict in (VerdictKind.UNSENT, VerdictKind.DEFERRED, VerdictKind.UNKNOWN, VerdictKind.ACCEPTED):
        [attempt] = await hand_out(world, window=HOUR)
        tokens.append(attempt.claim.token)
        keys.add(attempt.key)
        await settle(world, attempt.claim, verdict)

    assert tokens == sorted(set(tokens))
    assert keys == {str(schedule.schedule_id)}


@pytest.mark.parametrize(
    ("window", "later_by", "repeats"),
    [
        (HOUR, 50 * MINUTE, 1),
        (HOUR, HOUR, 0),  # what is left of it is shorter than a send may take
        (5 * HOUR, HOUR, 0),  # the window is that of the send that is repeated
        (None, 10 * MINUTE, 0),
    ],
)
async def test_what_may_be_out_is_sent_again_only_while_a_repeat_is_certainly_dropped(
    world: World, window: timedelta | None, later_by: timedelta, repeats: int
) -> None:
    await given_due(world)
    await settle(world, await claim_one(world, window=HOUR), VerdictKind.UNKNOWN)
    await world.pass_time(later_by)

    assert len(await claim(world, window=window)) == repeats


async def test_a_repeat_does_not_prolong_the_window_of_the_first_send(world: World) -> None:
    await given_due(world)
    for _ in range(2):
        await settle(world, await claim_one(world, window=HOUR), VerdictKind.UNKNOWN)
        await world.pass_time(40 * MINUTE)

    assert not await claim(world, window=HOUR)


async def test_a_lease_that_is_extended_runs_out_later(world: World) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    await world.pass_time(MINUTE)

    held = await world.queue.extend({schedule.schedule_id: claimed.token}, owner=OWNER, lease=LEASE)
    await world.pass_time(MINUTE)

    assert set(held) == {schedule.schedule_id}
    assert not await world.lost_and_late.take_back(limit=10)
    assert await expire(world) == [ScheduleStatus.UNCONFIRMED]


@pytest.mark.parametrize(("owner", "token"), [(ANOTHER_OWNER, 1), (OWNER, 2)])
async def test_only_its_owner_extends_a_lease_and_only_its_own_claim(world: World, owner: UUID, token: int) -> None:
    schedule = await given_due(world)
    await claim_one(world)

    assert not await world.queue.extend({schedule.schedule_id: token}, owner=owner, lease=HOUR)
    assert await expire(world) == [ScheduleStatus.UNCONFIRMED]


@pytest.mark.parametrize("verdict", [VerdictKind.ACCEPTED, VerdictKind.DEFERRED, VerdictKind.UNSENT])
async def test_what_was_settled_is_not_extended(world: World, verdict: VerdictKind) -> None:
    schedule = await given_due(world)
    claimed = await claim_one(world)
    assert (await settle(world, claimed, verdict)).recorded is Recorded.SETTLED

    assert not await world.queue.extend({schedule.schedule_id: claimed.token}, owner=OWNER, lease=HOUR)


async def test_the_next_to_be_due_on_some_platforms_is_known(world: World) -> None:
    overdue = await given_due(world, since=3 * MINUTE)
    await given_due(world, a_post(platform=Platform.TIKTOK), since=-7 * MINUTE)
    tweets, both = {Platform.TWITTER}, {Platform.TWITTER, Platform.TIKTOK}

    async def next_due_in(platforms: set[Platform]) -> timedelta | None:
        found = await world.queue.next_due_in([Wanted(platform=each, room=1) for each in platforms])
        return None if found is None else in_minutes(found)

    assert await next_due_in(tweets) == await next_due_in(both) == -3 * MINUTE
    await settle(world, await claim_one(world), VerdictKind.DEFERRED, delay=2 * MINUTE)
    assert await next_due_in(both) == 2 * MINUTE
    await cancel(world, overdue)
    assert await next_due_in(both) == 7 * MINUTE
    assert await next_due_in(tweets) is None
    await until_due(world)
    assert await next_due_in(both) == -3 * MINUTE
    await claim_one(world)
    assert await next_due_in(both) is None


async def claimed_of(world: World, *wanted: Wanted) -> Sequence[Schedule]:
    attempts = await world.queue.claim(wanted, claim_id=new_id(), owner=OWNER, lease=LEASE)
    async with world.storage.reading() as stored:
        return await stored.schedules.find_all([each.claim.schedule_id for each in attempts])


async def test_what_is_wanted_for_one_brand_is_of_that_brand_and_what_is_left_out_stays(world: World) -> None:
    own, others = new_id(), [new_id(), new_id()]
    due = {brand: await given_due(world, a_post(brand_id=brand), since=5 * MINUTE) for brand in (own, *others)}
    twitter = Platform.TWITTER

    usual = Wanted(platform=twitter, room=5, others=frozenset({own, others[0]}))
    assert await world.queue.next_due_in([usual]) is not None
    assert {each.brand_id for each in await claimed_of(world, usual)} == {others[1]}
    assert await world.queue.next_due_in([usual]) is None
    assert [each.brand_id for each in await claimed_of(world, Wanted(platform=twitter, room=5, brand_id=own))] == [own]
    assert await status_of(world, due[others[0]]) is ScheduleStatus.PENDING


async def test_each_that_is_wanted_has_room_and_a_window_of_its_own(world: World) -> None:
    slow, quick = new_id(), new_id()
    for brand in (slow, quick):
        for minutes in (3, 2, 1):
            await given_due(world, a_post(brand_id=brand), since=minutes * MINUTE)

    found = await claimed_of(
        world,
        Wanted(platform=Platform.TWITTER, room=1, brand_id=slow),
        Wanted(platform=Platform.TWITTER, room=2, others=frozenset({slow}), resend_window=HOUR),
    )

    assert sorted((each.brand_id for each in found), key=str) == sorted([slow, quick, quick], key=str)
    assert await expire(world) == [ScheduleStatus.UNCONFIRMED, ScheduleStatus.PENDING, ScheduleStatus.PENDING]


async def test_a_claim_whose_answer_was_lost_is_given_back_and_no_other_of_the_same_owner(world: World) -> None:
    lost_ids = new_id(), new_id()
    kept = await given_due(world, since=3 * MINUTE)
    await claim_one(world)
    lost = await given_due(world, since=2 * MINUTE)
    await hand_out(world, claim_id=lost_ids[0])

    assert await world.queue.give_back(lost_ids) == 1

    assert await world.queue.give_back(lost_ids) == 0
    assert await status_of(world, kept) is ScheduleStatus.PUBLISHING
    assert await find(world, lost) == lost
    assert await due_in(world, lost) == timedelta()
    assert (await claim_one(world)).token == 2


async def test_what_is_given_back_while_its_brand_is_paused_waits_for_it(world: World, schedule: Schedule) -> None:
    claim_id = new_id()
    await hand_out(world, claim_id=claim_id)
    await paused_brand(world, schedule)

    assert await world.queue.give_back([claim_id]) == 1

    assert (await find(world, schedule)).holds == {Hold.BRAND_PAUSED}
    assert not await claim(world)


async def test_what_was_lost_and_has_moved_on_stays_as_it_is(world: World) -> None:
    claim_id = new_id()
    schedule = await given_due(world)
    await hand_out(world, claim_id=claim_id)
    await expire(world)

    assert await world.queue.give_back([claim_id]) == 0
    assert await status_of(world, schedule) is ScheduleStatus.UNCONFIRMED
