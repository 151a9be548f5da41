"""Deleting: what is emptied, what stays, and what nobody finds any more."""

import pytest

from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import Deleted
from marketmind_scheduler.domain.event import DeletionEvent, EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, given
from tests.contracts.worlds import World, claim_one, events, every_event, expire, find, given_due, kinds, settle
from tests.fakes.clock import FrozenClock
from tests.loops import on_each

DOOMED = (Doomed(Noun.CAMPAIGN, CAMPAIGN_ID), Doomed(Noun.BRAND, BRAND_ID))

DELETED = EventKind.POST_DELETED, EventKind.CAMPAIGN_DELETED, EventKind.BRAND_DELETED


@on_each("doomed", [Doomed(Noun.POST, BRAND_ID), *DOOMED])
async def test_only_the_posts_of_it_that_are_there_are_locked(world: World, doomed: Doomed) -> None:
    async with world.storage.unit_of_work() as work:
        assert await work.erasures.lock_posts(doomed) == []


async def test_texts_of_sends_and_events_go_and_ids_and_times_stay(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    post = a_post(campaign_id=CAMPAIGN_ID)
    schedule = await given_due(world, post)
    await settle(world, await claim_one(world), VerdictKind.REFUSED, reason="too long")
    before, told = await find(world, schedule), await events(world)
    doomed = Doomed(Noun.CAMPAIGN, CAMPAIGN_ID)
    async with world.storage.unit_of_work() as work:
        post_ids = await work.erasures.lock_posts(doomed)
        assert (post_ids, await work.erasures.lock_active(post_ids)) == ([post.post_id], [])
        await work.erasures.erase(doomed, post_ids, cancelled=0, at=await world.now())
        await work.commit()

    after = await find(world, schedule)
    assert (after.title, after.error, after.note) == ("", None, None)
    assert (after.publish_time, after.status, after.version) == (before.publish_time, before.status, before.version)
    assert [(each.position, each.kind, each.error) for each in await events(world)] == [
        (each.position, each.kind, None) for each in told
    ]
    async with world.storage.reading() as stored:
        [attempt] = (await stored.schedules.sends_of([schedule.schedule_id]))[schedule.schedule_id].attempts
        assert (attempt.title, attempt.s3_url, attempt.reason) == (None, None, None)
        assert attempt.digest
        assert await stored.posts.list_of_campaign(CAMPAIGN_ID, platforms=frozenset(Platform)) == []
        assert await stored.campaigns.list(brand_id=None, status=None, limit=9, after=None) == []
        assert [each.brand_id for each in await stored.brands.list(limit=9, after=None)] == [BRAND_ID]
        with pytest.raises(Deleted):
            await stored.posts.get(post.post_id)
        with pytest.raises(Deleted):
            await stored.campaigns.find(CAMPAIGN_ID)


async def test_a_post_that_is_deleted_has_no_current_schedule(world: World) -> None:
    schedule = await given_due(world)
    await erase_anew(world, Doomed(Noun.POST, schedule.post_id))

    async with world.storage.reading() as stored:
        assert await stored.schedules.find_current(schedule.post_id) is None
        assert await stored.schedules.get(schedule.schedule_id)


async def test_a_verdict_that_comes_afterwards_brings_no_text_back(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    schedule = await given_due(world, a_post(campaign_id=CAMPAIGN_ID))
    claimed = await claim_one(world)
    assert await expire(world) == [ScheduleStatus.UNCONFIRMED]
    deleting = Deleting(storage=world.storage, clock=FrozenClock(await world.now()))
    await deleting.delete(Doomed(Noun.BRAND, BRAND_ID), forgets=True)

    await settle(world, claimed, VerdictKind.DEFERRED, reason="Meet the new line")

    assert (await kinds(world, schedule))[-1] is EventKind.STALE_VERDICT
    assert "new line" not in repr(await events(world))
    async with world.storage.reading() as stored:
        assert "new line" not in repr(await stored.schedules.sends_of([schedule.schedule_id]))


async def test_a_deletion_is_told_once_by_whoever_did_it_behind_what_it_cancelled(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    of_campaign = [await given_due(world, a_post(campaign_id=CAMPAIGN_ID)) for _ in range(2)]
    alone = await given_due(world)
    post_id = of_campaign[0].post_id
    deleting = Deleting(storage=world.storage.acting("zoe"), clock=FrozenClock(await world.now()))
    before = await every_event(world)
    for doomed in (Doomed(Noun.POST, post_id), *DOOMED):
        for _ in range(2):
            await deleting.delete(doomed)
        await erase_anew(world, doomed)

    told = (await every_event(world))[len(before) :]

    assert [each.kind for each in told[::2]] == [EventKind.CANCELLED] * 3
    assert [each.post_id for each in told[::2]] == [each.post_id for each in (*of_campaign, alone)]
    assert told[1::2] == [
        DeletionEvent(
            position=each.position,
            kind=kind,
            brand_id=BRAND_ID,
            campaign_id=campaign_id,
            post_id=of_post,
            posts=1,
            cancelled=1,
            occurred_at=each.occurred_at,
            actor="zoe",
        )
        for each, kind, campaign_id, of_post in zip(
            told[1::2], DELETED, (CAMPAIGN_ID, CAMPAIGN_ID, None), (post_id, None, None), strict=True
        )
    ]


async def erase_anew(world: World, doomed: Doomed) -> None:
    """As whoever waited for another's deletion does."""
    async with world.storage.unit_of_work() as work:
        await work.erasures.erase(doomed, await work.erasures.lock_posts(doomed), cancelled=0, at=await world.now())
        await work.commit()
