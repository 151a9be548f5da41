-- Place a hold on the schedules $3 (uuid[]) of the brand $1, those that are active and have it not: $2 is the bit of
-- the hold in parked. A send that has begun goes on, and its schedule stays held if it comes back. Locks them in the order of their ids, so that two wait instead of blocking each other.
-- Tells schedule.parked of each.
WITH done AS (
  UPDATE schedules s
     SET parked = s.parked | $2::smallint, due_at = NULL,
         version = s.version + 1, updated_at = now()
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT s.schedule_id FROM schedules s
            WHERE s.brand_id = $1 AND s.finished_at IS NULL
              AND s.parked & $2::smallint = 0 AND s.schedule_id = ANY($3::uuid[])
            ORDER BY s.schedule_id FOR NO KEY UPDATE OF s))
  RETURNING s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, s.status, s.retry_count, s.external_id,
            s.last_error)
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                    error, campaign_id)
SELECT 'schedule.parked', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
       last_error, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
  FROM done
