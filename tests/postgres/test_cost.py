"""What a statement reads follows the rows that it is about, at 300,000 schedules of 2,000 brands, whatever the planner
has been told of how many there are, for everybody, the first time and after any number of times."""

import pkgutil
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import wraps
from importlib import import_module
from inspect import getmembers, isclass, iscoroutinefunction
from typing import Any
from unittest.mock import patch

import pytest

from marketmind_scheduler.adapters import postgres
from tests.loops import telling_all_misses
from tests.postgres.catalogue import REACHES, Case, World, cases, lists
from tests.postgres.full import Analysed, Connection, connected, full_database, tell
from tests.postgres.measured import Read, measuring
from tests.postgres.test_statements import FILES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

READ_ANYWAY, EACH = 3000, 25
"""A page is merged from as many as there are platforms and statuses, and brands within reach."""
BLOCKS_EACH = 70
"""Most of them to put a new version of a row into the indexes."""
FIRST, OFTEN = "force_custom_plan", "force_generic_plan"
"""How the planner goes about the first uses of a statement on a connection, and may go about later ones."""
BESIDE_REQUESTS = {"migrations", "diagnosis", "readiness", "statistics"}
"""Modules whose statements look at the schema, or change what the planner is told."""
NOT_CALLED = [
    "PostgresAgentRuns.add",
    "PostgresAgentRuns.first_broken",
    "PostgresAgentRuns.start_asking",
    "PostgresAgentRuns.stop_asking",
    "PostgresEventRepository.history",
    "PostgresPreviews.add",
    "PostgresPreviews.end",
    "PostgresPreviews.get",
    "PostgresPreviews.titles",
    "PostgresRefits.finish",
    "PostgresUnitOfWork.commit",
]
"""They need whole plans, runs or profiles, and go by one key."""


@pytest.fixture(scope="module")
async def full_url() -> AsyncGenerator[str]:
    async with full_database() as url:
        yield url


async def check(connection: Connection, tried: Iterable[Case], *, reach: str) -> None:
    with telling_all_misses() as trying:
        for case in tried:
            with trying(done=case.done, reach=reach):
                async with measuring(connection) as measured:
                    await case.call(World(measured, REACHES[reach]))

                assert [str(each) for each in measured.seen if is_too_much(each, case.rows)] == []


def is_too_much(read: Read, rows: int) -> bool:
    about = max(read.about, rows)
    return read.handled > READ_ANYWAY + EACH * about or read.blocks > READ_ANYWAY + BLOCKS_EACH * about


@pytest.mark.parametrize("analysed", Analysed)
async def test_every_statement_reads_what_it_is_about(full_url: str, analysed: Analysed) -> None:
    """One after the other, as they are named: what has been told once is not forgotten again."""
    connection = await connected(full_url)
    try:
        await tell(connection, analysed)
        for planned in (FIRST, OFTEN):
            await connection.execute(f"SET plan_cache_mode = {planned}")
            await check(connection, cases(), reach="all")
            for reach in REACHES.keys() - {"all"}:
                await check(connection, lists(), reach=reach)
    finally:
        await connection.close()


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(postgres.__path__, f"{postgres.__name__}."):
        if found.name.rpartition(".")[2] not in BESIDE_REQUESTS:
            yield import_module(found.name)


def methods() -> Iterator[tuple[type, str]]:
    """Those that ask the database for something."""
    for module in modules():
        for _, kind in getmembers(module, isclass):
            if kind.__module__ == module.__name__ and kind.__name__.startswith("Postgres"):
                yield from ((kind, name) for name in vars(kind) if iscoroutinefunction(vars(kind)[name]))


async def test_the_catalogue_has_every_statement(full_url: str) -> None:
    called: set[str] = set()
    sent: set[str] = set()

    def noting(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        async def noted(*args: Any, **kwargs: Any) -> Any:
            called.add(method.__qualname__)
            return await method(*args, **kwargs)

        return noted

    connection = await connected(full_url)
    try:
        with ExitStack() as patched:
            for kind, name in methods():
                patched.enter_context(patch.object(kind, name, noting(vars(kind)[name])))
            for case, reach in [*((each, "all") for each in cases()), *((each, "brands") for each in lists())]:
                async with measuring(connection) as measured:
                    await case.call(World(measured, REACHES[reach]))
                sent |= {each.sql.strip() for each in measured.seen}
    finally:
        await connection.close()

    assert sorted({f"{kind.__name__}.{name}" for kind, name in methods()} - called) == NOT_CALLED
    assert sorted(name for name, text in FILES.items() if text.strip() not in sent) == []
