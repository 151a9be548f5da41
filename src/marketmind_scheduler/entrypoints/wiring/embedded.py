"""Where the embedded PostgreSQL is that the process uses."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from marketmind_scheduler.adapters.embedded_postgres.home import default_home
from marketmind_scheduler.entrypoints.settings import Settings


def home_of(settings: Settings) -> Path:
    return Path(settings.data_dir) if settings.data_dir else default_home()


def url_now(settings: Settings, url: str) -> Callable[[], str] | None:
    """Asks where the server is by now, whose owner may have started it elsewhere; None where it is nobody's to
    move."""
    if settings.database_url is not None:
        return None
    dsn_file = home_of(settings) / "dsn"

    def now() -> str:
        with suppress(OSError):
            return dsn_file.read_text("utf-8") or url
        return url

    return now
