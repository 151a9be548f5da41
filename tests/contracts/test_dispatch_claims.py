"""What DispatchQueue promises of claims, and of sends that begin."""

from collections.abc import Awaitable, Callable
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
from marketmind_scheduler.ports.dispatch_queue import Recorded
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, given, new_id
from tests.contracts.worlds import (
    ANOTHER_OWNER,
    LEASE,
    LEAST_LEASE,
    MINUTE,
    OWNER,
    World,
    attempts_of,
    begin,
    cancel,
    claim,
    claim_and_begin,
    claim_one,
    due_in,
    expire,
    find,
    given_due,
    in_minutes,
    move,
    settle,
    status_of,
    until_due,
)

HOUR = 60 * MINUTE


async def test_what_is_due_is_claimed_once_and_still_counts_as_pending(world: World) -> None:
    schedule = await given_due(world)

    claimed = await claim(world)

    assert claimed == [
        Claim(
            schedule_id=schedule.schedule_id,
            brand_id=BRAND_ID,
            platform=Platform.TWITTER,
            token=1,
            publish_time=schedule.publish_time,
            standing=Standing(),
        )
    ]
    assert not await claim(world, owner=ANOTHER_OWNER)
    assert await find(world, schedule) == schedule
    assert await due_in(world, schedule) is None


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

    first = await world.queue.claim(room, most=2, owner=OWNER, lease=LEASE)
    rest = await world.queue.claim(room, most=2, owner=OWNER, lease=LEASE)

    assert {each.schedule_id for each in first} == {tweets[1].schedule_id, video.schedule_id}
    assert {each.schedule_id for each in rest} == {tweets[2].schedule_id, tweets[0].schedule_id}


async def test_a_retry_has_no_precedence_over_what_was_due_before_it(world: World) -> None:
    retried = await given_due(world, since=9 * MINUTE)
    await settle(world, await claim_and_begin(world), VerdictKind.DEFERRED)
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


async def with_too_little_time_left(world: World, _: Schedule) -> None:
    await world.pass_time(LEASE - LEAST_LEASE + timedelta(seconds=1))


async def moved_and_due_again(world: World, schedule: Schedule) -> None:
    await move(world, schedule, to=await world.now() + MINUTE)
    await world.pass_time(MINUTE)


async def expired(world: World, _: Schedule) -> None:
    await expire(world)


async def claimed_anew(world: World, _: Schedule) -> None:
    await expire(world)
    await claim_one(world)


async def released(world: World, schedule: Schedule) -> None:
    await settle(world, claimed_first(schedule), VerdictKind.UNSENT)


async def begun(world: World, schedule: Schedule) -> None:
    assert await begin(world, claimed_first(schedule))


Meanwhile = Callable[[World, Schedule], Awaitable[None]]
NOT_TO_BE_SENT: list[Meanwhile] = [paused_brand, paused_campaign, cancelled, moved_ahead]
NOT_HANDED_OUT: list[Meanwhile] = [*NOT_TO_BE_SENT, too_late]
NOT_BEGUN: list[Meanwhile] = [
    *NOT_TO_BE_SENT,
    with_too_little_time_left,
    moved_and_due_again,
    expired,
    claimed_anew,
    released,
    begun,
]


def claimed_first(schedule: Schedule) -> Claim:
    return Claim(
        schedule_id=schedule.schedule_id,
        brand_id=schedule.brand_id,
        platform=schedule.platform,
        token=1,
        publish_time=schedule.publish_time,
        standing=Standing(),
    )


@pytest.fixture
async def schedule(world: World) -> Schedule:
    """One that is due for a minute, of a campaign and of a brand that publishes nothing more than an hour late."""
    await given(world.storage, a_brand(on_late=OnLate.SKIP, max_lateness=HOUR), a_campaign())
    return await given_due(world, a_post(campaign_id=CAMPAIGN_ID))


@pytest.mark.parametrize("meanwhile", NOT_HANDED_OUT)
async def test_what_must_not_be_sent_is_not_handed_out(world: World, schedule: Schedule, meanwhile: Meanwhile) -> None:
    await meanwhile(world, schedule)

    assert not await claim(world)


@pytest.mark.parametrize("meanwhile", NOT_BEGUN)
async def test_a_claim_does_not_begin_after_it_was(world: World, schedule: Schedule, meanwhile: Meanwhile) -> None:
    claimed = await claim_one(world)
    await meanwhile(world, schedule)

    assert not await begin(world, claimed)


async def test_a_claim_does_not_begin_that_became_too_late_though_its_lease_goes_on(world: World) -> None:
    await given(world.storage, a_brand(on_late=OnLate.HOLD, max_lateness=HOUR))
    await given_due(world, since=HOUR - MINUTE)
    claimed = await claim_one(world)
    await world.pass_time(MINUTE)

    assert not await begin(world, claimed)


async def test_a_claim_begins_for_its_owner_alone_with_its_own_token(world: World, schedule: Schedule) -> None:
    claimed = await claim_one(world)

    assert not await begin(world, claimed, owner=ANOTHER_OWNER)
    assert not await begin(world, replace(claimed, token=claimed.token + 1))
    assert not await begin(world, replace(claimed, schedule_id=new_id()))
    assert await status_of(world, schedule) is ScheduleStatus.PENDING
    assert await begin(world, claimed)


