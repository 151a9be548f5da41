"""What dispatch asks of its connections: no state between two statements, and little while there is nothing to do."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from uuid import uuid4

import pytest

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.statistics import PostgresStatistics
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.application.dispatch.lost_claims import LostClaims
from marketmind_scheduler.application.dispatch.sending import DispatchLimits
from marketmind_scheduler.application.dispatch.upkeeping import Upkeeping
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, ScheduleStatus
from marketmind_scheduler.domain.verdict import Deferred
from tests.builders import BRAND_ID, CAMPAIGN_ID, a_brand, a_campaign, given
from tests.fakes.clocks import clocks_that_agree
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.publisher import ScriptedPublisher
from tests.fakes.refits import nothing_to_learn
from tests.postgres.given import given_due
from tests.postgres.poolers import TransactionPooler

SECOND = timedelta(seconds=1)
MOST_SECONDS = 20
LOCKS_LEFT = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""
REPLICAS = 4
ROUNDS = 5
AT_ONCE = dict.fromkeys(Platform, timedelta())
SOON = RetryPolicy(first=timedelta(milliseconds=100), longest=timedelta(milliseconds=100))


@pytest.fixture
async def pooler(empty: Pool, database_url: str) -> AsyncGenerator[TransactionPooler]:
    """Over a database with nothing in it."""
    del empty
    async with TransactionPooler.over(database_url, size=5) as opened:
        yield opened


@asynccontextmanager
async def dispatching(pool: Pool, observer: RecordingObserver, publisher: ScriptedPublisher) -> AsyncGenerator[None]:
    """A dispatcher at work."""
    storage = PostgresStorage(pool)
    upkeeping = Upkeeping(
        lost_claims=LostClaims(PostgresDispatchQueue(pool), new_id=uuid4, monotonic=monotonic),
        lost_and_late=LostAndLate(storage=storage, jitter=lambda: 0.5),
        upkeep=PostgresUpkeep(pool),
        refitting=nothing_to_learn(observer),
        statistics=PostgresStatistics(pool),
        observer=observer,
    )
    dispatcher = Dispatcher(
        queue=PostgresDispatchQueue(pool),
        upkeeping=upkeeping,
        storage=storage,
        publisher=publisher,
        observer=observer,
        owner=uuid4(),
        platforms=list(Platform),
        monotonic=monotonic,
        limits=DispatchLimits(),
        retries=SOON,
        tracing=TraceIds(uuid4),
        clocks=clocks_that_agree(),
    )
    stopping = asyncio.Event()
    async with upkeeping.running():
        running = asyncio.create_task(dispatcher.run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await running


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(MOST_SECONDS):
        while not is_so():  # noqa: ASYNC110  # it is so without anybody saying so
            await asyncio.sleep(0.01)


async def test_each_statement_may_go_over_another_connection(pool: Pool, pooler: TransactionPooler) -> None:
    storage, holds = PostgresStorage(pooler.as_pool()), PostgresHolds(pooler.as_pool())
    observer, publisher = RecordingObserver(), ScriptedPublisher()
    await given(storage, a_brand(), a_campaign())
    a_moment_ago = SystemClock().now() - 10 * SECOND
    schedules = await given_due(storage, 40, campaign_id=CAMPAIGN_ID, since=a_moment_ago, apart=0.1 * SECOND)
    publisher.script(schedules[0].schedule_id, Deferred("busy"))
    await holds.place(Hold.BRAND_PAUSED, BRAND_ID)
    await holds.lift(Hold.BRAND_PAUSED, BRAND_ID, paces=AT_ONCE)

    async with dispatching(pooler.as_pool(), observer, publisher):
        await until(lambda: len(observer.settlements) > len(schedules))

    async with storage.reading() as stored:
        found = await stored.schedules.find_all([each.schedule_id for each in schedules])
        events = await stored.events.list(brand_id=BRAND_ID, after=0, limit=1000)
    assert {schedule.status for schedule in found} == {ScheduleStatus.COMPLETED}
    assert len(publisher.attempts) == len(schedules) + 1
    assert {event.kind for event in events} >= {EventKind.SCHEDULED, EventKind.PARKED, EventKind.RESUMED}
    assert len(pooler.used) == 5
    assert observer.outages == []
    assert await pool.fetchval(LOCKS_LEFT) == 0


async def test_four_that_have_nothing_to_do_ask_once_a_second_each_and_little_else(pooler: TransactionPooler) -> None:
    observers = [RecordingObserver() for _ in range(REPLICAS)]
    claims = "WITH wanted AS"
    began = monotonic()

    async with asyncio.TaskGroup() as replicas:
        for observer in observers:
            replicas.create_task(idling(pooler, observer, until_claimed=claims))
    took = monotonic() - began

    statements = pooler.statements
    assert all(observer.outages == [] for observer in observers)
    assert took >= ROUNDS - 1
    assert statements.total() / took / REPLICAS < 40


async def idling(pooler: TransactionPooler, observer: RecordingObserver, *, until_claimed: str) -> None:
    async with dispatching(pooler.as_pool(), observer, ScriptedPublisher()):
        await until(lambda: pooler.statements[until_claimed] >= REPLICAS * ROUNDS)


async def test_where_the_schema_is_of_another_version_dispatch_says_so_and_goes_on_once_it_is_not(empty: Pool) -> None:
    storage, observer, publisher = PostgresStorage(empty), RecordingObserver(), ScriptedPublisher()
    await given(storage, a_brand())

    async with dispatching(empty, observer, publisher):
        await empty.execute("ALTER TABLE queue RENAME COLUMN due_at TO was_due_at")
        try:
            await until(lambda: bool(observer.outages))
        finally:
            await empty.execute("ALTER TABLE queue RENAME COLUMN was_due_at TO due_at")
        await given_due(storage, 1, since=SystemClock().now() - SECOND, apart=SECOND)
        await until(lambda: bool(observer.settlements))

    said = {str(each.__cause__) for each in observer.outages}
    assert any(text.startswith("the schema is not that of this version (docs/runbook.md): column") for text in said)
    assert observer.broken == []
