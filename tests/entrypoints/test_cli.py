"""The command line as a script meets it: exit codes, one readable message, no traceback, no colour in a pipe."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from marketmind_scheduler.adapters.embedded_postgres.home import default_home
from marketmind_scheduler.adapters.postgres.errors import why_unreachable
from marketmind_scheduler.adapters.postgres.schema.version import newest_revision
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.database import told_which
from tests.databases import new_database
from tests.programs import CommandLine, ImportedCommandLine

UNUSED_DATABASE = "postgresql://user:hush@127.0.0.1:1/database"
URL_REFUSED = (
    "DATABASE_URL must look like postgresql://user:password@host:5432/database, with special characters in user and "
    "password percent-encoded"
)


@pytest.fixture
def command_line(tmp_path: Path) -> CommandLine:
    return ImportedCommandLine(tmp_path)


@pytest.fixture
def anew(tmp_path: Path) -> CommandLine:
    """With its imports, which a test may disturb."""
    return CommandLine(tmp_path)


@pytest.fixture
async def empty_database(worker_id: str) -> AsyncGenerator[str]:
    async with new_database(f"test_cli_{worker_id}") as url:
        yield url


def is_coloured(ended: subprocess.CompletedProcess[str]) -> bool:
    return "\x1b" in ended.stdout + ended.stderr


def message_of(ended: subprocess.CompletedProcess[str]) -> str:
    """What is inside the frame on standard error, on one line."""
    return " ".join(re.sub(r"[╭─╮│╰╯]", " ", ended.stderr).split())


async def fetch(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row.values()) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def test_help_lists_the_commands_and_says_how_it_is_configured(command_line: CommandLine) -> None:
    ended = command_line.run("--help")

    assert (ended.returncode, ended.stderr, is_coloured(ended)) == (0, "", False)
    for expected in ("serve", "migrate", "demo", "--version", "DATABASE_URL", ".env.example"):
        assert expected in ended.stdout


def test_version_is_that_of_the_package(anew: CommandLine) -> None:
    ended = anew.run("--version")

    assert (ended.returncode, ended.stdout.strip()) == (
        0,
        f"marketmind-scheduler, version {version('marketmind-scheduler')}",
    )


def test_an_unknown_command_is_named_and_help_is_offered(command_line: CommandLine) -> None:
    ended = command_line.run("nonsense")

    assert (ended.returncode, ended.stdout, is_coloured(ended)) == (2, "", False)
    assert "No such command 'nonsense'." in message_of(ended)
    assert "-h" in message_of(ended)


@pytest.mark.parametrize(
    ("command", "environment", "message"),
    [
        ("serve", {"SCHEDULER_PORT": "abc"}, "SCHEDULER_PORT=abc: it takes a whole number from 1 to 65535"),
        ("migrate", {"SCHEDULER_PROT": "1"}, "SCHEDULER_PROT is not a setting; did you mean SCHEDULER_PORT?"),
        ("demo", {"DATABASE_URL": "mysql://user:hush@127.0.0.1/database"}, URL_REFUSED),
    ],
)
def test_a_wrong_setting_ends_the_command_with_one_message_and_no_traceback(
    command_line: CommandLine, command: str, environment: dict[str, str], message: str
) -> None:
    ended = command_line.run(command, **environment)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert message_of(ended) == f"Error {message}"


def test_an_env_file_is_read_and_the_environment_wins_over_it(command_line: CommandLine) -> None:
    (command_line.directory / ".env").write_text("SCHEDULER_PORT=abc\nSCHEDULER_LOG_LEVEL=loud\n")

    ended = command_line.run("migrate", DATABASE_URL=UNUSED_DATABASE, SCHEDULER_PORT="8000")

    assert message_of(ended) == "Error SCHEDULER_LOG_LEVEL=loud: it takes one of debug, info, warning, error"


def test_without_the_zone_rules_no_command_starts(anew: CommandLine) -> None:
    (anew.directory / "sitecustomize.py").write_text("import sys; sys.modules['tzdata'] = None\n")

    ended = anew.run("migrate", DATABASE_URL=UNUSED_DATABASE, PYTHONPATH=str(anew.directory))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert message_of(ended).startswith("Error the tzdata package is missing")


def test_telemetry_without_its_extra_says_what_to_install(anew: CommandLine) -> None:
    (anew.directory / "sitecustomize.py").write_text("import sys; sys.modules['opentelemetry'] = None\n")

    ended = anew.run(
        "migrate",
        DATABASE_URL=UNUSED_DATABASE,
        SCHEDULER_TELEMETRY="otlp",
        PYTHONPATH=str(anew.directory),
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert 'pip install ".[otel]"' in message_of(ended)


def test_the_package_can_be_run_as_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "marketmind_scheduler", "--help"], capture_output=True, text=True, check=True
    )

    assert "marketmind-scheduler [OPTIONS] COMMAND" in ended.stdout
    assert "_MARKETMIND_SCHEDULER_COMPLETE=bash_source" in ended.stdout


def test_the_receiver_of_the_examples_says_in_one_sentence_that_its_port_is_taken() -> None:
    receiver = Path(__file__).parents[2] / "examples" / "receiver.py"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = subprocess.run(
            [sys.executable, receiver], env={**os.environ, "PORT": port}, capture_output=True, text=True, check=False
        )

    assert ended.returncode == 1
    assert ended.stderr.strip().startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use; set PORT")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_command_that_is_none_is_told_what_it_may_have_meant(command_line: CommandLine) -> None:
    ended = command_line.run("sevre")

    assert ended.returncode == 2
    assert "Did you mean 'serve'?" in ended.stderr


def test_telemetry_that_is_off_loads_nothing() -> None:
    loading = "import sys, marketmind_scheduler.entrypoints.commands.cli; print('opentelemetry' in sys.modules)"

    ended = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "False"


async def test_migrate_brings_an_empty_database_to_the_schema_of_this_version_and_can_be_repeated(
    command_line: CommandLine, empty_database: str
) -> None:
    for _ in range(2):
        ended = await asyncio.to_thread(command_line.run, "migrate", DATABASE_URL=empty_database)

        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "✓ the schema is at head\n", "")

    ((revision,),) = await fetch(empty_database, "SELECT version_num FROM alembic_version")
    assert revision == newest_revision()
    assert await fetch(empty_database, "SELECT * FROM brands") == []


async def test_demo_migrates_loads_the_demo_data_and_shows_its_campaigns(
    command_line: CommandLine, empty_database: str
) -> None:
    ended = await asyncio.to_thread(command_line.run, "demo", DATABASE_URL=empty_database, SCHEDULER_DEMO_DATA="false")

    assert (ended.returncode, ended.stderr, is_coloured(ended)) == (0, "", False)
    campaigns = await fetch(empty_database, "SELECT campaign_id::text, name, start_date::text FROM campaigns")
    assert [campaign_id for campaign_id, *_ in sorted(campaigns)] == [
        "22222222-2222-2222-2222-222222222222",
        "77777777-7777-7777-7777-777777777777",
    ]
    assert all(str(shown) in ended.stdout for campaign in campaigns for shown in campaign)


@pytest.mark.parametrize("command", [("status",), ("keys", "list"), ("doctor",)])
async def test_of_a_database_that_cannot_be_used_whoever_looks_is_told_why_and_what_to_do(
    command_line: CommandLine, empty_database: str, command: tuple[str, ...]
) -> None:
    refusals = {
        UNUSED_DATABASE: ("connection refused", "mend host and port in DATABASE_URL"),
        f"{empty_database}_not": ("does not exist", "create the database, or mend its name"),
    }
    for url, (found, remedy) in refusals.items():
        ended = await asyncio.to_thread(command_line.run, *command, DATABASE_URL=url)
        said = " ".join((ended.stdout + message_of(ended)).split())

        assert ended.returncode == 1
        assert "send the same request" not in said
        if command != ("doctor",):  # whose columns break in between
            assert found in said
            assert remedy in said


@pytest.mark.parametrize(
    ("lost", "found", "remedy"),
    [
        (asyncpg.InvalidPasswordError("password authentication failed for user"), "password", "mend user and password"),
        (asyncpg.InvalidAuthorizationSpecificationError("no pg_hba.conf entry"), "no pg_hba.conf entry", "let it in"),
        (asyncpg.InvalidCatalogNameError("database does not exist"), "does not exist", "create the database"),
        (asyncpg.TooManyConnectionsError("too many clients"), "too many", "raise max_connections"),
        (socket.gaierror(-2, "Name or service not known"), "unknown host", "mend the host"),
        (ConnectionRefusedError(111, "Connect call failed"), "connection refused", "start PostgreSQL there"),
        (TimeoutError(), "no answer in time", "check host and port"),
        (asyncpg.InterfaceError("closed"), "closed", "check DATABASE_URL"),
    ],
)
def test_whatever_keeps_a_database_from_being_used_is_told_with_what_to_do(
    lost: Exception, found: str, remedy: str
) -> None:
    told = why_unreachable(lost)

    assert found in told[0]
    assert remedy in told[1]


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("status", "--json"),
        ("keys", "list"),
        ("keys", "list", "--json"),
        ("plan", str(UUID(int=1))),
        ("plan", str(UUID(int=1)), "--commit"),
        ("agent", "replay", str(UUID(int=1))),
    ],
)
def test_where_there_is_no_data_looking_makes_none_and_says_who_does(
    command_line: CommandLine, command: tuple[str, ...]
) -> None:
    home = command_line.directory / "home"

    ended = command_line.run(*command, SCHEDULER_DATA_DIR=str(home))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert message_of(ended) == "Error there is no data yet; `serve` makes it"
    assert not home.exists()


def test_where_no_variable_says_which_database_it_is_that_is_told() -> None:
    said = told_which(Settings())

    assert said is not None
    assert str(default_home()) in said
    assert "DATABASE_URL or SCHEDULER_DATA_DIR name another" in said
    assert told_which(Settings(data_dir="/somewhere")) is None
    assert told_which(Settings(database_url="postgresql://one@host/here")) is None


async def test_looking_at_an_empty_database_leaves_it_empty(command_line: CommandLine, empty_database: str) -> None:
    for command in (("status",), ("keys", "list"), ("doctor",)):
        ended = await asyncio.to_thread(command_line.run, *command, DATABASE_URL=empty_database)

        assert ended.returncode == 1
        assert "marketmind-scheduler migrate" in ended.stdout + ended.stderr
    assert await fetch(empty_database, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace") == []
