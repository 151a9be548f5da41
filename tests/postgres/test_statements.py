"""A long statement is a text of its own, with its promise before it, and PostgreSQL takes it as it is."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from marketmind_scheduler.adapters import postgres
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.additions import ADD, ADD_IF_UNCHANGED, ADD_ONE

FILES = {path.stem: path.read_text() for path in sorted(Path(*postgres.__path__).glob("sql/*.sql"))}
MOST_LINES_IN_PYTHON = 10
COMPOSED = {"add_schedules": ADD, "add_schedule": ADD_ONE, "add_schedule_if_unchanged": ADD_IF_UNCHANGED}
"""What is put together from parts, and checked in beside this module as it runs."""


def texts_held_by_modules() -> Iterator[str]:
    """Each text that a module of the adapter holds at its top."""
    for found in pkgutil.walk_packages(postgres.__path__, f"{postgres.__name__}."):
        for name, value in vars(import_module(found.name)).items():
            if isinstance(value, str) and not name.startswith("__"):
                yield value


def test_what_is_longer_than_ten_lines_is_a_file() -> None:
    long = {text for text in texts_held_by_modules() if len(text.strip().splitlines()) > MOST_LINES_IN_PYTHON}

    assert long - set(FILES.values()) == set(COMPOSED.values())


@pytest.mark.parametrize("name", COMPOSED)
def test_what_is_put_together_from_parts_can_be_read_as_it_runs(name: str) -> None:
    assert (Path(__file__).parent / f"{name}.sql").read_text() == COMPOSED[name].lstrip()


def test_each_file_is_used() -> None:
    sources = [path.read_text() for path in Path(*postgres.__path__).rglob("*.py")]

    assert {name for source in sources for name in re.findall(r'\bstatement\("(\w+)"\)', source)} == FILES.keys()


@pytest.mark.parametrize("name", FILES)
async def test_postgresql_takes_it_as_it_is(name: str, pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.prepare(FILES[name])


def test_each_begins_with_what_it_promises() -> None:
    assert [name for name, text in FILES.items() if not text.startswith("-- ")] == []
