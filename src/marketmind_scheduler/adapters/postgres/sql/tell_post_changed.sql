-- Tell of the active schedules of the posts $1 (uuid[]) that their posts say something else now, as
-- domain.lifecycle.post_changed says. Tells an event of each, and returns their ids.
--
-- Each post looks for its schedule by itself, and locks it: see follow_campaigns. The moment is that of the statement, for
-- a send may have begun since the transaction did.
WITH active AS MATERIALIZED (
  SELECT q.schedule_id, q.status, q.retry_count
    FROM (SELECT post_id FROM posts WHERE post_id = ANY($1::uuid[]) ORDER BY post_id) p
   CROSS JOIN LATERAL (
     SELECT l.schedule_id, l.status, l.retry_count FROM queue l WHERE l.post_id = p.post_id FOR NO KEY UPDATE) q
), done AS (
  UPDATE schedules s SET post_changed_at = clock_timestamp(), version = s.version + 1, updated_at = now()
    FROM active q WHERE s.schedule_id = q.schedule_id
  RETURNING s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, q.status, q.retry_count, s.external_id,
            s.last_error
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, campaign_id)
  SELECT 'schedule.post_changed', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count,
         external_id, last_error, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done)
SELECT schedule_id FROM done