async def test_a_send_that_begins_carries_its_post_and_how_late_it_is(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    post = a_post(campaign_id=CAMPAIGN_ID, title="Five in the morning", s3_url="s3://bakery/five.jpg")
    schedule = await given_due(world, post, since=3 * MINUTE)
    claimed = await claim_one(world)

    [attempt] = await begin(world, claimed)

    assert replace(attempt, late_by=in_minutes(attempt.late_by)) == Attempt(
        claim=claimed,
        post_id=post.post_id,
        campaign_id=CAMPAIGN_ID,
        title=post.title,
        s3_url=post.s3_url,
        publish_time=schedule.publish_time,
        late_by=3 * MINUTE,
    )
    assert attempt.late_by >= 3 * MINUTE
    assert await status_of(world, schedule) is ScheduleStatus.PUBLISHING
    assert not await attempts_of(world, schedule)


async def test_what_cannot_begin_does_not_keep_the_others_of_its_batch(world: World) -> None:
    schedules = [await given_due(world) for _ in range(3)]
    claimed = await claim(world)
    await cancel(world, schedules[1])

    begun = await begin(world, *claimed)

    assert {each.claim.schedule_id for each in begun} == {schedules[0].schedule_id, schedules[2].schedule_id}


async def test_a_send_in_flight_is_neither_cancelled_nor_claimed_by_others(world: World, schedule: Schedule) -> None:
    await claim_and_begin(world)

    await cancel(world, schedule)

    assert await status_of(world, schedule) is ScheduleStatus.PUBLISHING
    assert not await claim(world, owner=ANOTHER_OWNER)


async def test_every_claim_has_a_token_of_its_own_and_every_send_the_same_key(world: World) -> None:
    schedule = await given_due(world)
    tokens: list[int] = []
    keys: set[str] = set()
    for verdict in (VerdictKind.UNSENT, VerdictKind.DEFERRED, VerdictKind.UNKNOWN, VerdictKind.ACCEPTED):
        claimed = await claim_one(world)
        [attempt] = await begin(world, claimed, window=HOUR)
        tokens.append(claimed.token)
        keys.add(attempt.key)
        await settle(world, claimed, verdict)

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
    await settle(world, await claim_and_begin(world, window=HOUR), VerdictKind.UNKNOWN)
    await world.pass_time(later_by)
    claimed = await claim_one(world)

    assert len(await begin(world, claimed, window=window)) == repeats


async def test_a_repeat_does_not_prolong_the_window_of_the_first_send(world: World) -> None:
    await given_due(world)
    for _ in range(2):
        await settle(world, await claim_and_begin(world, window=HOUR), VerdictKind.UNKNOWN)
        await world.pass_time(40 * MINUTE)

    assert not await begin(world, await claim_one(world), window=HOUR)


async def test_a_lease_that_is_extended_runs_out_later(world: World) -> None:
    schedule = await given_due(world)
    claimed = await claim_and_begin(world)
    await world.pass_time(MINUTE)

    held = await world.queue.extend({schedule.schedule_id: claimed.token}, owner=OWNER, lease=LEASE)
    await world.pass_time(MINUTE)

    assert set(held) == {schedule.schedule_id}
    assert not await world.lost_and_late.take_back(limit=10)
    assert await expire(world) == [ScheduleStatus.UNCONFIRMED]


@pytest.mark.parametrize(("owner", "token"), [(ANOTHER_OWNER, 1), (OWNER, 2)])
async def test_only_its_owner_extends_a_lease_and_only_its_own_claim(world: World, owner: UUID, token: int) -> None:
    schedule = await given_due(world)
    await claim_and_begin(world)

    assert not await world.queue.extend({schedule.schedule_id: token}, owner=owner, lease=HOUR)
    assert await expire(world) == [ScheduleStatus.UNCONFIRMED]


@pytest.mark.parametrize("verdict", [VerdictKind.ACCEPTED, VerdictKind.DEFERRED, VerdictKind.UNSENT])
async def test_what_was_settled_is_not_extended(world: World, verdict: VerdictKind) -> None:
    schedule = await given_due(world)
    claimed = await claim_and_begin(world)
    assert (await settle(world, claimed, verdict)).recorded is Recorded.SETTLED

    assert not await world.queue.extend({schedule.schedule_id: claimed.token}, owner=OWNER, lease=HOUR)


async def test_the_next_to_be_due_on_some_platforms_is_known(world: World) -> None:
    overdue = await given_due(world, since=3 * MINUTE)
    await given_due(world, a_post(platform=Platform.TIKTOK), since=-7 * MINUTE)
    tweets, both = {Platform.TWITTER}, {Platform.TWITTER, Platform.TIKTOK}

    async def next_due_in(platforms: set[Platform]) -> timedelta | None:
        found = await world.queue.next_due_in(platforms)
        return None if found is None else in_minutes(found)

    assert await next_due_in(tweets) == await next_due_in(both) == -3 * MINUTE
    await settle(world, await claim_and_begin(world), VerdictKind.DEFERRED, delay=2 * MINUTE)
    assert await next_due_in(both) == 2 * MINUTE
    await cancel(world, overdue)
    assert await next_due_in(both) == 7 * MINUTE
    assert await next_due_in(tweets) is None
    await until_due(world)
    assert await next_due_in(both) == -3 * MINUTE
    await claim_one(world)
    assert await next_due_in(both) is None
