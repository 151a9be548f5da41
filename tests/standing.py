"""Schedules as they stand: what the queue says of those that are active, and how the others ended."""

AS_THEY_STAND = """(
  SELECT s.schedule_id, s.post_id, s.brand_id, s.platform, s.publish_time, s.finished_at, s.external_id, s.last_error,
         s.max_retries, coalesce(q.status, s.status) AS status,
         coalesce(q.retry_count, s.retry_count) AS retry_count,
         coalesce(q.lease_token, s.lease_token) AS lease_token,
         coalesce(q.last_send_at, s.last_send_at) AS last_send_at,
         q.due_at, q.parked, q.is_doubtful, q.lease_expires_at, q.send_started_at
    FROM schedules s LEFT JOIN queue q ON q.post_id = s.post_id AND q.schedule_id = s.schedule_id)"""
"""In place of the table, for those who look on."""

OUT_OF_STEP = """
SELECT s.schedule_id, s.status, q.schedule_id AS queued, q.status AS as_queued
  FROM schedules s FULL JOIN queue q ON q.schedule_id = s.schedule_id
 WHERE (s.finished_at IS NULL) IS DISTINCT FROM (q.post_id IS NOT NULL)
    OR (q.post_id, q.brand_id, q.platform, q.publish_time) <> (s.post_id, s.brand_id, s.platform, s.publish_time)
"""
"""Schedules that are active without a row of the queue, or have one that is not theirs; and such rows."""
