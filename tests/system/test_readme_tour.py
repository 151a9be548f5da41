"""The tours of the README and of docs/, pasted into a shell: every block that is marked as bash."""

import asyncio
import json
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from benchmarks.agent.small_model import PYTHON, small_model

from tests.system.servers import a_database, connected
from tests.system.services import Service, environment, free_port, serving

CHECKOUT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None, reason="the tours are made of curl commands"),
]


def blocks_of(paper: str, mark: str = "bash") -> str:
    """All that a reader of the paper pastes; blocks marked as sh are for another terminal, those marked as shell
    for whoever has one."""
    return "\n".join(re.findall(rf"```{mark}\n(.*?)```", (CHECKOUT / paper).read_text(), re.DOTALL))


@asynccontextmanager
async def receiving(port: int, directory: Path) -> AsyncGenerator[None]:
    """The receiver of the examples, and its webhook file in the directory, on another port."""
    for name in ("receiver.py", "webhooks.toml"):
        text = (CHECKOUT / "examples" / name).read_text()
        (directory / name).write_text(text.replace("9000", str(port)))
    process = await asyncio.create_subprocess_exec(sys.executable, directory / "receiver.py", stdout=PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        await process.communicate()


async def pasted(script: str, service: Service, database: str) -> str:
    """What a shell prints when the script is pasted into it."""
    shell = await asyncio.create_subprocess_exec(
        "bash",
        "-eu",
        "-o",
        "pipefail",
        "-c",
        script.replace("http://127.0.0.1:8000", service.url),
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=CHECKOUT,
        env=environment({"DATABASE_URL": database}),
    )
    printed, _ = await shell.communicate()
    assert shell.returncode == 0, printed.decode()
    return printed.decode()


def answers_in(printed: str) -> Sequence[dict[str, Any]]:
    """Every JSON object that stands there by itself."""
    return [json.loads(text) for text in re.findall(r"^\{$.*?^\}$", printed, re.DOTALL | re.MULTILINE)]


def codes_in(printed: str) -> Sequence[str]:
    return [answer["code"] for answer in answers_in(printed) if "code" in answer]


def statuses_in(printed: str) -> Sequence[str]:
    return re.findall(r"^HTTP(?:/1.1)? (\d+)", printed, re.MULTILINE)


async def test_the_readme_ends_as_it_says_and_can_be_pasted_again() -> None:
    tour = blocks_of("README.md")
    async with a_database() as database, serving(DATABASE_URL=database, SCHEDULER_DEMO_DATA="true") as service:
        printed = await pasted(tour, service, database)
        again = await pasted(tour, service, database)

    answers = answers_in(printed)
    assert codes_in(printed) == ["local_time_in_gap", "unknown_zone", "offset_contradicts_zone", "already_scheduled"]
    assert statuses_in(printed)[:2] == ["201", "200"]
    assert any(answer.get("status") == "PAUSED" for answer in answers)
    assert any("campaign_paused" in each["holds"] for answer in answers for each in answer.get("items", ()))
    known_first, known_then = re.findall(r"Meet the new line .* signal (\w+)", printed)
    assert (known_first, known_then) == ("none", "ok")
    assert "lies in the quiet hours 21:00 to 08:00" in printed
    assert re.search(r"^it could stand there, .* the plan loses 0\.\d+ of a usual post", printed, re.MULTILINE)
    [committed] = [answer for answer in answers if len(answer.get("schedules", ())) == 3 and "changed" in answer]
    assert {each["scheduler"] for each in committed["schedules"]} == {"engagement"}
    assert codes_in(again) == codes_in(printed)


@pytest.mark.real_model
@pytest.mark.skipif(not PYTHON.exists(), reason="the small model is not installed; make test-model does it")
@pytest.mark.timeout(600)
async def test_the_tour_in_words_asks_back_and_goes_on_without_a_model_that_is_gone() -> None:
    async with small_model() as small, a_database() as database:
        settings = {
            "SCHEDULER_AGENT_BASE_URL": small.endpoint.url,
            "SCHEDULER_AGENT_MODEL": small.endpoint.model,
            "SCHEDULER_AGENT_ALLOWED_HOSTS": small.endpoint.authority,
            "SCHEDULER_AGENT_SECONDS_PER_CALL": "120",
            "SCHEDULER_AGENT_SECONDS_PER_RUN": "300",
        }
        tour = [blocks_of("README.md"), blocks_of("README.md", "shell")]
        [then] = re.findall(r"^Then Ctrl-C the model.*$", (CHECKOUT / "README.md").read_text(), re.MULTILINE)
        taken_away = [f"kill {small.pid}", *re.findall(r"`(.*?)`", then)]
        async with serving(DATABASE_URL=database, SCHEDULER_DEMO_DATA="true", **settings) as service:
            printed = await pasted("\n".join([*tour, *taken_away]), service, database)

    asked_back, accepted, without = re.findall(
        r'^scheduled_by: "(\w+)"\nreason: (\S+)\ninstruction: "(\w+)"', printed, re.MULTILINE
    )
    assert asked_back == ("fallback", "null", "needs_acceptance")
    assert accepted == ("agentic", "null", "applied")
    assert without == ("fallback", '"unavailable"', "not_understood")
    assert codes_in(printed)[-1] == "instruction_not_followed"
    committed = [answer for answer in answers_in(printed) if "changed" in answer and len(answer["schedules"]) == 2]
    assert [{each["scheduler"] for each in answer["schedules"]} for answer in committed] == [{"agentic"}] * 2


async def test_webhooks_end_as_their_page_says(tmp_path: Path) -> None:
    port = free_port()
    settings = {"SCHEDULER_PUBLISHER": "webhook", "SCHEDULER_WEBHOOKS": str(tmp_path / "webhooks.toml")}
    async with (
        receiving(port, tmp_path),
        a_database() as database,
        serving(DATABASE_URL=database, **settings) as service,
    ):
        printed = await pasted(blocks_of("docs/webhooks.md"), service, database)

    answers = answers_in(printed)
    assert codes_in(printed) == []
    records = {answer["schedule_id"]: answer for answer in answers if "attempts" in answer}
    hello, busy, silent = records.values()
    assert (hello["status"], [each["verdict"] for each in hello["attempts"]]) == ("COMPLETED", ["accepted"])
    assert (busy["status"], [each["verdict"] for each in busy["attempts"]]) == ("COMPLETED", ["deferred", "accepted"])
    assert (silent["status"], [each["verdict"] for each in silent["attempts"]]) == ("UNCONFIRMED", ["unknown"])
    confirmed = [answer for answer in answers if answer.get("schedule_id") == silent["schedule_id"]][-1]
    assert (confirmed["status"], confirmed["note"]) == ("COMPLETED", "seen on the page")
    [retried] = [answer for answer in answers if answer.get("retry_of") and answer["status"] == "COMPLETED"]
    assert retried["post_id"] == "b0000000-0000-4000-8000-000000000004"
    kinds = [event["kind"] for answer in answers for event in answer.get("events", ())]
    assert {"schedule.retrying", "schedule.unconfirmed", "schedule.failed", "schedule.completed"} <= set(kinds)
    assert re.search(r"^ *LINKEDIN +\d", printed, re.MULTILINE)


async def test_pulling_ends_as_its_page_says() -> None:
    async with a_database() as database, serving(DATABASE_URL=database, SCHEDULER_PUBLISHER="none") as service:
        printed = await pasted(blocks_of("docs/pull-mode.md"), service, database)

    answers = answers_in(printed)
    [claimed] = [answer["claims"] for answer in answers if "claims" in answer]
    [extended] = [answer["extended"] for answer in answers if "extended" in answer]
    settled = [each for answer in answers for each in answer.get("results", ())]
    kinds = [event["kind"] for answer in answers for event in answer.get("events", ())]
    assert codes_in(printed) == []
    assert extended == [each["schedule_id"] for each in claimed]
    assert [(each["outcome"], each["status"]) for each in settled] == [
        ("settled", "COMPLETED"),
        ("repeated", "COMPLETED"),
    ]
    assert kinds == ["schedule.scheduled", "schedule.completed"]


async def test_the_api_behaves_as_its_page_says() -> None:
    async with a_database() as database, serving(DATABASE_URL=database, SCHEDULER_DEMO_DATA="true") as service:
        printed = await pasted(blocks_of("docs/api.md"), service, database)

    assert statuses_in(printed) == ["201", "201", "201", "200"]
    assert re.findall(r"(?i)^idempotency-replayed: true", printed, re.MULTILINE) == ["idempotency-replayed: true"]
    assert re.findall(r"^\d{3}$", printed, re.MULTILINE) == ["304"]
    assert re.findall(r'"(?:code":"(\w+)|brand_name":"([^"]+))', printed) == [
        ("", "Tidal Wave"),
        ("precondition_failed", ""),
    ]
    assert re.findall(r"^(\d+) schedule\.scheduled ", printed, re.MULTILINE) == ["1", "2", "3"]


async def test_access_ends_as_its_page_says_and_leaves_no_key_behind() -> None:
    settings = {"SCHEDULER_AUTH": "keys", "SCHEDULER_DEMO_DATA": "true", "SCHEDULER_DISPATCH": "off"}
    async with a_database() as database, serving(DATABASE_URL=database, **settings) as service:
        printed = await pasted(blocks_of("docs/access.md"), service, database)
        async with connected(database) as sql:
            live = await sql.fetchval("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL")

    answers = answers_in(printed)
    assert live == 0, "so that it can be pasted again"
    assert codes_in(printed) == ["missing_scope", "credentials_missing", "invalid_credentials", "campaign_not_found"]
    assert [len(answer["items"]) for answer in answers if "items" in answer] == [1, 1, 1]
    assert re.search(r" revoked *$", printed, re.MULTILINE)
    assert 'http_route="/brands"' in printed
    assert {"content-service", "tidal"} <= {
        line.get("caller") for line in service.logged("info") if line["event"] == "request"
    }
