"""`plan`: shows in the terminal what would be scheduled, and schedules exactly that when it is told to."""

import asyncio
import re
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import CAMPAIGN_ID, a_brand, a_campaign, a_post, given, new_id
from tests.contracts.worlds import PostgresWorld
from tests.entrypoints.test_cli import fetch, message_of
from tests.programs import ImportedCommandLine

_LINE = re.compile(r"(\d\d:\d\d)  (TWITTER|TIKTOK) +(One|Two|Three)")


class Planning:
    """`plan …` over a database in which a campaign of three posts waits."""

    def __init__(self, directory: Path, url: str) -> None:
        self._command_line = ImportedCommandLine(directory)
        self._url = url

    async def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(self._command_line.run, "plan", *arguments, DATABASE_URL=self._url)

    async def scheduled(self) -> Sequence[tuple[object, ...]]:
        return await fetch(
            self._url,
            "SELECT to_char(publish_time AT TIME ZONE s.timezone, 'HH24:MI'), s.platform, title "
            "FROM schedules s JOIN posts USING (post_id)",
        )


@pytest.fixture
async def plan(pool: Pool, tables: AsyncEngine, zones: ZoneCatalog, tmp_path: Path, database_url: str) -> Planning:
    del tables, zones
    world = PostgresWorld(pool)
    first_day = (await world.now()).date() + timedelta(days=30)
    campaign = a_campaign(start_date=first_day, end_date=first_day + timedelta(days=6))
    titles = {"One": Platform.TWITTER, "Two": Platform.TIKTOK, "Three": Platform.TWITTER}
    posts = [a_post(title=title, platform=each, campaign_id=CAMPAIGN_ID) for title, each in titles.items()]
    await given(world.storage, a_brand(), campaign, *posts)
    return Planning(tmp_path, database_url)


async def test_a_plan_is_shown_and_nothing_is_scheduled(plan: Planning) -> None:
    shown = await plan(str(CAMPAIGN_ID))

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "3 posts placed by naive" in shown.stdout
    assert len(_LINE.findall(shown.stdout)) == 3
    assert "Nothing is scheduled yet" in shown.stdout
    assert await plan.scheduled() == []


@pytest.mark.parametrize("scheduler", ["naive", "engagement"])
async def test_with_commit_exactly_what_is_shown_is_scheduled(plan: Planning, scheduler: str) -> None:
    done = await plan(str(CAMPAIGN_ID), "--scheduler", scheduler, "--commit")

    assert (done.returncode, done.stderr) == (0, "")
    assert "3 posts are scheduled." in done.stdout
    assert "Nothing is scheduled yet" not in done.stdout
    assert sorted(await plan.scheduled()) == sorted(_LINE.findall(done.stdout))


async def test_what_cannot_be_planned_ends_with_one_message(plan: Planning) -> None:
    unknown = new_id()

    missing, both = await plan(str(unknown)), await plan(str(CAMPAIGN_ID), "--fill", "--replace")

    assert (missing.returncode, missing.stdout) == (1, "")
    assert str(unknown) in message_of(missing)
    assert both.returncode == 2
    assert "leave one of them out" in message_of(both)
