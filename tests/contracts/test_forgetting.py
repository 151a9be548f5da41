"""What Upkeep forgets for its age, in which order, and what stays."""

from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.retention import Retention
from tests.contracts.worlds import MINUTE, World, events, given_due

DAY = 24 * 60 * MINUTE
EVENTS_FOR_A_DAY = Retention(events=DAY)


async def forget(world: World, kept: Retention, *, limit: int = 10) -> int:
    return await world.keeping(kept).forget_expired(limit=limit)


async def test_events_are_forgotten_once_they_are_old_and_their_positions_are_never_given_again(world: World) -> None:
    for _ in range(2):
        await given_due(world)
    old = [each.position for each in await events(world)]
    await world.pass_time(DAY)
    await given_due(world)
    [_, _, young] = await events(world)

    assert [await forget(world, EVENTS_FOR_A_DAY) for _ in range(2)] == [2, 0]

    assert await events(world) == [young]
    async with world.storage.reading() as stored:
        assert await stored.events.forgotten_up_to() == old[-1] < young.position
        assert await stored.events.oldest_position() == young.position
    async with world.storage.within(Reach(frozenset())).reading() as stored:
        assert await stored.events.forgotten_up_to() == old[-1]
    await world.pass_time(DAY)
    assert await forget(world, EVENTS_FOR_A_DAY) == 1
    await given_due(world)
    async with world.storage.reading() as stored:
        assert (await stored.events.oldest_position(), await stored.events.latest_position()) == (None, young.position)
    assert [each.position > young.position for each in await events(world)] == [True]


async def test_events_are_forgotten_from_the_first_on_so_that_none_is_missing_among_those_that_stand(
    world: World,
) -> None:
    await given_due(world)
    await world.pass_time(DAY - MINUTE)
    await given_due(world)
    first, second = await events(world)
    assert await forget(world, EVENTS_FOR_A_DAY) == 0

    await world.pass_time(2 * MINUTE)
    await forget(world, EVENTS_FOR_A_DAY)

    assert [each.position for each in await events(world)] == [second.position]
    assert first.position < second.position


async def test_events_are_forgotten_in_pieces(world: World) -> None:
    for _ in range(5):
        await given_due(world)
    await events(world)
    await world.pass_time(DAY)

    assert [await forget(world, EVENTS_FOR_A_DAY, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert await events(world) == []


async def test_events_that_are_kept_for_ever_stay(world: World) -> None:
    await given_due(world)
    told = await events(world)
    await world.pass_time(10_000 * DAY)

    assert await forget(world, Retention()) == 0
    assert [each.position for each in await events(world)] == [each.position for each in told]
