"""`doubt`: shows what it will do, asks, and does it once."""

import asyncio
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.domain.schedule import ScheduleStatus
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import BRAND_ID, a_brand, a_post, a_schedule, given
from tests.contracts.worlds import PostgresWorld, at, find
from tests.entrypoints.test_cli import message_of
from tests.programs import CommandLine, ImportedCommandLine

HOUR = timedelta(hours=1)
PENDING, UNCONFIRMED = ScheduleStatus.PENDING, ScheduleStatus.UNCONFIRMED


class Doubt:
    """`doubt …` over the database of a world."""

    def __init__(self, command_line: CommandLine, url: str) -> None:
        self._command_line = command_line
        self._url = url

    async def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(self._command_line.run, "doubt", *arguments, DATABASE_URL=self._url)


@pytest.fixture
def doubt(database_url: str, tmp_path: Path) -> Doubt:
    return Doubt(ImportedCommandLine(tmp_path), database_url)


@pytest.fixture
def world(pool: Pool, tables: AsyncEngine, zones: ZoneCatalog) -> PostgresWorld:
    del tables, zones
    return PostgresWorld(pool)


async def test_only_what_existed_then_and_should_have_gone_out_is_doubted_and_only_once(
    doubt: Doubt, world: PostgresWorld
) -> None:
    now = await world.now()
    posts = [a_post() for _ in range(3)]
    perhaps_sent = a_schedule(posts[0], slot=at(now - HOUR), created_at=now - 3 * HOUR)
    made_since = a_schedule(posts[1], slot=at(now - HOUR), created_at=now - HOUR)
    ahead = a_schedule(posts[2], slot=at(now + HOUR), created_at=now - 3 * HOUR)
    await given(world.storage, a_brand(), *posts, perhaps_sent, made_since, ahead)
    since = f"{now - 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"

    first, second = await doubt("--since", since, "--yes"), await doubt("--since", since, "--yes")

    assert re.search(rf"{BRAND_ID} +TWITTER +1", first.stdout)
    assert f"1 more are due that were made after {since}" in " ".join(first.stdout.split())
    assert "1 schedules are UNCONFIRMED" in first.stdout
    assert "nothing is left" in second.stdout
    standing = [(await find(world, each)).status for each in (perhaps_sent, made_since, ahead)]
    assert standing == [UNCONFIRMED, PENDING, PENDING]
    found = await find(world, perhaps_sent)
    assert found.error == "restored from a backup: it may have been sent since"


async def test_where_nobody_can_be_asked_nothing_is_done(doubt: Doubt, world: PostgresWorld) -> None:
    now = await world.now()
    post = a_post()
    schedule = a_schedule(post, slot=at(now - HOUR), created_at=now - HOUR)
    await given(world.storage, a_brand(), post, schedule)

    refused = await doubt("--since", f"{now:%Y-%m-%dT%H:%M:%SZ}")

    assert refused.returncode == 1
    assert "say --yes" in message_of(refused)
    assert (await find(world, schedule)).status is PENDING


@pytest.mark.parametrize(
    ("since", "says"),
    [
        ("2027-03-01T04:00:00+0000", "at '+0000', write +00:00"),
        ("2027-03-01T04:00:00", "write Z or an offset"),
        ("2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z lies ahead; say when the backup was made"),
    ],
)
async def test_a_moment_that_cannot_be_meant_is_refused(doubt: Doubt, since: str, says: str) -> None:
    assert says in message_of(await doubt("--since", since))
