"""What QueueStandings promises of the posts that go out next."""

from datetime import timedelta

from marketmind_scheduler.adapters.postgres.dispatch.standing import PostgresQueueStandings
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.queue_standing import QueueStandings
from tests.builders import a_post
from tests.contracts.worlds import MINUTE, PostgresWorld, World, given_due
from tests.fakes.queue_standing import InMemoryQueueStandings
from tests.fakes.storage import InMemoryStorage


def standings_of(world: World) -> QueueStandings:
    if isinstance(world, PostgresWorld):
        return PostgresQueueStandings(world.pool)
    assert isinstance(world.storage, InMemoryStorage)
    return InMemoryQueueStandings(world.storage)


async def test_what_goes_out_next_is_named_over_all_platforms_the_earliest_first(world: World) -> None:
    later = await given_due(world, a_post(title="Later", platform=Platform.REDDIT), since=-10 * MINUTE)
    overdue = await given_due(world, a_post(title="Overdue", platform=Platform.TIKTOK), since=MINUTE)
    await given_due(world, a_post(title="Last", platform=Platform.REDDIT), since=-20 * MINUTE)

    found = await standings_of(world).next_posts(limit=2)

    assert [(each.schedule_id, each.title, each.platform) for each in found] == [
        (overdue.schedule_id, "Overdue", Platform.TIKTOK),
        (later.schedule_id, "Later", Platform.REDDIT),
    ]
    assert [each.publish_time for each in found] == [overdue.publish_time, later.publish_time]
    assert found[0].due_in < timedelta() < found[1].due_in <= 10 * MINUTE


async def test_where_nothing_waits_nothing_is_next(world: World) -> None:
    assert await standings_of(world).next_posts(limit=5) == []
