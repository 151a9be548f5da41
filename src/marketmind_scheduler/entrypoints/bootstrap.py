"""The composition root: which adapter stands behind which port."""

import zoneinfo
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.readiness import PostgresReadiness
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.adapters.uuid7 import new_uuid7
from marketmind_scheduler.application.campaign_scheduling import CampaignScheduling
from marketmind_scheduler.application.catalog import Catalog
from marketmind_scheduler.application.demo import Demo
from marketmind_scheduler.application.health import Health
from marketmind_scheduler.application.post_scheduling import PostScheduling
from marketmind_scheduler.application.schedulers import NaiveScheduler
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.application.zone_rules import ZoneRules
from marketmind_scheduler.domain.planning import SchedulerKind
from marketmind_scheduler.domain.zones import ZoneCatalogue
from marketmind_scheduler.ports.clock import Clock
from marketmind_scheduler.ports.ids import NewId
from marketmind_scheduler.ports.readiness import Readiness
from marketmind_scheduler.ports.storage import Storage

_RELEASE_LINE = "# version "


class ZoneRulesMissingError(Exception):
    """The tzdata package, the only source of zone rules, is not installed or not whole."""


def assemble(
    *, storage: Storage, readiness: Readiness, zones: ZoneCatalogue, clock: Clock, new_id: NewId, horizon: timedelta
) -> UseCases:
    """Every use case over these adapters."""
    return UseCases(
        health=Health(readiness=readiness, storage=storage, zones=zones, clock=clock),
        zone_rules=ZoneRules(storage=storage, zones=zones, clock=clock),
        catalog=Catalog(storage=storage, zones=zones, clock=clock),
        post_scheduling=PostScheduling(storage=storage, zones=zones, clock=clock, new_id=new_id, horizon=horizon),
        campaign_scheduling=CampaignScheduling(
            storage=storage,
            schedulers={SchedulerKind.NAIVE: NaiveScheduler()},
            zones=zones,
            clock=clock,
            new_id=new_id,
            horizon=horizon,
        ),
        demo=Demo(storage=storage, clock=clock),
    )


@asynccontextmanager
async def running(database_url: str, *, pool_size: int, horizon: timedelta) -> AsyncGenerator[UseCases]:
    """The use cases over PostgreSQL; the pool is closed at the end."""
    async with open_pool(database_url, size=pool_size) as pool:
        yield assemble(
            storage=PostgresStorage(pool),
            readiness=PostgresReadiness(pool),
            zones=pin_zone_rules(),
            clock=SystemClock(),
            new_id=new_uuid7,
            horizon=horizon,
        )


def pin_zone_rules() -> ZoneCatalogue:
    """Make the tzdata package the only source of zone rules in this process, and list its zones.

    The machine's own files may be of another release. Raises ZoneRulesMissingError.
    """
    zoneinfo.reset_tzpath(to=[])
    ZoneInfo.clear_cache()  # a zone loaded before keeps the machine's rules otherwise
    try:
        package = files("tzdata")
        first_line = package.joinpath("zoneinfo", "tzdata.zi").read_text("utf-8").partition("\n")[0]
        names = package.joinpath("zones").read_text("utf-8").split()
    except (ModuleNotFoundError, FileNotFoundError) as missing:
        raise ZoneRulesMissingError(
            "the tzdata package is missing; install the service with its locked requirements"
        ) from missing
    if not names or not first_line.startswith(_RELEASE_LINE):
        raise ZoneRulesMissingError("the tzdata package is not whole; install it again")
    return ZoneCatalogue.of(first_line.removeprefix(_RELEASE_LINE), names)
