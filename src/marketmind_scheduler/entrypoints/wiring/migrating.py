"""Bringing the schema to this version, and the demo data in: loaded where there is something to do."""

import structlog

from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.entrypoints.settings import Settings

log = structlog.get_logger()


async def upgrade(settings: Settings, url: str) -> None:
    """As the owner of the schema where one is named, whose service is then granted what it needs."""
    async with migrating(settings.migration_database_url or url) as migrator:
        await migrator.upgrade()
        if settings.migration_database_url and settings.service_role:
            await migrator.grant(settings.service_role)


async def fill(settings: Settings, url: str, use_cases: UseCases) -> None:
    """Clear every table, and load or renew the demo data, where that is wanted."""
    async with migrating(settings.migration_database_url or url) as migrator:
        if settings.reset_on_start:
            log.warning("SCHEDULER_RESET_ON_START is set: clearing every table")
            await migrator.clear()
        if settings.loads_demo_data:
            await migrator.upgrade("demo@head")
            if await use_cases.demo.is_over():
                log.info("renewing the demo data: its campaigns' days are over")
                await migrator.reload_demo()
