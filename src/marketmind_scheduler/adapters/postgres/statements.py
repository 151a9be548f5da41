"""The texts of long statements: files that can be opened, read and given to EXPLAIN as they run."""

from importlib.resources import files

_TEXTS = files("marketmind_scheduler.adapters.postgres") / "sql"


def statement(name: str) -> str:
    """The text of ``sql/<name>.sql``: comments that promise what it does, then one statement with its ``$n``."""
    return (_TEXTS / f"{name}.sql").read_text(encoding="utf-8")
