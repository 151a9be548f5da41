-- Lift a hold from the schedules $3 (uuid[]) of the campaign $1, those that are active and have it: $2 is the bit of
-- the hold in parked. What nothing else holds is due at its time, or now when that has passed, or when what it was put
-- off until has. Locks them, and their posts, which may be about to leave, in the order of the schedules' ids, so that
-- two wait instead of blocking each other. Each schedule looks for its post by itself: see follow_campaigns. Tells
-- schedule.resumed of each.
WITH changed AS (
  UPDATE queue q
     SET parked = q.parked & ~$2::smallint,
         due_at = CASE WHEN q.status = 'PENDING' AND q.parked & ~$2::smallint = 0
                       THEN greatest(q.publish_time, now(), q.not_before) END
   WHERE q.post_id = ANY(ARRAY(
           SELECT l.post_id
             FROM (SELECT s.post_id, s.schedule_id FROM schedules s
                    WHERE s.schedule_id = ANY($3::uuid[]) ORDER BY s.schedule_id) g
            CROSS JOIN LATERAL (
              SELECT p.post_id, p.campaign_id FROM posts p WHERE p.post_id = g.post_id FOR SHARE) p
            CROSS JOIN LATERAL (
              SELECT l.post_id FROM queue l
               WHERE l.post_id = p.post_id AND l.schedule_id = g.schedule_id AND p.campaign_id = $1
                 AND l.parked & $2::smallint <> 0 FOR NO KEY UPDATE) l))
  RETURNING q.schedule_id, q.status, q.retry_count
), done AS (
  UPDATE schedules s SET version = s.version + 1, updated_at = now() FROM changed q WHERE s.schedule_id = q.schedule_id
  RETURNING s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, q.status, q.retry_count, s.external_id,
            s.last_error)
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                    error, campaign_id)
SELECT 'schedule.resumed', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
       last_error, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
  FROM done
