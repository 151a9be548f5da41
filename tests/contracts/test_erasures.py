"""Deleting: what is emptied, what stays, and what nobody finds any more."""

import pytest

from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import Deleted
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, given
from tests.contracts.worlds import World, claim_and_begin, events, expire, find, given_due, kinds, settle
from tests.fakes.clock import FrozenClock
from tests.loops import on_each

DOOMED = (Doomed(Noun.CAMPAIGN, CAMPAIGN_ID), Doomed(Noun.BRAND, BRAND_ID))


@on_each("doomed", [Doomed(Noun.POST, BRAND_ID), *DOOMED])
async def test_only_the_posts_of_it_that_are_there_are_locked(world: World, doomed: Doomed) -> None:
    async with world.storage.unit_of_work() as work:
        assert await work.erasures.lock_posts(doomed) == []


async def test_texts_of_sends_and_events_go_and_ids_and_times_stay(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    post = a_post(campaign_id=CAMPAIGN_ID)
    schedule = await given_due(world, post)
    await settle(world, await claim_and_begin(world), VerdictKind.REFUSED, reason="too long")
    before, told = await find(world, schedule), await events(world)
    doomed = Doomed(Noun.CAMPAIGN, CAMPAIGN_ID)
    async with world.storage.unit_of_work() as work:
        post_ids = await work.erasures.lock_posts(doomed)
        assert (post_ids, await work.erasures.lock_active(post_ids)) == ([post.post_id], [])
        await work.erasures.erase(doomed, post_ids, at=await world.now())
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


async def test_a_verdict_that_comes_afterwards_brings_no_text_back(world: World) -> None:
    await given(world.storage, a_brand(), a_campaign())
    schedule = await given_due(world, a_post(campaign_id=CAMPAIGN_ID))
    claimed = await claim_and_begin(world)
    assert await expire(world) == [ScheduleStatus.UNCONFIRMED]
    deleting = Deleting(storage=world.storage, clock=FrozenClock(await world.now()))
    await deleting.delete(Doomed(Noun.BRAND, BRAND_ID), forgets=True)

    await settle(world, claimed, VerdictKind.DEFERRED, reason="Meet the new line")

    assert (await kinds(world, schedule))[-1] is EventKind.STALE_VERDICT
    assert "new line" not in repr(await events(world))
    async with world.storage.reading() as stored:
        assert "new line" not in repr(await stored.schedules.sends_of([schedule.schedule_id]))
