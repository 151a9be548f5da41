"""300,000 schedules of 2,000 brands a year ahead, and a few that are due."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

BRANDS, EACH = 2_000, 150
POSTS_DUE = 200

FILL = """
WITH b AS (
  INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
  SELECT gen_random_uuid(), 'Bench', 'UTC', '', now(), now() FROM generate_series(1, $1::int) RETURNING brand_id
), p AS (
  INSERT INTO posts (post_id, brand_id, title, s3_url, platform, created_at, updated_at)
  SELECT gen_random_uuid(), brand_id, 'Bench ' || nth, 's3://bench/post',
         (ARRAY['TWITTER', 'TIKTOK', 'LINKEDIN'])[1 + nth % 3], now(), now()
    FROM b, generate_series(1, $2::int) nth RETURNING *
), s AS (
  INSERT INTO schedules (schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent, timezone,
                         resolution, tz_release, version, created_at, updated_at)
  SELECT gen_random_uuid(), post_id, brand_id, platform, at, 'PENDING', 0, 'instant', 'UTC', 'exact', '2026a', 1, now(),
         now()
    FROM p, LATERAL (SELECT now() + $3::interval * (1 + random()) AS at, p.post_id AS each) t
  RETURNING *
)
INSERT INTO queue (post_id, schedule_id, brand_id, platform, publish_time, due_at, on_late)
SELECT post_id, schedule_id, brand_id, platform, publish_time, publish_time, on_late FROM s
"""


async def fill(url: str, *, due: int = 0) -> Sequence[UUID]:
    """Some of the schedules that lie ahead; with ``due``, so many more that are due, each on a lane of its own."""
    connection = await asyncpg.connect(url)
    try:
        if due:
            await connection.execute(FILL, due, 1, timedelta(seconds=-1))
            return []
        await connection.execute(FILL, BRANDS, EACH, timedelta(days=180))
        return [row[0] for row in await connection.fetch("SELECT schedule_id FROM schedules LIMIT 1000")]
    finally:
        await connection.close()
