"""What PostBookings promises: one look that shows all that decides, and nothing made where it holds no longer."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import Deleted, PostNotFound
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.retention import Retention
from marketmind_scheduler.domain.rules.policy import Policy, QuietHours
from marketmind_scheduler.domain.schedule import Hold, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.wall_clock import Slot
from marketmind_scheduler.ports.post_bookings import Look
from marketmind_scheduler.ports.storage import LostRace
from tests.builders import (
    BRAND_ID,
    CAMPAIGN_ID,
    NOW,
    TZ_RELEASE,
    ZONE,
    a_brand,
    a_campaign,
    a_post,
    a_schedule,
    a_slot,
    given,
    new_id,
)
from tests.contracts.test_policies import OWN
from tests.contracts.worlds import MINUTE, ActingWorld, World, claim_one, events, given_due, settle
from tests.fakes.clock import FrozenClock

POST = a_post(campaign_id=CAMPAIGN_ID, platform=Platform.LINKEDIN)
QUIET = Policy(brand_id=BRAND_ID, version=1, rules=(QuietHours(begin=time(22), end=time(7)),), updated_at=NOW)
AT_AN_INSTANT = Slot.at(a_slot().publish_time, zone=ZONE, tz_release=TZ_RELEASE)
NEWER_RELEASE = "2999a"


async def look(world: World) -> Look:
    async with world.storage.at_once() as work:
        return await work.post_bookings.look(POST.post_id)


async def is_made(world: World, seen: Look, *, slot: Slot | None = None, allow_repost: bool = False) -> bool:
    async with world.storage.at_once() as work:
        wanted = a_schedule(seen.post, slot=slot or a_slot())
        made = await work.post_bookings.add_as_seen(wanted, seen, allow_repost=allow_repost)
        if made is not None:
            await work.commit()
        return made is not None


@pytest.fixture
async def world(world: World) -> World:
    """With a post of a campaign."""
    await given(world.storage, a_brand(), a_campaign(), POST)
    return world


async def test_a_look_shows_a_post_with_its_brands_rules_and_nothing_in_its_way(world: World) -> None:
    seen = await look(world)

    shown = replace(POST, position=seen.post.position)
    assert (seen.post, seen.rules.zone, seen.rules.policy.version) == (shown, ZONE, 0)
    assert (seen.is_scheduled, seen.is_published) == (False, False)


async def test_a_look_shows_the_rules_and_the_caps_of_the_brand_that_hold(world: World) -> None:
    await new_rules(world)
    await a_cap_of_its_own(world)
    async with world.storage.unit_of_work() as work:
        [rules] = (await work.lanes.lock({BRAND_ID: [POST.platform]})).values()

    assert (await look(world)).rules == rules
    assert rules.policy == QUIET


async def test_a_look_shows_whether_the_post_is_scheduled_or_was_published(world: World) -> None:
    await given(world.storage, a_schedule(POST, status=ScheduleStatus.COMPLETED))
    published = await look(world)
    await given(world.storage, a_schedule(POST))
    both = await look(world)

    assert (published.is_scheduled, published.is_published) == (False, True)
    assert (both.is_scheduled, both.is_published) == (True, True)


async def test_a_look_knows_what_was_published_and_is_forgotten(world: World) -> None:
    await published_and_forgotten(world)

    assert (await look(world)).is_published


async def test_what_is_out_of_reach_or_not_there_is_not_found(world: World) -> None:
    for storage, post_id in ((world.storage.within(Reach(frozenset())), POST.post_id), (world.storage, new_id())):
        async with storage.at_once() as work:
            with pytest.raises(PostNotFound):
                await work.post_bookings.look(post_id)


async def test_a_deleted_post_is_gone(world: World) -> None:
    await the_post_deleted(world)

    with pytest.raises(Deleted):
        await look(world)


async def test_what_is_made_as_seen_is_shown_as_it_stands_and_told_by_who_did_it(world: World) -> None:
    beside = a_schedule(a_post(platform=POST.platform))
    await given(world.storage, a_post(post_id=beside.post_id, platform=POST.platform), beside)
    zoes, seen = ActingWorld(world, "Zo\u00eb"), await look(world)
    async with zoes.storage.at_once() as work:
        made = await work.post_bookings.add_as_seen(a_schedule(seen.post), seen, allow_repost=False)
        assert made is not None
        await work.commit()

    async with world.storage.reading() as stored:
        found = await stored.schedules.get(made.schedule_id)
    assert (made, made.sources, made.beside) == (found, found.sources, found.beside)
    assert made.beside == (beside.schedule_id,)
    [_, told] = await events(world)
    assert (told.kind, told.actor, told.campaign_id) == (EventKind.SCHEDULED, "Zo\u00eb", CAMPAIGN_ID)


async def test_what_is_made_while_all_is_locked_is_shown_as_it_stands(world: World) -> None:
    await paused(world)
    async with world.storage.unit_of_work() as work:
        await work.posts.lock(POST.post_id)
        made = await work.post_bookings.add(a_schedule(POST))
        await work.commit()

    async with world.storage.reading() as stored:
        found = await stored.schedules.get(made.schedule_id)
    assert (made, made.sources) == (found, found.sources)
    assert made.holds == {Hold.BRAND_PAUSED}


async def new_rules(world: World) -> None:
    async with world.storage.unit_of_work() as work:
        await work.policies.add(QUIET)
        await work.commit()


async def a_cap_of_its_own(world: World) -> None:
    async with world.storage.unit_of_work() as work:
        await work.policies.set_cap(BRAND_ID, Platform.LINKEDIN, replace(OWN, platform=Platform.LINKEDIN), at=NOW)
        await work.commit()


async def another_campaign(world: World) -> None:
    await given(world.storage, replace(POST, campaign_id=None))


async def another_title(world: World) -> None:
    await given(world.storage, replace(POST, title="Another"))


async def another_zone(world: World) -> None:
    await given(world.storage, a_brand(default_zone="Europe/Berlin"))


async def paused(world: World) -> None:
    await world.holds.place(Hold.BRAND_PAUSED, BRAND_ID)


async def the_post_deleted(world: World) -> None:
    await Deleting(storage=world.storage, clock=FrozenClock(NOW)).delete(Doomed(Noun.POST, POST.post_id))


async def the_brand_deleted(world: World) -> None:
    await Deleting(storage=world.storage, clock=FrozenClock(NOW)).delete(Doomed(Noun.BRAND, BRAND_ID))


async def newer_zone_rules(world: World) -> None:
    async with world.storage.unit_of_work() as work:
        await work.tz_releases.add(NEWER_RELEASE, now=NOW)
        await work.commit()


async def published(world: World) -> None:
    await given(world.storage, a_schedule(POST, status=ScheduleStatus.COMPLETED))


async def published_and_forgotten(world: World) -> None:
    await given_due(world, POST)
    await settle(world, await claim_one(world), VerdictKind.ACCEPTED)
    await world.pass_time(24 * 60 * MINUTE)
    await world.keeping(Retention(schedules=60 * MINUTE)).forget_expired(limit=10)


Change = Callable[[World], Awaitable[None]]
CHANGES: tuple[Change, ...] = (
    new_rules,
    a_cap_of_its_own,
    another_campaign,
    another_title,
    another_zone,
    paused,
    the_post_deleted,
    the_brand_deleted,
    newer_zone_rules,
    published,
    published_and_forgotten,
)


@pytest.mark.parametrize("change", CHANGES)
async def test_nothing_is_made_where_it_is_not_any_more_as_it_was_seen(world: World, change: Change) -> None:
    seen = await look(world)
    assert (seen.is_scheduled, seen.is_published) == (False, False)

    await change(world)

    assert not await is_made(world, seen)


@pytest.mark.parametrize("change", [published, published_and_forgotten])
async def test_what_may_be_published_again_is_made_though_it_was_published_meanwhile(
    world: World, change: Change
) -> None:
    seen = await look(world)

    await change(world)

    assert await is_made(world, seen, allow_repost=True)


async def test_an_instant_needs_no_zone_rules(world: World) -> None:
    seen = await look(world)

    await newer_zone_rules(world)

    assert await is_made(world, seen, slot=AT_AN_INSTANT)


async def test_a_second_one_that_is_active_is_a_lost_race(world: World) -> None:
    seen = await look(world)
    assert await is_made(world, seen)

    with pytest.raises(LostRace):
        await is_made(world, seen)


async def test_what_was_cancelled_meanwhile_is_in_nobodys_way(world: World) -> None:
    seen = await look(world)
    await given(world.storage, a_schedule(POST, status=ScheduleStatus.CANCELLED))

    assert await is_made(world, seen)


async def test_a_campaign_that_is_paused_meanwhile_holds_what_is_made(world: World) -> None:
    seen = await look(world)
    await world.holds.place(Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID)

    async with world.storage.at_once() as work:
        made = await work.post_bookings.add_as_seen(a_schedule(seen.post), seen, allow_repost=False)

    assert made is not None
    assert made.holds == {Hold.CAMPAIGN_PAUSED}


async def test_resumed_is_another_than_paused(world: World) -> None:
    await paused(world)
    seen = await look(world)
    await world.pass_time(timedelta(minutes=1))
    await world.holds.lift(Hold.BRAND_PAUSED, BRAND_ID, paces=PACES)

    assert not await is_made(world, seen)
