"""The README's tour, pasted line by line into a shell."""

import asyncio
import json
import re
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.system.servers import a_database
from tests.system.services import Service, environment, free_port, serving

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text()
OTHER_TERMINALS = ("make run", "examples/receiver.py")


def blocks_of(heading: str) -> str:
    """Every block of a chapter but those for other terminals, and what is configuration."""
    text = README.partition(f"## {heading}\n")[2].partition("\n## ")[0].partition("### With tokens")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return "\n".join(block for block in blocks if not any(each in block for each in OTHER_TERMINALS))


@asynccontextmanager
async def receiving(port: int, directory: Path) -> AsyncGenerator[None]:
    """The README's receiver, and its webhook file in the directory, on another port."""
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


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is made of curl commands")
async def test_the_tour_of_the_readme_ends_as_it_says() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        async with receiving(port, Path(directory)), a_database() as database:
            settings = {"SCHEDULER_PUBLISHER": "webhook", "SCHEDULER_WEBHOOKS": f"{directory}/webhooks.toml"}
            async with serving(DATABASE_URL=database, SCHEDULER_DEMO_DATA="true", **settings) as service:
                printed = await pasted(blocks_of("Five minutes"), service, database)

    answers = answers_in(printed)
    problems = [answer["code"] for answer in answers if "code" in answer]
    records = {answer["schedule_id"]: answer for answer in answers if "attempts" in answer}
    hello, busy, silent = records.values()
    assert problems == ["local_time_in_gap", "unknown_zone", "offset_contradicts_zone", "already_scheduled"]
    assert any(answer.get("status") == "PAUSED" for answer in answers)
    assert any("campaign_paused" in each["holds"] for answer in answers for each in answer.get("items", ()))
    assert (hello["status"], [each["verdict"] for each in hello["attempts"]]) == ("COMPLETED", ["accepted"])
    assert (busy["status"], [each["verdict"] for each in busy["attempts"]]) == ("COMPLETED", ["deferred", "accepted"])
    assert (silent["status"], [each["verdict"] for each in silent["attempts"]]) == ("UNCONFIRMED", ["unknown"])
    confirmed = [answer for answer in answers if answer.get("schedule_id") == silent["schedule_id"]][-1]
    assert (confirmed["status"], confirmed["error"]) == ("COMPLETED", "seen on the page")
    [retried] = [answer for answer in answers if answer.get("retry_of") and answer["status"] == "COMPLETED"]
    assert retried["post_id"] == "b0000000-0000-4000-8000-000000000004"
    kinds = [event["kind"] for answer in answers for event in answer.get("events", ())]
    assert {"schedule.retrying", "schedule.unconfirmed", "schedule.failed", "schedule.completed"} <= set(kinds)
    assert re.search(r"^ *LINKEDIN +\d", printed, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is made of curl commands")
async def test_the_chapter_on_access_ends_as_it_says() -> None:
    settings = {"SCHEDULER_AUTH": "keys", "SCHEDULER_DEMO_DATA": "true", "SCHEDULER_DISPATCH": "off"}
    first_steps = blocks_of("Five minutes").partition("api POST")[0] + "BRAND=a0000000-0000-4000-8000-000000000001\n"
    async with a_database() as database, serving(DATABASE_URL=database, **settings) as service:
        printed = await pasted(first_steps + blocks_of("Who may call"), service, database)

    answers = answers_in(printed)
    problems = [answer["code"] for answer in answers if "code" in answer]
    assert problems == ["missing_scope", "credentials_missing", "invalid_credentials", "campaign_not_found"]
    assert [len(answer["items"]) for answer in answers if "items" in answer] == [1, 1, 1]
    assert re.search(r" revoked *$", printed, re.MULTILINE)
    statuses = re.findall(r"^HTTP/1.1 (\d+)", printed, re.MULTILINE)
    assert statuses == ["201", "201"]
    assert re.findall(r"(?i)^idempotency-replayed: true", printed, re.MULTILINE) == ["idempotency-replayed: true"]
    assert 'http_route="/schedule/campaign/{campaign_id}"' in printed
    assert {"content-service", "operator", "tidal"} <= {
        line.get("caller") for line in service.logged("info") if line["event"] == "request"
    }
