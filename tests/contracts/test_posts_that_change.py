"""What becomes of a schedule whose post says something else now, wherever it stands."""

from dataclasses import replace

from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.post import Post
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.builders import a_post
from tests.contracts.worlds import MINUTE, World, claim_one, find, given_due, hand_out, kinds, settle

PENDING, PUBLISHING = ScheduleStatus.PENDING, ScheduleStatus.PUBLISHING


async def changed(world: World, post: Post) -> Schedule:
    """Let it say something else; return its schedule as the storage returned it."""
    async with world.storage.unit_of_work() as work:
        await work.posts.save([replace(post, title="Corrected")])
        [told] = await work.bookings.tell_post_changed([post.post_id])
        await work.commit()
    return told


async def test_what_is_pending_gets_a_new_version_and_nobody_needs_a_warning(world: World) -> None:
    post = a_post()
    schedule = await given_due(world, post, since=-MINUTE)

    told = await changed(world, post)

    assert (told.version, told.title, told.warnings()) == (schedule.version + 1, "Corrected", ())
    assert await find(world, schedule) == told
    assert await kinds(world, schedule) == [EventKind.SCHEDULED, EventKind.POST_CHANGED]


async def test_what_is_sent_is_what_the_post_says_when_it_is_claimed(world: World) -> None:
    post = a_post()
    await given_due(world, post)

    told = await changed(world, post)
    [attempt] = await hand_out(world)

    assert (told.status, told.warnings()) == (PENDING, ())
    assert attempt.title == "Corrected"


async def test_while_it_is_sent_it_warns_and_so_does_what_comes_of_it(world: World) -> None:
    post = a_post()
    schedule = await given_due(world, post)
    claimed = await claim_one(world)
    await world.pass_time(MINUTE)

    told = await changed(world, post)
    await settle(world, claimed, VerdictKind.UNKNOWN)

    assert told.status is PUBLISHING
    for each in (told, await find(world, schedule)):
        [warning] = each.warnings()
        assert "what is live may be what it said before" in warning


async def test_what_has_ended_hears_nothing(world: World) -> None:
    post = a_post()
    schedule = await given_due(world, post)
    await settle(world, await claim_one(world), VerdictKind.ACCEPTED)

    async with world.storage.unit_of_work() as work:
        assert not await work.bookings.tell_post_changed([post.post_id])
    assert (await find(world, schedule)).warnings() == ()
