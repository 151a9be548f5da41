"""`plan`: shows in the terminal what would be scheduled, and schedules exactly that when it is told to."""

import asyncio
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.builders import CAMPAIGN_ID, a_brand, a_campaign, a_post, given, new_id
from tests.contracts.worlds import PostgresWorld
from tests.entrypoints.test_cli import fetch, message_of
from tests.fakes.chat_server import Asked, ChatServer, chat_server, completion, scripted
from tests.programs import ImportedCommandLine

_LINE = re.compile(r"(\d\d:\d\d)  (TWITTER|TIKTOK) +(One|Two|Three)")


class Planning:
    """`plan …` and other commands over a database in which a campaign of three posts waits."""

    def __init__(self, directory: Path, url: str) -> None:
        self._command_line = ImportedCommandLine(directory)
        self._url = url

    async def __call__(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return await self.command("plan", *arguments, **settings)

    async def command(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        run = self._command_line.run
        return await asyncio.to_thread(run, *arguments, DATABASE_URL=self._url, **settings)

    async def replayed(self, run: object) -> subprocess.CompletedProcess[str]:
        """Where no model is configured any more."""
        return await self.command("agent", "replay", str(run))

    async def runs(self) -> Sequence[object]:
        """In their order."""
        rows = await fetch(self._url, "SELECT run_id FROM agent_runs GROUP BY run_id ORDER BY min(position)")
        return [run_id for (run_id,) in rows]

    async def sql(self, statement: str) -> None:
        await fetch(self._url, statement)

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
    assert "Nothing is scheduled yet. The same command with --commit schedules it" in shown.stdout
    assert "POST" not in shown.stdout
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


def understanding_late_hours(asked: Asked) -> Mapping[str, Any]:
    """Takes every instruction for one of late hours, and chooses the first plan."""
    wanted = asked["response_format"]["json_schema"]
    said = {name: each["enum"][0] for name, each in wanted["schema"]["properties"].items()}
    late = {"quiet_from": "5", "quiet_to": "23"} if wanted["name"] == "intent" else {}
    return completion(json.dumps({**said, **late}))


def settings(server: ChatServer) -> dict[str, str]:
    return {
        "SCHEDULER_AGENT_BASE_URL": server.url,
        "SCHEDULER_AGENT_MODEL": "scripted",
        "SCHEDULER_AGENT_ALLOWED_HOSTS": f"127.0.0.1:{server.port}",
    }


async def test_an_instruction_is_shown_as_it_was_understood_asked_back_by_option_and_committed_once_accepted(
    plan: Planning,
) -> None:
    words = (str(CAMPAIGN_ID), "--scheduler", "agentic", "--instruction", "only late", "--commit")
    async with chat_server(scripted(understanding_late_hours)) as server:
        asked_back = await plan(*words, **settings(server))
        scheduled_before = await plan.scheduled()
        found = re.search(r"--accept (\w+)", asked_back.stdout)
        assert found, asked_back
        done = await plan(*words, "--accept", found[1], **settings(server))

    assert (asked_back.returncode, scheduled_before) == (1, [])
    assert "understood quiet_hours: 05:00 to 23:00 (before: none)" in asked_back.stdout
    assert "of what the plan is worth" in asked_back.stdout
    assert "--commit --ignore-instruction" in asked_back.stdout
    assert (done.returncode, "3 posts are scheduled." in done.stdout) == (0, True), done
    assert {str(row[0])[:2] for row in await plan.scheduled()} <= {"23", "00", "01", "02", "03", "04"}


async def test_runs_come_to_the_same_plan_again_without_a_model_and_say_where_they_do_not(plan: Planning) -> None:
    words = (str(CAMPAIGN_ID), "--scheduler", "agentic", "--instruction", "only late")
    async with chat_server(scripted(understanding_late_hours)) as server:
        asked_back = await plan(*words, **settings(server))
        found = re.search(r"--accept (\w+)", asked_back.stdout)
        assert found, asked_back
        await plan(*words, "--accept", found[1], **settings(server))
        runs = await plan.runs()
        asked = len(server.requests)
        again = [await plan.replayed(run_id) for run_id in runs]
        assert len(server.requests) == asked
    await plan.sql("UPDATE agent_runs SET said = replace(said, '\"value\":', '\"value\":1')")
    changed = await plan.replayed(runs[0])
    await plan.sql("DELETE FROM agent_texts")
    forgotten, unknown, no_id = [await plan.replayed(run) for run in (runs[0], new_id(), "r1")]

    assert len(runs) == 2
    for ended in again:
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "It comes to the same plan." in ended.stdout
        assert re.search(r"plan hash +(\w{64}) +\1", ended.stdout), ended.stdout
    assert (changed.returncode, "It does not come to the same plan." in changed.stdout) == (1, True)
    assert "The records of its brand were changed" in changed.stdout
    for ended, code, said in (
        (forgotten, 1, "has no texts any more"),
        (unknown, 1, "there is no run"),
        (no_id, 2, "is not a valid UUID"),
    ):
        assert (ended.returncode, said in message_of(ended), ended.stdout) == (code, True, ""), ended.stderr


async def test_without_a_model_a_plan_says_so_and_its_wish_is_dropped_by_name_only(plan: Planning) -> None:
    words = (str(CAMPAIGN_ID), "--scheduler", "agentic", "--instruction", "only late", "--commit")

    refused, done = await plan(*words), await plan(*words, "--ignore-instruction")

    assert (refused.returncode, done.returncode) == (1, 0), done
    assert "Made by fallback, because not_configured." in refused.stdout
    assert "--ignore-instruction" in refused.stdout
    assert "3 posts are scheduled." in done.stdout


async def test_words_go_with_the_scheduler_that_understands_them_and_a_patch_with_its_words(plan: Planning) -> None:
    cases = [
        (("--instruction", "only late"), "goes with --scheduler agentic"),
        (("--scheduler", "agentic", "--accept", "5f"), "repeat them with --instruction"),
        (("--scheduler", "agentic", "--instruction", "x" * 2_001), "not 2,001"),
        (("--scheduler", "agentic", "--instruction", " \t"), "no words in it"),
        (("--scheduler", "agentic", "--instruction", "\udcff"), "no UTF-8"),
    ]
    for arguments, said in cases:
        ended = await plan(str(CAMPAIGN_ID), *arguments)
        assert (ended.returncode, said in message_of(ended)) == (2, True), ended.stderr
