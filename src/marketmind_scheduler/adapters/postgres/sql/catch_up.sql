-- Spread the backlog: of each brand on each platform $2 (text[]), what has been due for longer than $1 goes out in the
-- order of its publish times, one now and one more at each pace $3 (float8[], seconds). Rows that others work on are
-- passed over. Returns how many wait.
WITH done AS (
  UPDATE schedules s SET due_at = now() + make_interval(secs => r.after)
    FROM (SELECT l.schedule_id,
                 p.pace * (row_number() OVER (PARTITION BY l.brand_id, l.platform
                                              ORDER BY l.publish_time, l.schedule_id) - 1) AS after
            FROM (SELECT schedule_id, brand_id, platform, publish_time FROM schedules
                   WHERE platform = ANY($2::text[]) AND due_at < now() - $1::interval FOR NO KEY UPDATE SKIP LOCKED) l
            JOIN unnest($2::text[], $3::float8[]) AS p(platform, pace) ON p.platform = l.platform) r
   WHERE s.schedule_id = r.schedule_id
  RETURNING r.after)
SELECT count(*) FROM done WHERE after > 0
