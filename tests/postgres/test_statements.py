"""A long statement is a text of its own, with its promise before it, and PostgreSQL takes it as it is."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from marketmind_scheduler.adapters import postgres
from marketmind_scheduler.adapters.postgres.pool import Pool

FILES = {path.stem: path.read_text() for path in sorted(Path(*postgres.__path__).glob("sql/*.sql"))}
MOST_LINES_IN_PYTHON = 10
STILL_COMPOSED = {"dispatch.queue", "dispatch.upkeep", "repositories.schedules"}


def texts_held_by_modules() -> Iterator[tuple[str, str]]:
    """Each text that a module of the adapter holds at its top, behind the name of the module."""
    for found in pkgutil.walk_packages(postgres.__path__, f"{postgres.__name__}."):
        for name, value in vars(import_module(found.name)).items():
            if isinstance(value, str) and not name.startswith("__"):
                yield found.name.removeprefix(f"{postgres.__name__}."), value


def test_what_is_longer_than_ten_lines_is_a_file() -> None:
    long = {
        text
        for module, text in texts_held_by_modules()
        if len(text.strip().splitlines()) > MOST_LINES_IN_PYTHON and module not in STILL_COMPOSED
    }

    assert long - set(FILES.values()) == set()


def test_each_file_is_used() -> None:
    sources = [path.read_text() for path in Path(*postgres.__path__).rglob("*.py")]

    assert {name for source in sources for name in re.findall(r'\bstatement\("(\w+)"\)', source)} == FILES.keys()


@pytest.mark.parametrize("name", FILES)
async def test_postgresql_takes_it_as_it_is(name: str, pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.prepare(FILES[name])


def test_each_begins_with_what_it_promises() -> None:
    assert [name for name, text in FILES.items() if not text.startswith("-- ")] == []
