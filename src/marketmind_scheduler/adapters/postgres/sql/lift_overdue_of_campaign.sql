-- Lift a hold from all schedules of the campaign $1 whose time has passed, those that are active and have it: $2 is the
-- bit of the hold in parked. What nothing else holds is due one after the other, in the order of publish times: on each
-- platform of $3 (text[]) so many seconds apart as $4 (float8[]) says. Locks them, and their posts, which may be about
-- to leave, in the order of the schedules' ids, so that two wait instead of blocking each other. Tells schedule.resumed
-- of each.
WITH done AS (
  UPDATE schedules s
     SET parked = s.parked & ~$2::smallint,
         due_at = CASE WHEN s.status = 'PENDING' AND s.parked & ~$2::smallint = 0
                       THEN now() + make_interval(secs => r.after) END,
         version = s.version + 1, updated_at = now()
    FROM (SELECT h.schedule_id,
                 w.pace * (row_number() OVER (PARTITION BY h.platform ORDER BY h.publish_time, h.schedule_id) - 1)
                   AS after
            FROM (SELECT s.schedule_id, s.platform, s.publish_time
                    FROM posts p JOIN schedules s ON s.post_id = p.post_id
                   WHERE p.campaign_id = $1 AND s.finished_at IS NULL
                     AND s.parked & $2::smallint <> 0 AND s.publish_time <= now()
                   ORDER BY s.schedule_id FOR SHARE OF p FOR NO KEY UPDATE OF s) h
            JOIN unnest($3::text[], $4::float8[]) AS w(platform, pace) ON w.platform = h.platform) r
   WHERE s.schedule_id = r.schedule_id
  RETURNING s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, s.status, s.retry_count, s.external_id,
            s.last_error)
INSERT INTO event_outbox (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count,
                          external_id, error)
SELECT 'schedule.resumed', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
       last_error
  FROM done
