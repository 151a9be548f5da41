"""The schema: every migration goes up and down, and leads to the tables that the code expects."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from marketmind_scheduler.adapters.postgres.tables import metadata
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.campaign import CampaignStatus
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.domain.wall_clock import Disambiguation, IntentKind, Resolution
from tests.databases import new_database
from tests.migrations.schema import (
    MIGRATIONS,
    SCHEMA_ONLY,
    alembic_config,
    column,
    connected,
    downgrade,
    dump,
    run,
    upgrade,
)

FROM_HEAD_TO_BASE = list(ScriptDirectory.from_config(alembic_config(SCHEMA_ONLY)).walk_revisions())
NO_WAY_BACK = "0032"
"""What it moves, the version before neither reads nor fills."""


async def made_objects(url: str) -> list[object]:
    """Every table, sequence, index, view and type, but for Alembic's own."""
    return await column(
        url,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic%' "
        "UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace "
        "AND typname NOT LIKE '%alembic%'",
    )


async def test_each_revision_goes_up_down_and_up_again_to_the_same_schema(empty_database: str) -> None:
    before = "base"
    for revision in [script.revision for script in reversed(FROM_HEAD_TO_BASE)]:
        schema_before = await dump(empty_database)

        await upgrade(empty_database, revision)
        schema = await dump(empty_database)
        assert schema != schema_before
        if revision == NO_WAY_BACK:
            await is_refused(empty_database, before)
        else:
            await downgrade(empty_database, before)
            assert await dump(empty_database) == schema_before
            await upgrade(empty_database, revision)
        assert await dump(empty_database) == schema
        before = revision


async def is_refused(url: str, revision: str) -> None:
    with pytest.raises(NotImplementedError, match="restore the backup from before the upgrade"):
        await downgrade(url, revision)


async def test_from_where_a_way_leads_back_nothing_is_left_behind_at_base(empty_database: str) -> None:
    before = int(NO_WAY_BACK) - 1
    await upgrade(empty_database, f"{before:04}")

    await downgrade(empty_database, "base")

    assert await made_objects(empty_database) == []


async def test_from_head_there_is_no_way_back_and_the_refusal_says_what_to_do(migrated_database: str) -> None:
    schema = await dump(migrated_database)

    await is_refused(migrated_database, "base")

    assert await dump(migrated_database) == schema


async def test_alembic_finds_nothing_to_migrate_between_the_schema_and_the_tables_of_the_code(
    migrated_database: str,
) -> None:
    await run(command.check, migrated_database)


async def test_the_migrated_schema_is_what_the_tables_of_the_code_would_create(
    migrated_database: str, worker_id: str
) -> None:
    async with new_database(f"test_metadata_{worker_id}") as created_database:
        async with connected(created_database) as connection:
            await connection.run_sync(metadata.create_all)

        created = await dump(created_database)

    assert "CREATE TABLE public.schedules (" in created
    assert await dump(migrated_database) == created


@pytest.mark.parametrize(
    ("table", "constraint", "values"),
    [
        ("brands", "ck_brands_on_late", OnLate),
        ("campaigns", "ck_campaigns_status", CampaignStatus),
        ("posts", "ck_posts_platform", Platform),
        ("schedules", "ck_schedules_platform", Platform),
        ("queue", "ck_queue_platform", Platform),
        ("queue", "ck_queue_status", ACTIVE),
        ("queue", "ck_queue_on_late", OnLate),
        ("schedules", "ck_schedules_status", [ScheduleStatus.PENDING, *(set(ScheduleStatus) - ACTIVE)]),
        ("schedules", "ck_schedules_intent", IntentKind),
        ("schedules", "ck_schedules_disambiguation", Disambiguation),
        ("schedules", "ck_schedules_resolution", Resolution),
        ("schedules", "ck_schedules_on_late", OnLate),
        ("attempts", "ck_attempts_verdict", VerdictKind),
        ("events", "ck_events_platform", Platform),
        ("events", "ck_events_status", ScheduleStatus),
    ],
)
async def test_the_database_takes_exactly_the_values_of_the_enum(
    database_url: str, table: str, constraint: str, values: Iterable[StrEnum]
) -> None:
    (definition,) = await column(
        database_url,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND conname = $2",
        table,
        constraint,
    )

    assert quoted_in(definition) == sorted(values)


async def test_the_key_of_the_queue_allows_one_active_schedule_a_post(database_url: str) -> None:
    (definition,) = await column(database_url, "SELECT indexdef FROM pg_indexes WHERE indexname = 'pk_queue'")

    assert str(definition).endswith("(post_id)")


def quoted_in(definition: object) -> list[str]:
    return sorted(re.findall(r"'(\w+)'", str(definition)))


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*/*.py")), ids=lambda path: path.name)
def test_a_migration_stands_alone_whatever_becomes_of_the_code(path: Path) -> None:
    assert "marketmind_scheduler" not in path.read_text()
