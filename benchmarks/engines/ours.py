"""The dispatcher as it ships, with the dry run publisher: claim, fence, publish, settle, with attempts and events."""

import sys
from pathlib import Path

from benchmarks.engines.engine import ROWS, Command, Connection, Glance, Jobs, Outcome

from marketmind_scheduler.domain.post import Platform

BRANDS = 100
PLATFORMS = [platform.value for platform in Platform]
_ID = "(lpad(to_hex(1767225600000 + position), 12, '0') || '7' || substr(md5(random()::text), 14))::uuid"
BRAND = """
INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
SELECT md5('brand ' || i)::uuid, 'Bench ' || i, 'UTC', '', now(), now() FROM generate_series(1, $1) AS i
    ON CONFLICT DO NOTHING
"""
LOAD = f"""
WITH jobs AS MATERIALIZED (
  SELECT {_ID} AS schedule_id, {_ID} AS post_id, md5('brand ' || position % $7 + 1)::uuid AS brand_id, due_at,
         ($8::text[])[position / $3 % cardinality($8::text[]) + 1] AS platform
    FROM ({ROWS}) AS positions),
added AS (
  INSERT INTO posts (post_id, brand_id, title, s3_url, platform, created_at, updated_at)
  SELECT post_id, brand_id, 'Bench', 's3://bench/post.mp4', platform, now(), now() FROM jobs),
queued AS (
  INSERT INTO queue (post_id, schedule_id, brand_id, platform, publish_time, due_at, on_late)
  SELECT post_id, schedule_id, brand_id, platform, due_at, due_at, 'publish' FROM jobs)
INSERT INTO schedules (schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent,
                       timezone, resolution, tz_release, version, created_at, updated_at)
SELECT schedule_id, post_id, brand_id, platform, due_at, 'PENDING', 0, 'instant',
       'UTC', 'exact', '2026f', 1, now(), now()
  FROM jobs
"""
GLANCE = """
SELECT /* looking on */ CASE WHEN is_called THEN last_value ELSE 0 END AS told,
       EXISTS (SELECT FROM queue WHERE lease_expires_at IS NOT NULL) AS is_held
  FROM events_position_seq
"""
LEFT = """
SELECT /* looking on */ count(*) FROM queue WHERE publish_time <= $1 AND status IN ('PENDING', 'PUBLISHING')
"""
# From the due instant to the fence, both by the database's clock; the send itself starts a little later.
BEGUN = """
SELECT extract(epoch FROM min(a.started_at) - s.publish_time)::float8 AS lateness, count(*) AS times
  FROM schedules s JOIN attempts a USING (schedule_id)
 WHERE s.publish_time <= $1
 GROUP BY s.schedule_id
"""
COUNTS = """
SELECT (SELECT count(*) FROM schedules WHERE publish_time <= $1 AND status = 'COMPLETED') AS completed,
       (SELECT count(*) FROM queue WHERE publish_time <= $1 AND status = 'UNCONFIRMED') AS reported
"""


class Ours:
    name = "ours"
    keeps = "keeps the schedule, fences before each send, and writes an attempt and an event"

    def install(self, url: str) -> Command:
        return self._command(url, "migrate")

    def worker(self, url: str, *, lease_seconds: int | None, log: str | None) -> Command:  # noqa: ARG002
        return self._command(url, "dispatch")  # its lease cannot be set: 30 s

    async def load(self, connection: Connection, rows: tuple[object, ...]) -> None:
        await connection.execute(BRAND, BRANDS)
        await connection.execute(LOAD, *rows, BRANDS, PLATFORMS)

    async def glance(self, connection: Connection, jobs: Jobs) -> Glance:  # noqa: ARG002
        [row] = await connection.fetch(GLANCE)
        return Glance(has_begun=row["is_held"] or row["told"] > 0, finished=row["told"])

    async def left(self, connection: Connection, jobs: Jobs) -> int:
        return await connection.fetchval(LEFT, jobs.last_due)

    async def outcome(self, connection: Connection, jobs: Jobs) -> Outcome:
        begun = await connection.fetch(BEGUN, jobs.last_due)
        [counts] = await connection.fetch(COUNTS, jobs.last_due)
        return Outcome(
            lateness=[row["lateness"] for row in begun],
            completed=counts["completed"],
            reported=counts["reported"],
            repeated=sum(row["times"] - 1 for row in begun),
        )

    def _command(self, url: str, what: str) -> Command:
        return Command(
            arguments=[str(Path(sys.executable).parent / "marketmind-scheduler"), what],
            environment={
                "DATABASE_URL": url,
                "SCHEDULER_DEMO_DATA": "false",
                "SCHEDULER_LOG_FORMAT": "json",
                "SCHEDULER_LOG_LEVEL": "warning",
            },
        )
