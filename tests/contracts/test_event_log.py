"""What EventRepository and Upkeep promise of events: which, in which order, and that campaigns follow them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.event import SERVICE, Event, EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, given, new_id
from tests.contracts.worlds import (
    MINUTE,
    World,
    cancel,
    claim,
    claim_one,
    events,
    given_due,
    kinds,
    move,
    settle,
)
from tests.stored import cancel_pending

ALL = 1000


async def test_an_event_says_where_its_schedule_stood_right_after(world: World) -> None:
    schedule = await given_due(world, a_post(platform=Platform.TIKTOK))
    began_at = await world.now()
    claimed = await claim_one(world)

    await settle(world, claimed, VerdictKind.DEFERRED, reason="Busy", external_id="t-1")

    first, last = await events(world)
    assert (first.kind, first.status, first.error) == (EventKind.SCHEDULED, ScheduleStatus.PENDING, None)
    assert last == Event(
        position=last.position,
        kind=EventKind.RETRYING,
        brand_id=BRAND_ID,
        schedule_id=schedule.schedule_id,
        post_id=schedule.post_id,
        campaign_id=None,
        platform=Platform.TIKTOK,
        title="Meet the new line",
        publish_time=schedule.publish_time,
        previous_publish_time=None,
        status=ScheduleStatus.PENDING,
        retry_count=1,
        external_id="t-1",
        error="Busy",
        note=None,
        occurred_at=last.occurred_at,
        actor=SERVICE,
    )
    assert timedelta() <= last.occurred_at - began_at < MINUTE


async def test_an_event_keeps_the_campaign_of_its_time_and_shows_the_title_of_now(world: World) -> None:
    post = a_post(title="Draft", campaign_id=CAMPAIGN_ID)
    await given(world.storage, a_brand(), a_campaign())
    await given_due(world, post)
    before = await events(world)

    await given(world.storage, replace(post, title="Final", campaign_id=None))

    assert [(each.campaign_id, each.title) for each in before] == [(CAMPAIGN_ID, "Draft")]
    assert [(each.campaign_id, each.title) for each in await events(world)] == [(CAMPAIGN_ID, "Final")]


async def test_the_events_of_a_schedule_keep_their_order(world: World) -> None:
    schedule, other = await given_due(world), await given_due(world)
    await move(world, schedule, to=await world.now() + MINUTE)
    await cancel(world, other)
    await world.pass_time(MINUTE)
    await settle(world, await claim_one(world), VerdictKind.DEFERRED)
    await settle(world, await claim_one(world), VerdictKind.UNKNOWN)

    told = [EventKind.SCHEDULED, EventKind.RESCHEDULED, EventKind.RETRYING, EventKind.UNCONFIRMED]
    assert await kinds(world, schedule) == told
    assert await kinds(world, other) == [EventKind.SCHEDULED, EventKind.CANCELLED]


async def test_an_event_is_read_once_it_has_its_position_which_only_rises(world: World) -> None:
    for _ in range(3):
        await given_due(world)

    async with world.storage.reading() as stored:
        before = await stored.events.list(brand_id=None, after=0, limit=ALL), await stored.events.latest_position()
    sequenced = [await world.upkeep.sequence_events(limit=2) for _ in range(3)]
    async with world.storage.reading() as stored:
        found = await stored.events.list(brand_id=None, after=0, limit=ALL)
        latest = await stored.events.latest_position()

    positions = [event.position for event in found]
    assert before == ([], 0)
    assert sequenced == [2, 1, 0]
    assert positions == sorted(set(positions))
    assert len(positions) == 3
    assert latest == positions[-1]


async def test_what_was_read_stays_and_what_comes_later_stands_behind_it(world: World) -> None:
    await given_due(world)
    first = await events(world)

    await given_due(world)

    assert (await events(world))[: len(first)] == first


async def test_events_are_read_page_by_page_and_by_brand(world: World) -> None:
    other = a_brand(brand_id=new_id())
    await given(world.storage, other)
    ours = [await given_due(world) for _ in range(3)]
    theirs = [await given_due(world, a_post(brand_id=other.brand_id)) for _ in range(3)]
    every = await events(world)

    async with world.storage.reading() as stored:
        page = await stored.events.list(brand_id=None, after=every[0].position, limit=2)
        of_brand = await stored.events.list(brand_id=other.brand_id, after=0, limit=2)
        rest = await stored.events.list(brand_id=other.brand_id, after=of_brand[-1].position, limit=2)
        nothing = await stored.events.list(brand_id=None, after=every[-1].position, limit=2)

    assert [event.schedule_id for event in every] == [each.schedule_id for each in (*ours, *theirs)]
    assert page == every[1:3]
    assert [*of_brand, *rest] == every[3:]
    assert not nothing


async def test_what_was_rolled_back_is_not_told(world: World) -> None:
    schedule = await given_due(world)

    async with world.storage.unit_of_work() as work:
        await cancel_pending(work, [schedule.schedule_id], now=await world.now())

    assert await kinds(world, schedule) == [EventKind.SCHEDULED]


async def test_claims_write_no_events(world: World) -> None:
    schedule = await given_due(world)

    await claim(world)

    assert await kinds(world, schedule) == [EventKind.SCHEDULED]


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([VerdictKind.DEFERRED, VerdictKind.DEFERRED], CampaignStatus.SCHEDULED),
        ([VerdictKind.ACCEPTED, VerdictKind.DEFERRED], CampaignStatus.ACTIVE),
        ([VerdictKind.ACCEPTED, VerdictKind.UNKNOWN], CampaignStatus.ACTIVE),
        ([VerdictKind.REFUSED, VerdictKind.REFUSED], CampaignStatus.COMPLETED),
        ([VerdictKind.ACCEPTED, VerdictKind.ACCEPTED], CampaignStatus.COMPLETED),
    ],
)
async def test_a_campaign_follows_what_became_of_its_posts(
    world: World, verdicts: list[VerdictKind], status: CampaignStatus
) -> None:
    other = a_campaign(campaign_id=new_id())
    await given(world.storage, a_brand(), a_campaign(), other)
    for verdict in verdicts:
        await given_due(world, a_post(campaign_id=CAMPAIGN_ID))
        await settle(world, await claim_one(world), verdict, delay=MINUTE)

    await events(world)

    async with world.storage.reading() as stored:
        assert (await stored.campaigns.get(CAMPAIGN_ID)).status is status
        assert await stored.campaigns.get(other.campaign_id) == other
