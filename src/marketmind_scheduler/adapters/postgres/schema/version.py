"""The schema that this version was written for, told without loading what migrates."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

OF_A_NEWER = "start that version, or restore the backup from before the upgrade (docs/runbook.md)"
"""What to do where a newer version has made the schema."""


class SchemaChangeRefused(Exception):  # noqa: N818  # named after what happened
    """The role may not do that; the message says why, and what to do."""


def migration_scripts() -> Path:
    """Where they lie: in the package, or in the checkout."""
    shipped = Path(str(files("marketmind_scheduler"))) / "_migrations"
    return shipped if shipped.is_dir() else Path(__file__).parents[5] / "migrations"


@cache
def newest_revision() -> str:
    """What a database's ``alembic_version`` names once its schema is this one."""
    return max(path.name.partition("_")[0] for path in (migration_scripts() / "versions").glob("[0-9]*.py"))


def newer_than_ours(applied: Iterable[str]) -> str | None:
    """Of the revisions that a database names, the one that this version does not have yet."""
    return next((each for each in applied if each.isdecimal() and each > newest_revision()), None)
