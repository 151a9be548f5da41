"""Keys on the command line: shown once, listed without secrets, ended on request."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncGenerator
from datetime import datetime
from pathlib import Path

import pytest

from marketmind_scheduler.domain.access import Scope
from tests.databases import new_database
from tests.entrypoints.test_cli import is_coloured, message_of
from tests.programs import CommandLine, ImportedCommandLine

CREDENTIAL = re.compile(r"mms_([0-9a-f]{12})\.[A-Za-z0-9_-]{43}\n")
CREATE = ("create", "--name", "content-service", "--scope", "catalog:read", "--scope", "schedules:write")


class Keys:
    """`keys …` over one database."""

    def __init__(self, command_line: CommandLine, url: str) -> None:
        self._command_line = command_line
        self._url = url

    async def __call__(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(self._command_line.run, "keys", *arguments, DATABASE_URL=self._url, **settings)

    async def create(self, *arguments: str) -> str:
        """The id of a new key."""
        shown = CREDENTIAL.fullmatch((await self(*CREATE, *arguments)).stdout)
        assert shown
        return shown[1]

    async def listed(self) -> str:
        return (await self("list")).stdout


@pytest.fixture
async def keys(worker_id: str, tmp_path: Path) -> AsyncGenerator[Keys]:
    async with new_database(f"test_keys_{worker_id}") as url:
        yield Keys(ImportedCommandLine(tmp_path), url)


async def test_a_key_is_shown_once_alone_on_standard_output(keys: Keys) -> None:
    made = await keys(*CREATE)

    assert CREDENTIAL.fullmatch(made.stdout)
    assert "a key for content-service, shown only now" in made.stderr
    assert not is_coloured(made)
    assert made.stdout.strip().partition(".")[2] not in await keys.listed()


async def test_the_list_says_what_each_key_may_and_how_it_stands(keys: Keys) -> None:
    brand = "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d"
    first = await keys.create("--expires", "90d", "--brand", brand)
    second = (await keys("rotate", first)).stdout[4:16]
    await keys("revoke", first)

    listed = await keys.listed()

    assert [line.split()[0] for line in listed.splitlines() if re.match(r"[0-9a-f]{12} ", line)] == [first, second]
    for shown in ("catalog:read", "schedules:write", "content-service", "never", "revoked", "until", brand[:6]):
        assert shown in listed


async def test_rotating_makes_a_second_key_and_says_until_when_the_first_works(keys: Keys) -> None:
    first = await keys.create()

    rotated = await keys("rotate", first, "--overlap", "2h")

    assert CREDENTIAL.fullmatch(rotated.stdout)
    assert f"{first} goes on to work until" in rotated.stderr


async def test_a_first_key_is_made_only_where_there_was_none(keys: Keys) -> None:
    first = await keys("create", "--name", "first", "--scope", "admin", "--if-none")
    second = await keys("create", "--name", "second", "--scope", "admin", "--if-none")

    assert CREDENTIAL.fullmatch(first.stdout)
    assert (second.returncode, second.stdout) == (0, "")
    assert "second" not in await keys.listed()


async def test_a_key_is_rotated_and_revoked_by_the_name_of_its_service(keys: Keys) -> None:
    first = await keys.create()

    rotated = await keys("rotate", "content-service")
    ambiguous = await keys("revoke", "content-service")
    again = await keys("rotate", first)

    assert f"{first} goes on to work until" in rotated.stderr
    assert ambiguous.returncode == 1
    assert first in message_of(ambiguous)
    assert "it has 3 live keys now" in again.stderr
    for each in (first, rotated.stdout[4:16]):
        await keys("revoke", each)
    assert "of content-service is refused from now on" in (await keys("revoke", "content-service")).stdout


async def test_times_are_shown_to_the_minute(keys: Keys) -> None:
    first = await keys.create("--expires", "90d")
    rotated = await keys("rotate", first, "--overlap", "2h")

    [old] = [line for line in (await keys.listed()).splitlines() if line.startswith(first)]

    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d *$", old)
    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC", rotated.stderr)


@pytest.mark.parametrize("columns", ["80", ""])
async def test_a_key_takes_one_line_whatever_it_may_and_whoever_it_is_for(keys: Keys, columns: str) -> None:
    brands = [f"019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8{nth}" for nth in range(3)]
    first = await keys.create("--name", "x" * 100, "--brand", ",".join(brands), "--scope", ",".join(Scope))
    second = await keys.create("--expires", "90d")

    listed = (await keys("list", **({"COLUMNS": columns} if columns else {}))).stdout

    _, _, *lines = listed.splitlines()
    assert [line.split()[0] for line in lines] == [second, first]
    if columns:
        assert max(map(len, listed.splitlines())) <= 80
    else:
        assert all(brand in lines[1] for brand in brands)


async def test_scripts_read_keys_as_json(keys: Keys) -> None:
    brand = "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d"
    first = await keys.create("--brand", brand)

    [shown] = json.loads((await keys("list", "--json")).stdout)

    created_at = shown.pop("created_at")
    assert datetime.fromisoformat(created_at).tzinfo is not None
    assert shown == {
        "key_id": first,
        "name": "content-service",
        "scopes": ["catalog:read", "schedules:write"],
        "brands": [brand],
        "last_used_at": None,
        "expires_at": None,
        "revoked_at": None,
        "state": "live",
    }


async def test_a_brand_that_is_not_registered_yet_is_pointed_out(keys: Keys) -> None:
    brand = "019d3a5e-7c00-7a1b-8c2d-3e4f5a6b7c8d"

    made = await keys(*CREATE, "--brand", brand)

    assert CREDENTIAL.fullmatch(made.stdout)
    assert f"there is no brand {brand} yet" in made.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("revoke", "0123456789ab"), "there is no live key '0123456789ab'; `keys list` shows all of them"),
        ((*CREATE, "--expires", "soon"), "'soon' is not a length of time; write it like 90d, 24h or 30m"),
        ((*CREATE, "--scope", "everything"), "'everything' is not one of 'catalog:read'"),
        ((*CREATE, "--name", "jwt:ada"), "'jwt:ada' begins with jwt:, as callers with a token do; choose another name"),
        ((*CREATE, "--name", ""), "'' is no name; write one that can be seen"),
        ((*CREATE, "--expires", "0d"), "'0d' is over at once; write how long it is to live, such as 90d"),
        ((*CREATE, "--scope", "admin,everything"), "'everything' is not one of 'catalog:read'"),
        ((*CREATE, "--brand", "tea"), "'tea' is not a valid UUID"),
    ],
)
async def test_a_mistake_is_answered_with_what_would_be_right(
    keys: Keys, arguments: tuple[str, ...], message: str
) -> None:
    ended = await keys(*arguments)

    assert ended.returncode != 0
    assert ended.stdout == ""
    assert message in message_of(ended)


async def test_a_second_key_of_the_same_name_needs_a_rotation(keys: Keys) -> None:
    await keys.create()

    refused = await keys(*CREATE)

    assert refused.returncode == 1
    assert "`keys rotate` gives it a second one" in message_of(refused)
