"""While processes are replaced, the version before still writes: a migration adds, and a later version tightens."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.migrations.schema import MIGRATIONS

BEFORE_THE_RULE = "0028"
WITH_EVERYTHING_STOPPED = {"0032_queue.py"}
"""To 0.3.0: stop, migrate, start; docs/runbook.md says so."""
TAKES_AWAY = ("SET NOT NULL", "DROP COLUMN", "DROP TABLE")


def upgrade_of(path: Path) -> ast.FunctionDef:
    [found] = [each for each in ast.parse(path.read_text()).body if getattr(each, "name", "") == "upgrade"]
    assert isinstance(found, ast.FunctionDef)
    return found


def breaks(upgrade: ast.AST) -> Iterator[str]:
    """What of it would refuse a row that the version before writes, or hide one that it reads."""
    for call in (each for each in ast.walk(upgrade) if isinstance(each, ast.Call)):
        text, given = ast.unparse(call), {each.arg: ast.unparse(each.value) for each in call.keywords}
        demands = given.get("nullable") == "False" and "server_default" not in given
        match ast.unparse(call.func):
            case "op.drop_column" | "op.drop_table" | "op.rename_table":
                yield text
            case "op.alter_column" if demands or "new_column_name" in given:
                yield text
            case "op.add_column" if "nullable=False" in text and "server_default" not in text:
                yield text
            case "op.execute" if any(words in text.upper() for words in TAKES_AWAY):
                yield text
            case _:
                pass


def test_no_migration_refuses_what_the_version_before_writes() -> None:
    later = [path for path in sorted((MIGRATIONS / "versions").glob("*.py")) if path.name[:4] > BEFORE_THE_RULE]

    found = {path.name for path in later if list(breaks(upgrade_of(path)))}
    assert found == WITH_EVERYTHING_STOPPED


@pytest.mark.parametrize(
    "statement",
    [
        "op.drop_column('posts', 'title')",
        "op.drop_table('posts')",
        "op.alter_column('posts', 'title', nullable=False)",
        "op.alter_column('posts', 'title', new_column_name='name')",
        "op.add_column('posts', sa.Column('kind', sa.Text(), nullable=False))",
        "op.execute('ALTER TABLE posts ALTER COLUMN title SET NOT NULL')",
    ],
)
def test_the_search_finds_what_it_forbids(statement: str) -> None:
    assert list(breaks(ast.parse(statement)))


@pytest.mark.parametrize(
    "statement",
    [
        "op.add_column('posts', sa.Column('kind', sa.Text()))",
        "op.add_column('posts', sa.Column('kind', sa.Text(), nullable=False, server_default='x'))",
        "op.create_table('marks', sa.Column('kind', sa.Text(), nullable=False))",
        "op.execute('CREATE INDEX ix_posts_kind ON posts (kind)')",
    ],
)
def test_the_search_lets_the_rest_pass(statement: str) -> None:
    assert not list(breaks(ast.parse(statement)))
