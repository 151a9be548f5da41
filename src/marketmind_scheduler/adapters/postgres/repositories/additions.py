"""The statements that make schedules: many at once, or one, which is shown as it stands then."""

from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import (
    ADDED,
    BESIDE,
    OF_OTHERS,
    SHOWN,
    array_types,
    types,
)

_GIVEN = ", ".join(ADDED)
_QUEUED = (
    "post_id, schedule_id, brand_id, platform, publish_time, due_at, latest_at, on_late, parked, retry_count,"
    " max_retries"
)
_MANY = f"unnest({array_types()})"
_ONE = f"(VALUES ({types()}))"


def _adding(rows: str, *, brands: str, shown: str, only: str = "", actor: str = "") -> str:
    """Whoever pauses a brand or a campaign says so first and parks what is there afterwards. Locked against that, a new
    schedule is either there to be parked, or knows that it is. The campaign is looked up for each post by itself: a
    plan made for one post would compare ten thousand with ten thousand."""
    return f"""
WITH new AS MATERIALIZED (
  SELECT i.*, h.parked, CASE WHEN h.parked = 0 THEN i.publish_time END AS due_at, b.on_late,
         CASE WHEN b.on_late <> 'publish' THEN i.publish_time + make_interval(secs => b.max_lateness_seconds) END
           AS latest_at
    FROM {rows} AS i({_GIVEN}){only}
    JOIN (SELECT brand_id, on_late, max_lateness_seconds, paused_at FROM brands
           WHERE {brands} FOR SHARE) b ON b.brand_id = i.brand_id
    LEFT JOIN LATERAL (
      SELECT c.paused_at FROM posts p JOIN campaigns c ON c.campaign_id = p.campaign_id
       WHERE p.post_id = i.post_id FOR SHARE OF c) c ON true
   CROSS JOIN LATERAL (
     SELECT ((c.paused_at IS NOT NULL)::int + 2 * (b.paused_at IS NOT NULL)::int)::smallint AS parked) h
), queued AS (
  INSERT INTO queue ({_QUEUED}) SELECT {_QUEUED} FROM new RETURNING *
), done AS (
  INSERT INTO schedules ({_GIVEN}, on_late, latest_at) SELECT {_GIVEN}, on_late, latest_at FROM new RETURNING *
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, overridden,
                      scheduler, campaign_id{", actor" if actor else ""})
  SELECT 'schedule.scheduled', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, overridden,
         scheduler, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id){actor}
    FROM done)
{shown}
"""


def _given(column: str) -> str:
    return f"${ADDED.index(column) + 1}"


_SHOWN = f"SELECT {SHOWN} FROM done s JOIN queued q ON q.post_id = s.post_id {OF_OTHERS}"
_BEYOND = len(ADDED)

ADD = _adding(
    _MANY,
    brands=f"brand_id = ANY({_given('brand_id')}::uuid[])",
    shown=f"""SELECT s.schedule_id, s.parked, s.on_late, s.latest_at, p.title, p.campaign_id, p.s3_url, {BESIDE}
  FROM (SELECT new.*, NULL AS finished_at FROM new) s JOIN posts p ON p.post_id = s.post_id""",
)
ADD_ONE = _adding(_ONE, brands=f"brand_id = {_given('brand_id')}", shown=_SHOWN)

# Behind the columns: the versions of the rows of the post and its brand that were read, the zone rules that it needs
# (NULL: none), whether it may have been published, and who acts. A row that has changed is another version, also for
# whoever had to wait for it. A post that somebody has locked counts as changed and is not waited for, so locks have no
# order here. The post's schedules are looked at as the statement found them; that none is active, the index makes sure.
_COMPLETED = f"WHERE o.post_id = {_given('post_id')} AND o.status = 'COMPLETED'"
_UNCHANGED = f"""
    JOIN (SELECT post_id FROM posts
           WHERE post_id = {_given("post_id")} AND xmin = ${_BEYOND + 1}::xid
             AND NOT EXISTS (SELECT FROM tz_releases WHERE tz_release COLLATE "C" > ${_BEYOND + 3}::text)
             AND (${_BEYOND + 4}::bool OR NOT EXISTS (SELECT FROM schedules o {_COMPLETED})
                 AND NOT EXISTS (SELECT FROM forgotten_schedules o {_COMPLETED}))
             FOR NO KEY UPDATE SKIP LOCKED) u ON u.post_id = i.post_id"""
ADD_IF_UNCHANGED = _adding(
    _ONE,
    only=_UNCHANGED,
    brands=f"brand_id = {_given('brand_id')} AND xmin = ${_BEYOND + 2}::xid",
    actor=f", ${_BEYOND + 5}::text",
    shown=_SHOWN,
)
