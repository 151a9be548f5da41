"""Which database the process uses, and making it ready."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import structlog

from marketmind_scheduler.adapters.postgres.embedded import default_home, embedded_postgres
from marketmind_scheduler.adapters.postgres.migrations import Migrator, migrating
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.entrypoints.settings import Settings

_WAIT_SECONDS = 60

log = structlog.get_logger()


@contextmanager
def database(settings: Settings) -> Generator[str]:
    """The URL of the configured database, or of an embedded PostgreSQL that runs as long as the context."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    home = Path(settings.data_dir) if settings.data_dir else default_home()
    with embedded_postgres(home) as url:
        log.info("embedded PostgreSQL started", data=str(home))
        yield url


async def prepare(settings: Settings, url: str, use_cases: UseCases) -> None:
    """Bring the database to the schema of this version and load the demo data where wanted, once over however many
    processes start; raises StorageUnavailable after a minute without a database."""
    async with _migrated(url, use_cases) as migrator:
        if settings.reset_on_start:
            log.warning("SCHEDULER_RESET_ON_START is set: clearing every table")
            await migrator.clear()
        await use_cases.zone_rules.register()
        if settings.loads_demo_data:
            await migrator.upgrade("demo@head")
            if await use_cases.demo.is_over():
                log.info("renewing the demo data: its campaigns' days are over")
                await migrator.reload_demo()


async def prepare_to_dispatch(url: str, use_cases: UseCases) -> None:
    """The same without touching any data."""
    async with _migrated(url, use_cases):
        await use_cases.zone_rules.register()


@asynccontextmanager
async def _migrated(url: str, use_cases: UseCases) -> AsyncGenerator[Migrator]:
    await _reachable(use_cases)
    async with migrating(url) as migrator:
        await migrator.upgrade()
        yield migrator


async def _reachable(use_cases: UseCases) -> None:
    for seconds_left in range(_WAIT_SECONDS, -1, -1):
        try:
            await use_cases.health.check()
        except StorageUnavailable as unavailable:
            if not seconds_left:
                raise
            log.warning("waiting for the database", because=str(unavailable.__cause__), seconds_left=seconds_left)
            await asyncio.sleep(1)
        else:
            return
