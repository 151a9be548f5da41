"""The API over PostgreSQL, and what its suites do to the tables behind its back."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
from prometheus_client import CollectorRegistry
from sqlalchemy import DateTime, Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.refits import PostgresRefits
from marketmind_scheduler.adapters.postgres.dispatch.standing import PostgresQueueStandings
from marketmind_scheduler.adapters.postgres.dispatch.statistics import PostgresStatistics
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.postgres.schema.readiness import PostgresReadiness
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.postgres.tables import metadata, queue, schedules
from marketmind_scheduler.adapters.publishers.dry_run import DryRunPublisher
from marketmind_scheduler.adapters.run_metrics import MeteredRuns
from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.application.agent.model import ConfiguredModel
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.choices import PublisherKind
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.bootstrap import assemble
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from marketmind_scheduler.entrypoints.wiring.publishers import PUBLISHERS
from marketmind_scheduler.entrypoints.wiring.schedulers import schedulers_of
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.publisher import Publisher
from marketmind_scheduler.ports.tracing import Tracing
from tests.fakes.plan_solver import DirectPlanSolver
from tests.fakes.profile_fitter import DirectProfileFitter
from tests.http.steps import HORIZON


def over(
    pool: Pool,
    zones: ZoneCatalog,
    clock: Clock,
    *,
    publisher: Publisher | None = None,
    registry: CollectorRegistry | None = None,
    tracing: Tracing | None = None,
    model: ConfiguredModel | None = None,
) -> UseCases:
    """The use cases over PostgreSQL; without a publisher, nothing is really published, and without a model none takes
    part."""
    registry = registry or CollectorRegistry()
    metering, queue, runs = MeteredDispatch(registry), PostgresDispatchQueue(pool), MeteredRuns(registry)
    outbound = Outbound(
        queue=queue,
        pulled=queue,
        upkeep=PostgresUpkeep(pool),
        storage=PostgresStorage(pool),
        holds=PostgresHolds(pool),
        standings=PostgresQueueStandings(pool),
        refits=PostgresRefits(pool),
        statistics=PostgresStatistics(pool),
        fitter=DirectProfileFitter(),
        publisher=publisher or DryRunPublisher(),
        publishing=PUBLISHERS[PublisherKind.DRY_RUN].publishing,
        platforms=Platform,
        observer=metering,
        metrics=metering,
        tracing=tracing or TraceIds(new_uuid7),
    )
    return assemble(
        storage=PostgresStorage(pool),
        readiness=PostgresReadiness(pool),
        keys=PostgresApiKeys(pool),
        outbound=outbound,
        run_observer=runs,
        schedulers=schedulers_of(Settings(), DirectPlanSolver(), model),
        zones=zones,
        clock=clock,
        new_id=new_uuid7,
        horizon=HORIZON,
        schedules_per_brand=20_000,
    )


async def at_once(client: httpx2.AsyncClient, requests: Iterable[Awaitable[httpx2.Response]]) -> list[httpx2.Response]:
    """Send all at once, with every connection of the pool open already, so that the first has no start."""
    await asyncio.gather(*(client.get("/brands") for _ in range(20)))
    return await asyncio.gather(*requests)


async def time_passes(engine: AsyncEngine, **length: float) -> None:
    """Put every moment of every schedule back by so much; to the database it is as if it were that much later."""
    async with engine.connect() as connection:
        for table in (queue, schedules):
            moments = [each for each in table.c if isinstance(each.type, DateTime) and each.type.timezone]
            await connection.execute(update(table).values({each: each - timedelta(**length) for each in moments}))


async def stored(engine: AsyncEngine) -> Mapping[str, Sequence[Row[Any]]]:
    """Every row of every table."""
    async with engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(table).order_by(*table.primary_key))).all()
            for table in metadata.sorted_tables
        }


_OUT_OF_QUEUE = "DELETE FROM queue WHERE post_id = :post_id"
_INTO_QUEUE = """
INSERT INTO queue (post_id, schedule_id, brand_id, platform, publish_time, status, on_late, latest_at, due_at,
                   send_started_at, lease_expires_at)
SELECT post_id, schedule_id, brand_id, platform, publish_time, CAST(:status AS text), on_late, latest_at,
       CASE WHEN :status = 'PENDING' THEN publish_time END,
       CASE WHEN :status IN ('PUBLISHING', 'UNCONFIRMED') THEN now() END,
       CASE WHEN :status = 'PUBLISHING' THEN now() + interval '30 seconds' END
  FROM schedules WHERE post_id = :post_id
"""
_ENDED = """
UPDATE schedules s
   SET status = e.status, wrong = e.wrong, finished_at = CASE WHEN e.status <> 'PENDING' THEN now() END,
       wrong_at = CASE WHEN e.wrong <> '' THEN now() END
  FROM (SELECT schedule_id, CAST(:status AS text) AS status,
               CASE WHEN :status = 'PENDING' OR :status = 'COMPLETED' AND publish_time <= now() THEN ''
                    ELSE CAST(:status AS text) END AS wrong FROM schedules) e
 WHERE s.schedule_id = e.schedule_id AND s.post_id = :post_id
"""


async def set_status(engine: AsyncEngine, post_id: str, status: str) -> None:
    """Put the post's schedules into a status that only the dispatcher gives."""
    is_active, of_post = (
        status in {"PENDING", "PUBLISHING", "UNCONFIRMED"},
        {"post_id": UUID(post_id), "status": status},
    )
    async with engine.connect() as connection:
        await connection.execute(text(_OUT_OF_QUEUE), {"post_id": UUID(post_id)})
        if is_active:
            await connection.execute(text(_INTO_QUEUE), of_post)
        await connection.execute(text(_ENDED), of_post | {"status": "PENDING" if is_active else status})
