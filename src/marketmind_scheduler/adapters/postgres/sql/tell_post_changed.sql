-- Tell of the active schedules of the posts $1 (uuid[]) that their posts say something else now, as
-- domain.lifecycle.post_changed says. Tells an event of each, and returns their ids.
--
-- Each post looks for its schedule by itself: see follow_campaigns. They are locked in the order of their ids. The moment
-- is that of the statement, for a send may have begun since the transaction did.
WITH active AS MATERIALIZED (
  SELECT q.schedule_id, q.status, q.retry_count
    FROM (SELECT p.post_id, o.schedule_id FROM posts p
           CROSS JOIN LATERAL (SELECT o.schedule_id FROM queue o WHERE o.post_id = p.post_id OFFSET 0) o
           WHERE p.post_id = ANY($1::uuid[]) ORDER BY o.schedule_id::text COLLATE "C") p
   CROSS JOIN LATERAL (
     SELECT l.schedule_id, l.status, l.retry_count FROM queue l
      WHERE l.post_id = p.post_id AND l.schedule_id = p.schedule_id FOR NO KEY UPDATE) q
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
