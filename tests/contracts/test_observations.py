"""What is kept of audiences, and what a refit is promised."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.application.observing import Observing, Told
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.audience.observations import Arm, Figure, History, Measurement, Observation
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.refitting import SOON, Refit
from marketmind_scheduler.domain.deletion import Doomed, Noun
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import BRAND_ID, a_brand, a_post, a_schedule, given
from tests.contracts.worlds import World, at, claim_one, find, given_due, settle
from tests.fakes.clock import FrozenClock

LANE = BRAND_ID, Platform.TIKTOK
ENGAGEMENT = SchedulerKind.ENGAGEMENT
LEASE = timedelta(minutes=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def told(observation_id: str, published_at: datetime, *, value: int = 10) -> Told:
    return Told(
        observation_id=observation_id,
        of=History(published_at, f"post {observation_id}"),
        figure=Figure.VIEWS,
        value=value,
        measured_at=published_at + 48 * HOUR,
        lane=LANE,
    )


async def observe(world: World, *observations: Told) -> None:
    """Told later, when all of it has been measured."""
    later = FrozenClock(await world.now() + 30 * DAY)
    await Observing(storage=world.storage, clock=later).observe(observations)


async def stored(world: World, *ids: str) -> Sequence[Observation]:
    async with world.storage.reading() as repositories:
        return await repositories.observations.find_all([(BRAND_ID, each) for each in ids])


async def begin(world: World) -> Refit:
    await world.pass_time(SOON)
    [refit] = await world.refits.begin_due(limit=9, lease=LEASE)
    return refit


async def measurements(world: World) -> Sequence[Measurement]:
    refit = await world.refits.begin(LANE, lease=LEASE)
    assert refit
    history = await world.refits.history(refit, most=100)
    await world.refits.finish(refit, Profile.cold(LANE[1]))
    return sorted(history.measurements)


async def test_what_is_saved_is_found_as_it_was_and_takes_the_place_of_what_had_its_id(world: World) -> None:
    await given(world.storage, a_brand())
    published_at = await world.now() - 10 * DAY
    first, second = told("a", published_at), told("b", published_at, value=3)
    await observe(world, first, second)

    assert {each.observation_id: each for each in await stored(world, "a", "b", "c")} == {
        "a": first.on(LANE),
        "b": second.on(LANE),
    }
    await observe(world, replace(first, value=11))
    assert [each.value for each in await stored(world, "a")] == [11]


async def test_a_lane_is_due_shortly_after_something_was_observed_and_has_one_refit_at_a_time(world: World) -> None:
    await given(world.storage, a_brand())
    published_at = await world.now() - 10 * DAY
    await observe(world, told("a", published_at))
    assert await world.refits.begin_due(limit=9, lease=LEASE) == []

    refit = await begin(world)

    assert (refit.brand_id, refit.platform, refit.zone) == (*LANE, a_brand().content.default_zone)
    await observe(world, told("b", published_at))
    await world.pass_time(SOON)
    assert await world.refits.begin_due(limit=9, lease=LEASE) == []
    assert await world.refits.begin(LANE, lease=LEASE) is None


async def test_what_was_observed_during_a_refit_makes_its_lane_due_again_at_once(world: World) -> None:
    await given(world.storage, a_brand())
    published_at = await world.now() - 10 * DAY
    await observe(world, told("a", published_at))
    refit = await begin(world)
    await observe(world, told("b", published_at))
    await world.refits.finish(refit, Profile.cold(LANE[1]))

    assert (await begin(world)).platform is LANE[1]


async def test_a_finished_lane_is_due_again_the_next_night(world: World) -> None:
    await given(world.storage, a_brand())
    await observe(world, told("a", await world.now() - 10 * DAY))
    await world.refits.finish(await begin(world), Profile.cold(LANE[1]))
    assert await world.refits.begin_due(limit=9, lease=LEASE) == []

    await world.pass_time(DAY + 3 * HOUR)

    assert len(await world.refits.begin_due(limit=9, lease=LEASE)) == 1


async def test_whoever_loses_a_lease_keeps_nothing(world: World) -> None:
    await given(world.storage, a_brand())
    await observe(world, told("a", await world.now() - 10 * DAY))
    lost = await begin(world)
    await world.pass_time(LEASE)
    taken_over = await world.refits.begin(LANE, lease=LEASE)
    assert taken_over

    await world.refits.finish(lost, Profile.cold(LANE[1]))

    async with world.storage.reading() as repositories:
        assert await repositories.observations.newest(LANE) is None
    await world.refits.finish(taken_over, Profile.cold(LANE[1]))
    async with world.storage.reading() as repositories:
        newest = await repositories.observations.newest(LANE)
    assert newest
    assert (newest.profile, newest.digest) == (Profile.cold(LANE[1]), Profile.cold(LANE[1]).digest)


async def test_the_newest_profile_is_the_one_that_was_kept_last_and_an_equal_one_is_not_kept_again(
    world: World,
) -> None:
    await given(world.storage, a_brand())
    cold = Profile.cold(LANE[1])
    other = replace(cold, figure=Figure.VIEWS, last_published=await world.now())
    fitted_at: list[datetime] = []
    for profile in (cold, cold, other, cold):
        refit = await world.refits.begin(LANE, lease=LEASE)
        assert refit
        await world.refits.finish(refit, profile)
        async with world.storage.reading() as repositories:
            newest = await repositories.observations.newest(LANE)
        assert newest
        assert newest.profile == profile
        fitted_at.append(newest.fitted_at)
        await world.pass_time(MINUTE)
    assert fitted_at[0] == fitted_at[1]


async def test_a_post_is_learned_with_the_time_at_which_it_went_out(world: World) -> None:
    schedule = await given_due(world, a_post(platform=LANE[1]))
    post_id = schedule.post_id
    now = await world.now()
    early = Told(observation_id="a", of=post_id, figure=Figure.VIEWS, value=1, measured_at=now + 48 * HOUR)
    await observe(world, early)
    assert await measurements(world) == []

    await settle(world, await claim_one(world), VerdictKind.ACCEPTED)

    [measurement] = await measurements(world)
    assert (measurement.post, measurement.value) == (str(post_id), 1)
    assert abs(measurement.published - now.timestamp()) < 60
    async with world.storage.reading() as repositories:
        [post] = (await repositories.observations.posts([post_id, uuid4()])).values()
    assert post.lane == LANE
    assert post.published_at
    assert await find(world, schedule)


async def test_a_post_is_compared_as_the_lot_fell_unless_a_person_moved_it(world: World) -> None:
    posts = [a_post(platform=LANE[1]) for _ in range(4)]
    now = await world.now()
    arms = [(Arm.CONTROL, ENGAGEMENT), (Arm.CHOSEN, ENGAGEMENT), (Arm.CONTROL, None), (None, ENGAGEMENT)]
    schedules = [
        replace(a_schedule(post, slot=at(now - nth * MINUTE), scheduler=scheduler), arm=arm)
        for nth, (post, (arm, scheduler)) in enumerate(zip(posts, arms, strict=True), start=1)
    ]
    await given(world.storage, a_brand(), *posts)
    for schedule in schedules:
        await given(world.storage, schedule)
        assert (await find(world, schedule)).arm is schedule.arm
        await settle(world, await claim_one(world), VerdictKind.ACCEPTED)
    measured = [
        Told(observation_id=f"{nth}", of=post.post_id, figure=Figure.VIEWS, value=1, measured_at=now + 48 * HOUR)
        for nth, post in enumerate(posts)
    ]
    await observe(world, *measured)

    refit = await world.refits.begin(LANE, lease=LEASE)
    assert refit
    history = await world.refits.history(refit, most=100)

    assert len(history.measurements) == 4
    assert history.arms == {str(posts[0].post_id): Arm.CONTROL, str(posts[1].post_id): Arm.CHOSEN}


async def test_only_the_latest_observations_that_nobody_paid_for_are_learned(world: World) -> None:
    await given(world.storage, a_brand())
    now = await world.now()
    await observe(
        world,
        *(told(f"{nth}", now - nth * DAY) for nth in range(5)),
        replace(told("paid", now - DAY), is_paid=True),
    )
    refit = await world.refits.begin(LANE, lease=LEASE)
    assert refit
    history = await world.refits.history(refit, most=4)

    assert {each.post for each in history.measurements} == {"history post 0", "history post 1", "history post 2"}


async def test_a_deleted_brand_keeps_no_reference_and_is_fitted_no_more(world: World) -> None:
    await given(world.storage, a_brand())
    await observe(world, told("a", await world.now() - 10 * DAY))
    await Deleting(storage=world.storage, clock=FrozenClock(await world.now())).delete(Doomed(Noun.BRAND, BRAND_ID))

    [left] = await stored(world, "a")
    assert isinstance(left.of, History)
    assert (left.of.reference, left.value) == (None, 10)
    await world.pass_time(2 * DAY)
    assert await world.refits.begin_due(limit=9, lease=LEASE) == []


async def test_a_brand_that_moves_to_another_zone_has_its_lanes_fitted_anew(world: World) -> None:
    await given(world.storage, a_brand())
    await observe(world, told("a", await world.now() - 10 * DAY))
    await world.refits.finish(await begin(world), Profile.cold(LANE[1]))
    async with world.storage.unit_of_work() as work:
        await work.observations.outdate(BRAND_ID)
        await work.commit()

    assert (await begin(world)).brand_id == BRAND_ID


async def test_posts_that_are_out_of_reach_are_not_there(world: World) -> None:
    post = a_post()
    await given(world.storage, a_brand(), post)
    async with world.storage.within(Reach(frozenset({UUID(int=7)}))).reading() as repositories:
        assert await repositories.observations.posts([post.post_id]) == {}
