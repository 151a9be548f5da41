"""Every event names who did it, whatever it tells and whoever wrote the statement that tells it."""

from datetime import timedelta

from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.event import SERVICE, EventKind
from marketmind_scheduler.domain.pacing import PACES
from marketmind_scheduler.domain.schedule import Confirmation, Hold, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.schedules import ScheduleFilter
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, a_post, given
from tests.contracts.worlds import (
    MINUTE,
    ActingWorld,
    World,
    cancel,
    claim_one,
    confirm,
    events,
    every_event,
    expire,
    given_due,
    move,
    settle,
    until_due,
)
from tests.fakes.clock import FrozenClock

HOUR = 60 * MINUTE
ZOE = "Zo\u00eb's key'; ROLLBACK; -- \\"


async def one_is_sent_until_somebody_knows(world: World) -> None:
    schedule = await given_due(world)
    await settle(world, await claim_one(world), VerdictKind.DEFERRED)
    await until_due(world)
    await settle(world, await claim_one(world), VerdictKind.UNKNOWN)
    await confirm(world, schedule, Confirmation.PUBLISHED)
    await confirm(world, schedule, Confirmation.FAILED)


async def one_is_refused_after_a_verdict_came_too_late(world: World) -> None:
    schedule = await given_due(world)
    lost = await claim_one(world)
    await expire(world)
    await confirm(world, schedule, Confirmation.SEND_AGAIN)
    await settle(world, lost, VerdictKind.DEFERRED)
    await settle(world, await claim_one(world), VerdictKind.REFUSED)


async def one_comes_too_late(world: World) -> None:
    await given_due(world, since=2 * HOUR)
    await world.lost_and_late.give_up_late(limit=10)


async def some_are_held_and_go_on(world: World) -> None:
    overdue = await given_due(world, a_post(campaign_id=CAMPAIGN_ID))
    ahead = await given_due(world, a_post(campaign_id=CAMPAIGN_ID), since=-HOUR)
    for hold, of in ((Hold.BRAND_PAUSED, BRAND_ID), (Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID)):
        await world.holds.place(hold, of)
        await world.holds.lift(hold, of, paces=PACES)
    for each in (overdue, ahead):
        await move(world, each, to=await world.now() + HOUR)
        await cancel(world, each)


async def the_post_of_one_and_its_brand_change(world: World) -> None:
    schedule = await given_due(world, since=-HOUR)
    async with world.storage.unit_of_work() as work:
        await work.bookings.tell_post_changed([schedule.post_id])
        await work.derivations.tell_changed(ScheduleFilter(brand_id=BRAND_ID, status=ScheduleStatus.PENDING))
        await work.commit()


async def one_joins_a_paused_campaign(world: World) -> None:
    schedule = await given_due(world, since=-HOUR)
    await world.holds.place(Hold.CAMPAIGN_PAUSED, CAMPAIGN_ID)
    async with world.storage.unit_of_work() as work:
        await work.posts.save([a_post(post_id=schedule.post_id, campaign_id=CAMPAIGN_ID)])
        await work.bookings.follow_campaigns([schedule.post_id])
        await work.commit()


async def everything_is_deleted(world: World) -> None:
    await given_due(world, a_post(campaign_id=CAMPAIGN_ID), since=-HOUR)
    post = await given_due(world, since=-HOUR)
    deleting = Deleting(storage=world.storage, clock=FrozenClock(await world.now()))
    for doomed in (Doomed(Noun.POST, post.post_id), Doomed(Noun.CAMPAIGN, CAMPAIGN_ID), Doomed(Noun.BRAND, BRAND_ID)):
        await deleting.delete(doomed)


async def test_every_event_names_who_did_it(world: World) -> None:
    await given(world.storage, a_brand(on_late=OnLate.SKIP, max_lateness=HOUR), a_campaign())
    zoes = ActingWorld(world, ZOE)

    await one_is_sent_until_somebody_knows(zoes)
    await one_is_refused_after_a_verdict_came_too_late(zoes)
    await one_comes_too_late(zoes)
    await some_are_held_and_go_on(zoes)
    await the_post_of_one_and_its_brand_change(zoes)
    await one_joins_a_paused_campaign(zoes)

    await everything_is_deleted(zoes)

    told = await every_event(world)
    assert {event.kind for event in told} == set(EventKind)
    assert {event.actor for event in told} == {ZOE}


async def test_where_nobody_says_who_acts_it_is_the_service(world: World) -> None:
    await given_due(ActingWorld(world, ZOE))
    await given_due(world)

    assert [event.actor for event in await events(world)] == [ZOE, SERVICE]


async def test_what_is_moved_tells_the_time_before(world: World) -> None:
    schedule = await given_due(world)
    first, second = schedule.publish_time + HOUR, schedule.publish_time + 2 * HOUR
    await move(world, schedule, to=first)
    await move(world, schedule, to=second)
    await cancel(world, schedule)

    times = [(event.previous_publish_time, event.publish_time) for event in await events(world)]
    assert times == [(None, schedule.publish_time), (schedule.publish_time, first), (first, second), (None, second)]
    assert second - first > timedelta()
