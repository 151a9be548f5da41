"""The composition root: which adapter stands behind which port."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from marketmind_scheduler.adapters.added_metrics import Whole
from marketmind_scheduler.adapters.dispatch_metrics import MeteredDispatch
from marketmind_scheduler.adapters.numeric.fitter import NumericProfileFitter
from marketmind_scheduler.adapters.numeric.solver import NumericPlanSolver
from marketmind_scheduler.adapters.numeric.workers import working
from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.looks import Looks
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.refits import PostgresRefits
from marketmind_scheduler.adapters.postgres.dispatch.standing import PostgresQueueStandings
from marketmind_scheduler.adapters.postgres.dispatch.statistics import PostgresStatistics
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.requests.api_keys import PostgresApiKeys
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.adapters.postgres.requests.rate_limits import PostgresRateLimits
from marketmind_scheduler.adapters.postgres.schema.readiness import PostgresReadiness
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.process_metrics import register_process
from marketmind_scheduler.adapters.run_metrics import MeteredRuns
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.adapters.trace_ids import TraceIds
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.application.access import Access, KeyRing
from marketmind_scheduler.application.agent.self_testing import SelfTesting
from marketmind_scheduler.application.audiences import Audiences
from marketmind_scheduler.application.campaign_posts import CampaignPosts
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.deleting import Deleting
from marketmind_scheduler.application.demo import Demo
from marketmind_scheduler.application.dispatch.clocks import Clocks
from marketmind_scheduler.application.dispatch.dispatcher import Dispatcher
from marketmind_scheduler.application.dispatch.pulling import Pulling
from marketmind_scheduler.application.doubting import Doubting
from marketmind_scheduler.application.event_feed import EventFeed, Lookout
from marketmind_scheduler.application.following import Following
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.application.monitoring import Monitoring
from marketmind_scheduler.application.observing import Observing
from marketmind_scheduler.application.pausing import Pausing
from marketmind_scheduler.application.planning.preparing import Preparing
from marketmind_scheduler.application.planning.previewing import Previewing
from marketmind_scheduler.application.planning.replaying import Replaying
from marketmind_scheduler.application.planning.single_posts import PostPlanning
from marketmind_scheduler.application.policies import Policies
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.quota import Quota
from marketmind_scheduler.application.rate_limiting import RateLimiter
from marketmind_scheduler.application.reachability import Reachability
from marketmind_scheduler.application.retrying import Retrying
from marketmind_scheduler.application.schedule_records import ScheduleRecords
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.access import Rate
from marketmind_scheduler.domain.event import OPERATOR
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.language_models import model_in_use
from marketmind_scheduler.entrypoints.wiring.outbound import Outbound
from marketmind_scheduler.entrypoints.wiring.pools import pools_of
from marketmind_scheduler.entrypoints.wiring.publishers import PUBLISHERS, publishing
from marketmind_scheduler.entrypoints.wiring.schedulers import Planners, agentic_of, schedulers_of
from marketmind_scheduler.entrypoints.wiring.service import Service
from marketmind_scheduler.entrypoints.wiring.telemetry import telemetry_of
from marketmind_scheduler.entrypoints.wiring.tokens import verifying_tokens
from marketmind_scheduler.entrypoints.wiring.zone_rules import pin_zone_rules
from marketmind_scheduler.ports.access import ApiKeys, TokenVerifier
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.readiness import Readiness
from marketmind_scheduler.ports.run_observer import RunObserver
from marketmind_scheduler.ports.scheduler import Scheduler
from marketmind_scheduler.ports.storage import Storage

if TYPE_CHECKING:
    from marketmind_scheduler.adapters.telemetry import Telemetry

SERVICE = "marketmind-scheduler"
DISPATCH_CONNECTIONS = 4


def assemble(
    *,
    storage: Storage,
    readiness: Readiness,
    keys: ApiKeys,
    outbound: Outbound,
    run_observer: RunObserver,
    schedulers: Mapping[SchedulerKind, Scheduler],
    zones: ZoneCatalog,
    clock: Clock,
    new_id: NewId,
    horizon: timedelta,
    schedules_per_brand: int,
    tokens: TokenVerifier | None = None,
    self_testing: SelfTesting | None = None,
) -> UseCases:
    """Every use case over these adapters."""
    upkeeping = outbound.upkeeping()
    clocks = Clocks(clock=clock, queue=outbound.queue, observer=outbound.observer, monotonic=time.monotonic)
    dispatcher = Dispatcher(
        queue=outbound.queue,
        upkeeping=upkeeping,
        storage=outbound.storage,
        publisher=outbound.publisher,
        observer=outbound.observer,
        owner=new_id(),
        platforms=outbound.platforms,
        monotonic=time.monotonic,
        limits=outbound.limits,
        retries=outbound.retries,
        tracing=outbound.tracing,
        clocks=clocks,
    )
    quota = Quota(schedules_per_brand, monotonic=time.monotonic)
    planners = Planners(schedulers=schedulers, zones=zones, clock=clock, new_id=new_id, horizon=horizon, quota=quota)
    previewing, agentic = Previewing(storage=storage.patient(), beside=storage, **planners), agentic_of(schedulers)
    return UseCases(
        access=Access(keys=keys, tokens=tokens, clock=clock),
        key_ring=KeyRing(keys=keys, clock=clock),
        health=Health(
            publishing=outbound.publishing,
            readiness=readiness,
            storage=storage,
            zones=zones,
            clock=clock,
            clocks=clocks,
            self_testing=self_testing,
        ),
        catalog=Catalog(storage=storage, zones=zones, clock=clock),
        deleting=Deleting(storage=storage.patient(), clock=clock),
        campaign_posts=CampaignPosts(storage=storage.patient(), clock=clock),
        following=Following(storage=storage.patient(), zones=zones, clock=clock, horizon=horizon),
        policies=Policies(storage=storage, zones=zones, clock=clock),
        post_scheduling=PostScheduling(
            storage=storage, zones=zones, clock=clock, new_id=new_id, horizon=horizon, quota=quota
        ),
        post_planning=PostPlanning(storage=storage, **planners),
        campaign_scheduling=CampaignScheduling(storage=storage.patient(), **planners),
        previewing=previewing,
        preparing=Preparing(previewing=previewing, scheduler=agentic, release=version(SERVICE), observer=run_observer),
        replaying=Replaying(storage=storage, scheduler=agentic, release=version(SERVICE)),
        reachability=Reachability(publisher=outbound.publisher, platforms=outbound.platforms),
        retrying=Retrying(storage=storage.patient(), zones=zones, clock=clock, new_id=new_id, quota=quota),
        schedule_records=ScheduleRecords(storage=storage),
        observing=Observing(storage=storage, clock=clock),
        audiences=Audiences(storage=storage, refitting=upkeeping.refitting),
        pausing=Pausing(storage=storage, holds=outbound.holds),
        pulling=Pulling(storage=storage, queue=outbound.pulled, upkeeping=upkeeping, retries=outbound.retries),
        upkeeping=upkeeping,
        dispatcher=dispatcher,
        doubting=Doubting(storage=storage.acting(OPERATOR)),
        event_feed=EventFeed(storage=storage, lookout=Lookout(storage)),
        monitoring=Monitoring(standings=outbound.standings, metrics=outbound.metrics, hearing=outbound.hearing),
        demo=Demo(storage=storage, clock=clock),
    )


@asynccontextmanager
async def running(settings: Settings, database_url: str) -> AsyncGenerator[Service]:
    """The use cases over PostgreSQL, the configured publisher and identity provider; everything is closed at the end.
    Raises SettingsError where the configuration of one of them is wrong."""
    async with telemetry_of(settings) as telemetry, _service(settings, database_url, telemetry) as service:
        yield service


@asynccontextmanager
async def _service(settings: Settings, database_url: str, telemetry: "Telemetry | None") -> AsyncGenerator[Service]:
    tracing = telemetry or TraceIds(new_uuid7)
    on_query = telemetry.saw_query if telemetry else None
    metering, metered_runs = MeteredDispatch(registry := CollectorRegistry()), MeteredRuns(registry)
    async with (
        publishing(settings, tracing=tracing) as publisher,
        verifying_tokens(settings) as tokens,
        working() as workers,
        pools_of(settings, database_url, dispatch=DISPATCH_CONNECTIONS, on_query=on_query) as pools,
        model_in_use(settings, PostgresStorage(pools.requests), metered_runs) as model,
    ):
        zones = pin_zone_rules()
        pool, whole = pools.requests, Whole(metering, registry)
        register_process(registry, tz_release=zones.release, pools=pools.by_name)
        outbound = Outbound(
            queue=PostgresDispatchQueue(pools.dispatch, looks=Looks()),
            pulled=PostgresDispatchQueue(pool),
            upkeep=PostgresUpkeep(pools.dispatch, retention=settings.retention),
            storage=PostgresStorage(pools.dispatch),
            holds=PostgresHolds(pool),
            standings=PostgresQueueStandings(pool),
            refits=PostgresRefits(pools.dispatch),
            statistics=PostgresStatistics(pools.dispatch),
            fitter=NumericProfileFitter(workers),
            publisher=publisher,
            publishing=PUBLISHERS[settings.publisher].publishing,
            platforms=settings.published_platforms,
            observer=metering,
            metrics=whole,
            hearing=whole,
            tracing=tracing,
            limits=settings.dispatch_limits,
        )
        use_cases = assemble(
            storage=PostgresStorage(pool),
            readiness=PostgresReadiness(pool),
            keys=PostgresApiKeys(pool),
            outbound=outbound,
            run_observer=metered_runs,
            schedulers=schedulers_of(settings, NumericPlanSolver(workers), model and model.configured),
            zones=zones,
            clock=SystemClock(),
            new_id=new_uuid7,
            horizon=timedelta(days=settings.horizon_days),
            schedules_per_brand=settings.schedules_per_brand,
            tokens=tokens,
            self_testing=model and model.self_testing,
        )
        if telemetry:
            telemetry.follow(vars(use_cases).values())
        rate = Rate(settings.requests_per_minute) if settings.requests_per_minute else None
        limiter = rate and RateLimiter(PostgresRateLimits(pool), rate=rate, monotonic=time.monotonic)
        kept_for = timedelta(hours=settings.idempotency_hours)
        idempotency = PostgresIdempotency(pools.keyed_requests, kept_for=kept_for)
        async with use_cases.preparing.running():
            yield Service(
                use_cases=use_cases,
                idempotency=idempotency,
                limiter=limiter,
                metering=metering,
                metrics=whole,
                registry=registry,
                tracing=tracing,
            )
