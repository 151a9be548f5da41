"""Who reads events beside those who write them, whatever becomes of these, misses none and sees each in its order."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.event import AnyEvent, Event
from tests.builders import BRAND_ID, a_brand, given

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

ALL = 100_000
WRITERS, EACH, SCHEDULES = 8, 60, 20
TELL = """
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count)
VALUES ('schedule.retrying', $1, $2, $1, 'TWITTER', now(), 'PENDING', $3)
"""
LOCK = "SELECT pg_advisory_xact_lock($1)"
LONG_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events; SELECT count(*) FROM schedules"


@pytest.fixture
async def brand(storage: PostgresStorage) -> None:
    await given(storage, a_brand())


async def tell(connection: Connection, schedule_id: UUID, nth: int = 0) -> None:
    await connection.execute(TELL, schedule_id, BRAND_ID, nth)


async def read(storage: PostgresStorage, *, after: int = 0) -> Sequence[AnyEvent]:
    async with storage.reading() as stored:
        return await stored.events.list(brand_id=None, after=after, limit=ALL)


async def a_connection(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(f"postgresql://{url.partition('://')[2]}")


@pytest.mark.usefixtures("brand")
async def test_a_reader_misses_nothing_and_sees_each_schedule_in_its_order(
    pool: Pool, storage: PostgresStorage, upkeep: PostgresUpkeep, database_url: str
) -> None:
    schedules = [UUID(int=nth) for nth in range(1, SCHEDULES + 1)]
    chance, told = random.Random(7), defaultdict[UUID, int](int)  # noqa: S311
    seen: list[AnyEvent] = []

    async def write() -> None:
        """The nth event of a schedule is told while it is locked, as whoever changes one does; one in ten is not."""
        for _ in range(EACH):
            which = chance.randrange(SCHEDULES)
            async with pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute(LOCK, which)
                await tell(connection, schedules[which], told[schedules[which]])
                await asyncio.sleep(chance.choice((0, 0.001, 0.02)))
                if chance.random() < 0.1:
                    await transaction.rollback()
                else:
                    told[schedules[which]] += 1
                    await transaction.commit()

    async def go_on_reading() -> None:
        await upkeep.sequence_events(limit=10)
        seen.extend(await read(storage, after=seen[-1].position if seen else 0))

    dump = await a_connection(database_url)
    await dump.execute(LONG_SNAPSHOT)
    writing = asyncio.gather(*(write() for _ in range(WRITERS)))
    while not writing.done():
        await go_on_reading()
    await writing
    while await upkeep.sequence_events(limit=100):
        pass
    await go_on_reading()
    await dump.close()

    assert seen == await read(storage)
    assert len(seen) == sum(told.values()) > WRITERS * EACH / 2
    assert all(earlier.position < later.position for earlier, later in pairwise(seen))
    events = [each for each in seen if isinstance(each, Event)]
    for schedule_id in schedules:
        in_order = [each.retry_count for each in events if each.schedule_id == schedule_id]
        assert in_order == list(range(told[schedule_id]))


@pytest.mark.usefixtures("brand")
async def test_what_is_told_behind_one_that_may_still_come_is_not_read_before_it_is_decided(
    pool: Pool, storage: PostgresStorage, upkeep: PostgresUpkeep, database_url: str
) -> None:
    for is_kept in (True, False):
        slow = await a_connection(database_url)
        ended = slow.transaction()
        await ended.start()
        first, second = uuid4(), uuid4()
        await tell(slow, first)
        async with pool.acquire() as connection:
            await tell(connection, second)
        before = await read(storage)
        nothing = await upkeep.sequence_events(limit=ALL)

        assert nothing == 0
        assert await read(storage) == before
        await (ended.commit() if is_kept else ended.rollback())
        await slow.close()
        assert await upkeep.sequence_events(limit=ALL) == 1 + is_kept
        new = (await read(storage))[len(before) :]
        assert [each.schedule_id for each in new if isinstance(each, Event)] == [first, second][not is_kept :]


@pytest.mark.usefixtures("brand")
async def test_a_writer_of_something_else_and_a_long_snapshot_are_not_waited_for(
    pool: Pool, storage: PostgresStorage, upkeep: PostgresUpkeep, database_url: str
) -> None:
    other = await a_connection(database_url)
    await other.execute(LONG_SNAPSHOT)
    await other.execute("UPDATE brands SET tone_profile = 'loud'")
    async with pool.acquire() as connection:
        await tell(connection, uuid4())

    assert await upkeep.sequence_events(limit=ALL) == 1
    assert len(await read(storage)) == 1
    await other.close()
