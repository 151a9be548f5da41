-- Tell of the active schedules of the posts $1 (uuid[]) that their posts say something else now, as
-- domain.lifecycle.post_changed says. Tells an event of each, and returns their ids.
--
-- Each post looks for its schedule by itself, and locks it: see follow_campaigns. The moment is that of the statement, for
-- a send may have begun since the transaction did.
WITH done AS (
  UPDATE schedules s
     SET post_changed_at = clock_timestamp(), version = s.version + 1, updated_at = now()
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT s.schedule_id
             FROM posts p
            CROSS JOIN LATERAL (
               SELECT s.schedule_id FROM schedules s
                WHERE s.post_id = p.post_id AND s.finished_at IS NULL FOR NO KEY UPDATE) s
            WHERE p.post_id = ANY($1::uuid[]) ORDER BY p.post_id))
  RETURNING s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, s.status, s.retry_count, s.external_id,
            s.last_error
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, campaign_id)
  SELECT 'schedule.post_changed', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count,
         external_id, last_error, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done)
SELECT schedule_id FROM done
