"""One data directory and the server on it."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from marketmind_scheduler.adapters.embedded_postgres.home import EmbeddedPostgresUnavailable, server_account, whole

_PATIENCE_SECONDS = 30.0
_PORTS_TO_TRY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One data directory, the programs that serve it, and the log they write."""

    binaries: Path
    data: Path
    log: IO[bytes]

    def create_once(self, password_file: Path) -> None:
        if self.data.exists():
            return
        with whole(self.data) as unfinished:
            if nobody := server_account():
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
            if not _within(_PATIENCE_SECONDS, lambda: self._postmaster() is None):
                raise _failure(self.log, f"process {old} still serves {self.data}")
        # Its pid may be another program's by now, and Postgres would take that for a server.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def start(self, options: Sequence[str], *, port: int = 0) -> tuple[subprocess.Popen[bytes], int]:
        """A server that is ready, and its port: that one where it is free."""
        for wanted in (port, *(0,) * _PORTS_TO_TRY):
            try:
                port = _bound_to(wanted)
            except OSError:
                continue
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
            unless_ready.callback(stop, server)
            _within(_PATIENCE_SECONDS, lambda: self._is_ready(server) or server.poll() is not None)
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
        nobody = server_account()
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


def stop(server: subprocess.Popen[bytes]) -> None:
    """Shut down fast, else at once, else by force: within 5 seconds."""
    for request, seconds in ((signal.SIGINT, 4.0), (signal.SIGQUIT, 0.8), (signal.SIGKILL, None)):
        server.send_signal(request)
        with suppress(subprocess.TimeoutExpired):
            server.wait(seconds)
            return


def _failure(log: IO[bytes], what: str) -> EmbeddedPostgresUnavailable:
    last_lines = "\n".join(Path(log.name).read_text(errors="replace").splitlines()[-10:])
    return EmbeddedPostgresUnavailable(
        f"embedded database: {what}", remedy=f"see {log.name}, or set DATABASE_URL\n{last_lines}"
    )


def _dies_with(parent: int) -> Callable[[], None]:
    """For a child between its setuid, which would clear the death signal, and its exec."""
    prctl = ctypes.CDLL(None).prctl

    def in_child() -> None:
        prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG; SIGINT is Postgres's fast shutdown
        if os.getppid() != parent:
            os._exit(1)

    return in_child


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
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL binds it
        probe.bind(("127.0.0.1", port))
        return probe.getsockname()[1]


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
