"""Where the embedded server keeps its data, and who may enter there."""

import fcntl
import os
import pwd
import shutil
import socket
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

_PATIENCE_SECONDS = 30.0
_ELSEWHERE = "set SCHEDULER_DATA_DIR to another place"


class EmbeddedPostgresUnavailable(Exception):
    """There is no embedded server to be had: what was found, and what to do."""

    def __init__(self, found: str, *, remedy: str) -> None:
        super().__init__(f"{found}: {remedy}")
        self.found = found
        self.remedy = remedy


def default_home() -> Path:
    """Where the data is kept between runs when nobody says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/marketmind-scheduler")
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home, "marketmind-scheduler")


def holds_data(home: Path) -> bool:
    """Whether a server has kept its data there; makes nothing."""
    return any(home.glob("data-*"))


def prepared(home: Path) -> Path:
    """The directory as an absolute path, made where it is missing; raises EmbeddedPostgresUnavailable where the server
    could not keep its data there."""
    home, nobody = home.resolve(), server_account()
    try:
        for missing in reversed([path for path in (home, *home.parents) if not path.exists()]):
            missing.mkdir(exist_ok=True)
            missing.chmod(0o711 if nobody else 0o700)
        (home / "lock").touch(mode=0o600)
        closed = closed_to(nobody, home) if nobody else None
    except OSError as error:
        raise EmbeddedPostgresUnavailable(f"{home} cannot hold the data ({error})", remedy=_ELSEWHERE) from error
    if closed:
        raise _closed(closed)
    return home


def check_home(home: Path) -> None:
    """Raises EmbeddedPostgresUnavailable where the data could not be kept there; makes nothing."""
    home, nobody = home.resolve(), server_account()
    there = next(path for path in (home, *home.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise EmbeddedPostgresUnavailable(f"{home} cannot hold the data: {there} takes no files", remedy=_ELSEWHERE)
    if nobody and (closed := closed_to(nobody, there)):
        raise _closed(closed)


def _closed(step: Path) -> EmbeddedPostgresUnavailable:
    return EmbeddedPostgresUnavailable(
        f"for root the database runs as nobody, who may not enter {step}",
        remedy="set SCHEDULER_DATA_DIR to a directory open to everyone, such as one in /var/lib",
    )


def lock_or_attach(lock: IO[str], dsn_file: Path) -> str | None:
    """None once the lock is ours, else the DSN of its owner's server once that answers."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        with suppress(FileNotFoundError), socket.socket() as probe:
            dsn = dsn_file.read_text()
            if probe.connect_ex(("127.0.0.1", urlsplit(dsn).port or 0)) == 0:
                return dsn
        time.sleep(0.02)
    raise EmbeddedPostgresUnavailable(
        f"another process owns {dsn_file.parent}, but its server does not answer",
        remedy=f"stop it, or {_ELSEWHERE}",
    )


def server_account() -> pwd.struct_passwd | None:
    """The account for the server if we are root, whom Postgres refuses."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def closed_to(account: pwd.struct_passwd, path: Path) -> Path | None:
    """The first step on the way to ``path`` that ``account`` may not enter or execute."""
    for step in (*reversed(path.parents), path):
        status = step.stat()
        owner, group = status.st_uid == account.pw_uid, status.st_gid == account.pw_gid
        if not status.st_mode & (0o100 if owner else 0o010 if group else 0o001):
            return step
    return None


@contextmanager
def whole(target: Path) -> Generator[Path, None, None]:
    """A directory to fill: it is called ``target`` when it is whole, or never."""
    for abandoned in target.parent.glob("unfinished-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=target.parent))
    yield unfinished
    unfinished.rename(target)


def write_private(path: Path, text: str) -> None:
    """Nobody else can read it, and nobody sees half of it."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)
