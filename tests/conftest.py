"""The database that the tests run on, and the zone rules they share.

TEST_DATABASE_URL, else a throwaway container, else the embedded PostgreSQL; without any of them nothing runs.
"""

import gc
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from marketmind_scheduler.adapters.embedded_postgres.home import EmbeddedPostgresUnavailable
from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres
from marketmind_scheduler.adapters.postgres.pool import Pool, open_pool
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.tables import final_events, metadata
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.wiring.zone_rules import pin_zone_rules
from tests.databases import URL, new_database
from tests.standing import OUT_OF_STEP

IMAGE = "postgres:18-alpine"
FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
ROOMY = ("-c", "max_connections=200")  # every worker, and all the services they start, share one server
OPTIONS = (*FAST, *ROOMY)
SOURCE = "TEST_DATABASE_SOURCE"

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # as where numpy computes in earnest

_opened = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # a worker uses the server of the process that started it
        return
    if URL in os.environ:
        os.environ[SOURCE] = URL
        return
    os.environ[URL], os.environ[SOURCE] = _container() or _embedded()


def pytest_collection_finish() -> None:
    """Looking for garbage among all that was imported and collected takes a fifth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure() -> None:
    _opened.close()


def pytest_report_header() -> str:
    return f"database: {os.environ[SOURCE]}"


def _container() -> tuple[str, str] | None:
    try:
        import docker  # noqa: PLC0415
        from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415
        from testcontainers.core.config import testcontainers_config  # noqa: PLC0415

        engine = docker.from_env(timeout=3)
        engine.ping()  # pyright: ignore[reportUnknownMemberType]
        if not engine.images.list(IMAGE):
            engine.api.timeout = 120
            engine.images.pull(IMAGE)
        testcontainers_config.ryuk_disabled = not engine.images.list(testcontainers_config.ryuk_image)
        server = PostgresContainer(IMAGE, driver=None).with_command(["postgres", *OPTIONS])
        url = _opened.enter_context(server).get_connection_url()
    except Exception as unavailable:  # noqa: BLE001  # whatever it is, there is another database to go on with
        print(f"no database container: {type(unavailable).__name__}: {str(unavailable)[:100]}", file=sys.__stderr__)
        return None
    else:
        return url, f"a container of {IMAGE}"
    finally:
        gc.collect()  # the engine's client leaves a socket open, for which the first test would fail


def _embedded() -> tuple[str, str]:
    home = Path(_opened.enter_context(tempfile.TemporaryDirectory(prefix="marketmind-tests-")))
    home.chmod(0o711)  # as root the server runs as nobody, who has to pass through
    try:
        return _opened.enter_context(embedded_postgres(home / "postgres", options=OPTIONS)), "the embedded PostgreSQL"
    except EmbeddedPostgresUnavailable as unavailable:
        message = f"no database to test on: set {URL}, start a container engine, or mend this: {unavailable}"
        raise pytest.UsageError(message) from None


@pytest.fixture(scope="session")
def zones() -> ZoneCatalog:
    return pin_zone_rules()


@pytest.fixture(scope="session")
async def database_url(worker_id: str) -> AsyncGenerator[str]:
    """The URL of this worker's own database, with the schema of this version and no rows."""
    async with new_database(f"test_{worker_id}") as url:
        async with migrating(url) as migrator:
            await migrator.upgrade()
        yield url


@pytest.fixture(scope="session")
async def pool(database_url: str) -> AsyncGenerator[Pool]:
    """What the PostgreSQL adapters are given."""
    async with open_pool(database_url, size=10) as opened:
        yield opened


@pytest.fixture(scope="session")
async def engine(database_url: str) -> AsyncGenerator[AsyncEngine]:
    """For SQL of the tests' own; each statement commits by itself."""
    connect = partial(asyncpg.connect, database_url)
    opened = create_async_engine("postgresql+asyncpg://", async_creator=connect, isolation_level="AUTOCOMMIT")
    yield opened
    await opened.dispose()


@pytest.fixture
async def tables(engine: AsyncEngine) -> AsyncGenerator[AsyncEngine]:
    """The engine over empty tables, and emptied again: for a few rows, deleting is far quicker than truncating. What is
    active has a row of the queue by then, and nothing else has."""
    yield engine
    async with engine.connect() as connection:
        out_of_step = (await connection.execute(text(OUT_OF_STEP))).all()
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
        await connection.execute(select(func.setval(final_events.name, 1, text("false"))))
    assert out_of_step == []
