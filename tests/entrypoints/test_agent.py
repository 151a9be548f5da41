"""What the command line and the doctor say of the language model."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.application.agent.model import ModelStanding
from marketmind_scheduler.domain.agent.questions import Purpose, Question
from marketmind_scheduler.entrypoints.commands.doctor import diagnose
from marketmind_scheduler.entrypoints.environment import load
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.wiring import language_models
from tests.fakes.chat_server import (
    ChatServer,
    chat_server,
    enforcing,
    ignoring_the_cap,
    ignoring_the_schema,
    saying,
    scripted,
)
from tests.fakes.run_observer import RecordingRunObserver
from tests.fakes.storage import InMemoryStorage
from tests.programs import ImportedCommandLine

SECRET = "sk-canary-0123456789"  # noqa: S105  # to be found nowhere


def variables(server: ChatServer) -> dict[str, str]:
    return {
        "SCHEDULER_AGENT_BASE_URL": server.url,
        "SCHEDULER_AGENT_MODEL": "scripted",
        "SCHEDULER_AGENT_ALLOWED_HOSTS": f"127.0.0.1:{server.port}",
        "SCHEDULER_AGENT_API_KEY": SECRET,
    }


async def agent_test(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command_line = ImportedCommandLine(directory)
    return await asyncio.to_thread(command_line.run, "agent", "test", **environment)


async def test_agent_test_shows_what_was_proven_and_what_that_means(tmp_path: Path) -> None:
    async with chat_server(scripted(enforcing)) as server:
        ended = await agent_test(tmp_path, **variables(server))

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "✓ schema" in " ".join(ended.stdout.split())
    assert "✓ cap" in " ".join(ended.stdout.split())
    assert "· repeat" in " ".join(ended.stdout.split())
    assert f"scripted at 127.0.0.1:{server.port} is enforced: it keeps schema and cap." in ended.stdout
    assert SECRET not in ended.stdout


async def test_agent_test_fails_only_where_the_model_is_not_to_be_asked(tmp_path: Path) -> None:
    for reply, code, said in [(ignoring_the_schema, 0, "✗ schema"), (ignoring_the_cap, 1, "✗ cap")]:
        async with chat_server(scripted(reply)) as server:
            ended = await agent_test(tmp_path, **variables(server))

        assert (ended.returncode, said in " ".join(ended.stdout.split())) == (code, True), ended.stdout


async def test_agent_test_says_in_a_line_what_is_missing(tmp_path: Path) -> None:
    ended = await agent_test(tmp_path)

    assert ended.returncode == 1
    assert "no language model is configured" in ended.stderr
    assert "SCHEDULER_AGENT_BASE_URL" in ended.stderr


async def test_the_doctor_asks_the_model_only_when_it_is_told_to() -> None:
    cases: list[tuple[Any, bool, Mark, str]] = [
        (enforcing, False, Mark.WELL, "not asked"),
        (enforcing, True, Mark.WELL, "it keeps schema and cap"),
        (ignoring_the_schema, True, Mark.DOUBTFUL, "JSON that the schema forbids"),
        (ignoring_the_cap, True, Mark.DOUBTFUL, "8 tokens were allowed, 4000 came"),
    ]
    for reply, connect, mark, found in cases:
        async with chat_server(scripted(reply)) as server:
            [finding] = await _diagnosed(variables(server), connect=connect)

        assert (finding.mark, found in finding.found, bool(finding.remedy)) == (mark, True, mark is not Mark.WELL)
        assert bool(server.requests) is connect
        assert SECRET not in f"{finding}"


async def test_the_doctor_says_nothing_of_a_model_that_nobody_configured_and_what_is_wrong_only_once() -> None:
    assert await _diagnosed({}, connect=True) == []
    assert await _diagnosed({"SCHEDULER_AGENT_MODEL": "some"}, connect=True) == []


async def test_without_the_extra_there_is_no_model_and_the_doctor_says_how_to_have_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)

    async with chat_server(saying("{}")) as server:
        [finding] = await _diagnosed(variables(server), connect=True)
        async with _in_use(variables(server)) as in_use:
            assert in_use is None

    assert (finding.mark, "extra agent" in finding.found, server.requests) == (Mark.DOUBTFUL, True, [])


async def test_the_model_in_use_has_the_limits_and_the_name_that_are_configured() -> None:
    async with (
        chat_server(saying('{"token": "x"}')) as server,
        _in_use({**variables(server), "SCHEDULER_AGENT_RUNS_AT_ONCE": "2"}) as in_use,
    ):
        assert in_use is not None
        answer = await in_use.configured.model.ask(QUESTION, seconds=20)

    configured = in_use.configured
    assert (configured.name, configured.host) == ("scripted", f"127.0.0.1:{server.port}")
    assert (configured.limits.runs_at_once, configured.standing) == (2, ModelStanding())
    assert answer.text == '{"token": "x"}'


def _in_use(environment: Mapping[str, str]) -> AbstractAsyncContextManager[language_models.ModelInUse | None]:
    return language_models.model_in_use(load(environment), InMemoryStorage(SystemClock()), RecordingRunObserver())


async def _diagnosed(environment: Mapping[str, str], *, connect: bool) -> list[Finding]:
    elsewhere = {"DATABASE_URL": "postgresql://user@127.0.0.1:1/database", **environment}
    found = await asyncio.to_thread(diagnose, elsewhere, connect=connect, clock=SystemClock())
    return [each for each in found if each.check == "agent"]


QUESTION = Question(
    purpose=Purpose.CHOOSE_PLAN, instructions="Choose.", facts="{}", schema={}, max_output_tokens=9, seed=1
)
