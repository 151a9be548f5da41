"""The way of what is active into the queue: nothing is lost, it may be broken off, and whoever is of before does no
harm."""

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import asyncpg
import pytest

from tests.migrations.schema import MIGRATIONS, column, fetch, upgrade

FILL = """
SET session_replication_role = replica;
INSERT INTO schedules (schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent, timezone,
                       resolution, tz_release, version, created_at, updated_at, due_at, lease_token, lease_owner,
                       given_to, lease_expires_at, send_started_at, last_send_at, is_doubtful, parked, finished_at)
SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'TWITTER', now() - interval '1 hour', status, 1,
       'instant', 'UTC', 'exact', '2026f', 1, now(), now(), CASE WHEN status = 'PENDING' AND n % 2 = 0 THEN now() END,
       3,
       CASE WHEN status = 'PUBLISHING' THEN gen_random_uuid() END, gen_random_uuid(),
       CASE WHEN status = 'PUBLISHING' THEN now() END, CASE WHEN status IN ('PUBLISHING', 'UNCONFIRMED') THEN now() END,
       now(), status = 'UNCONFIRMED', CASE WHEN status = 'PENDING' THEN n % 2 * 2 ELSE 0 END,
       CASE WHEN status NOT IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED') THEN now() END
  FROM generate_series(1, 4) n, unnest(ARRAY['PENDING', 'PUBLISHING', 'UNCONFIRMED', 'COMPLETED', 'FAILED', 'MISSED',
                                             'CANCELLED']) status;
"""
STOOD = """
SELECT schedule_id, post_id, brand_id, publish_time, status, retry_count, due_at, lease_token, {owner}, given_to,
       lease_expires_at, send_started_at, last_send_at, is_doubtful, parked
  FROM {table} WHERE status IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED') ORDER BY schedule_id
"""
BEFORE = STOOD.format(owner="lease_owner", table="schedules")
AFTERWARDS = STOOD.format(owner="claim_id", table="queue")
ENDED = "SELECT schedule_id, status, finished_at FROM schedules WHERE finished_at IS NOT NULL ORDER BY schedule_id"
WRONG = "SELECT DISTINCT status, wrong, wrong_at = finished_at FROM schedules ORDER BY status"


def migration() -> ModuleType:
    spec = spec_from_file_location("to_the_queue", MIGRATIONS / "versions" / "0032_queue.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def filled(url: str) -> None:
    await upgrade(url, "0031")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(FILL)
    finally:
        await connection.close()


async def break_off(url: str, *, after_pieces: int) -> None:
    """What has been done by then, when the migration is killed."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(migration().BEGIN)
        move = migration().MOVE.replace(":after", "$1::uuid").replace("LIMIT 10000", "LIMIT 10")
        after = "00000000-0000-0000-0000-000000000000"
        for _ in range(after_pieces):
            after = await connection.fetchval(move, after)
    finally:
        await connection.close()


@pytest.mark.parametrize("pieces", [None, 0, 1, 2])
async def test_what_is_active_stands_in_the_queue_as_it_stood_also_when_it_was_broken_off(
    empty_database: str, pieces: int | None
) -> None:
    await filled(empty_database)
    stood, ended = await fetch(empty_database, BEFORE), await fetch(empty_database, ENDED)
    if pieces is not None:
        await break_off(empty_database, after_pieces=pieces)

    await upgrade(empty_database, "0032")

    assert len(stood) == 12
    assert await fetch(empty_database, AFTERWARDS) == stood
    assert await fetch(empty_database, ENDED) == ended
    assert await fetch(empty_database, WRONG) == [
        ("CANCELLED", "CANCELLED", True),
        ("COMPLETED", "", None),
        ("FAILED", "FAILED", True),
        ("MISSED", "MISSED", True),
        ("PENDING", "", None),
    ]


async def test_from_its_first_step_on_whoever_is_of_before_fails_and_changes_nothing(empty_database: str) -> None:
    await filled(empty_database)
    await break_off(empty_database, after_pieces=0)

    with pytest.raises(asyncpg.UndefinedColumnError, match="due_at"):
        await column(empty_database, "UPDATE schedules SET status = 'PUBLISHING', due_at = NULL RETURNING schedule_id")
