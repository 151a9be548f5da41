"""What Storage promises of a reach: beyond it nothing exists."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.campaign import Campaign
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.errors import NotFound
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.post import Platform, Post
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.dispatch_queue import DispatchQueue, Wanted
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from tests.builders import a_brand, a_campaign, a_post, a_schedule, given, new_id
from tests.contracts.worlds import LEASE, OWNER, World, given_due, of_schedules
from tests.fakes.clock import FrozenClock


@dataclass(frozen=True)
class Owned:
    """What one brand has."""

    brand_id: UUID
    campaign: Campaign
    post: Post
    schedule: Schedule


async def a_brands_own(storage: Storage) -> Owned:
    brand_id, campaign_id = new_id(), new_id()
    campaign = a_campaign(campaign_id=campaign_id, brand_id=brand_id)
    post = a_post(brand_id=brand_id, campaign_id=campaign_id)
    schedule = a_schedule(post)
    await given(storage, a_brand(brand_id=brand_id), campaign, post, schedule)
    return Owned(brand_id, campaign, post, schedule)


async def ours_and_theirs(storage: Storage) -> tuple[Storage, Owned, Owned]:
    """The storage within the reach of the first of two brands."""
    ours, theirs = await a_brands_own(storage), await a_brands_own(storage)
    return storage.within(Reach(frozenset({ours.brand_id}))), ours, theirs


Naming = Callable[[UnitOfWork, Owned], Awaitable[object]]
NAMINGS: dict[str, Naming] = {
    "brand get": lambda work, of: work.brands.get(of.brand_id),
    "brand find": lambda work, of: work.brands.find(of.brand_id),
    "campaign get": lambda work, of: work.campaigns.get(of.campaign.campaign_id),
    "post get": lambda work, of: work.posts.get(of.post.post_id),
    "post lock": lambda work, of: work.posts.lock(of.post.post_id),
    "schedule get": lambda work, of: work.schedules.get(of.schedule.schedule_id),
}


@pytest.mark.parametrize("naming", NAMINGS.values(), ids=NAMINGS.keys())
async def test_what_is_named_exists_within_reach_and_not_beyond(storage: Storage, naming: Naming) -> None:
    within, ours, theirs = await ours_and_theirs(storage)

    async with within.unit_of_work() as work:
        assert await naming(work, ours)
        with pytest.raises(NotFound):
            await naming(work, theirs)
    async with storage.unit_of_work() as work:
        assert await naming(work, theirs)


FINDINGS: dict[str, Naming] = {
    "campaign": lambda work, of: work.campaigns.find(of.campaign.campaign_id),
    "posts": lambda work, of: work.posts.find_all([of.post.post_id]),
    "schedules": lambda work, of: work.schedules.find_all([of.schedule.schedule_id]),
}


@pytest.mark.parametrize("finding", FINDINGS.values(), ids=FINDINGS.keys())
async def test_what_is_looked_for_is_found_within_reach_and_not_beyond(storage: Storage, finding: Naming) -> None:
    within, ours, theirs = await ours_and_theirs(storage)

    async with within.unit_of_work() as work:
        assert await finding(work, ours)
        assert not await finding(work, theirs)


ADDINGS: dict[str, Callable[[UnitOfWork, Owned, UUID], Awaitable[object]]] = {
    "campaign": lambda work, of, into: work.campaigns.add(replace(of.campaign, brand_id=into)),
    "post": lambda work, of, into: work.posts.add(replace(of.post, brand_id=into, campaign_id=None)),
    "posts": lambda work, of, into: work.posts.save([replace(of.post, brand_id=into, campaign_id=None)]),
}


@pytest.mark.parametrize("adding", ADDINGS.values(), ids=ADDINGS.keys())
async def test_nothing_can_be_added_under_an_id_beyond_reach_and_what_is_there_stays(
    storage: Storage, adding: Callable[[UnitOfWork, Owned, UUID], Awaitable[object]]
) -> None:
    within, ours, theirs = await ours_and_theirs(storage)

    with pytest.raises(NotFound, match="take another id"):
        async with within.unit_of_work() as work:
            await adding(work, theirs, ours.brand_id)

    async with storage.unit_of_work() as work:
        assert (await work.campaigns.get(theirs.campaign.campaign_id)).brand_id == theirs.brand_id
        assert (await work.posts.get(theirs.post.post_id)).brand_id == theirs.brand_id


async def test_lists_leave_out_what_is_beyond_reach_also_where_it_is_asked_for(storage: Storage) -> None:
    within, ours, theirs = await ours_and_theirs(storage)

    async def listed(brand_id: UUID | None) -> list[UUID]:
        async with within.reading() as stored:
            campaigns = await stored.campaigns.list(brand_id=brand_id, status=None, limit=10, after=None)
            posts = await stored.posts.list(brand_id=brand_id, campaign_id=None, platform=None, limit=10, after=None)
            schedules = await stored.schedules.list(ScheduleFilter(brand_id=brand_id), limit=10, after=None)
        return [each.brand_id for page in (campaigns, posts, schedules) for each in page]

    async with within.reading() as stored:
        assert [brand.brand_id for brand in await stored.brands.list(limit=10, after=None)] == [ours.brand_id]
    assert await listed(None) == [ours.brand_id] * 3
    assert await listed(theirs.brand_id) == []


async def test_a_post_beyond_reach_has_no_schedule(storage: Storage) -> None:
    within, ours, theirs = await ours_and_theirs(storage)

    async with within.reading() as stored:
        assert await stored.schedules.find_current(ours.post.post_id) == ours.schedule
        assert await stored.schedules.find_current(theirs.post.post_id) is None
        both = [ours.schedule.schedule_id, theirs.schedule.schedule_id]
        assert await stored.schedules.find_all(both) == [ours.schedule]


async def test_events_of_brands_beyond_reach_are_not_told(world: World) -> None:
    within, ours, theirs = await ours_and_theirs(world.storage)
    deleting = Deleting(storage=world.storage, clock=FrozenClock(await world.now()))
    for each in (ours, theirs):
        await deleting.delete(Doomed(Noun.BRAND, each.brand_id))
    await world.upkeep.sequence_events(limit=100)

    async with within.reading() as stored:
        told = await stored.events.list(brand_id=None, after=0, limit=100)
        of_theirs = await stored.events.list(brand_id=theirs.brand_id, after=0, limit=100)

    assert [event.kind for event in told][-1] is EventKind.BRAND_DELETED
    assert {event.brand_id for event in told} == {ours.brand_id}
    assert {event.schedule_id for event in of_schedules(told)} == {ours.schedule.schedule_id}
    assert of_theirs == []


async def test_only_what_is_within_reach_is_claimed_though_more_is_due_before(world: World) -> None:
    earlier = [await given_due(world, post=a_post(brand_id=new_id(), platform=Platform.TWITTER)) for _ in range(3)]
    ours = await given_due(world, post=a_post(brand_id=new_id(), platform=Platform.TWITTER))
    within = world.queue.within(Reach(frozenset({ours.brand_id})))

    async def claimed(queue: DispatchQueue, *, room: int = 100) -> set[UUID]:
        wanted = [Wanted(platform=Platform.TWITTER, room=room)]
        attempts = await queue.claim(wanted, claim_id=new_id(), owner=OWNER, lease=LEASE)
        return {each.claim.schedule_id for each in attempts}

    assert await claimed(within, room=1) == {ours.schedule_id}
    assert await claimed(within) == set()
    assert await claimed(world.queue) == {schedule.schedule_id for schedule in earlier}
