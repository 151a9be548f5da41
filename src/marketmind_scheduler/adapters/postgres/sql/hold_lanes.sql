-- Hold what waits on the lanes of the brands $1 (uuid[]) and platforms $2 (text[]) and whose publish time has been over for
-- $4 (interval): up to $5 of each, the earliest first, because nobody publishes the lane; $3 (text[]) is what to show as
-- the error, an element for each lane. What others work on is passed over. 16 is the bit of the hold in parked. Tells
-- schedule.parked of each; returns how many.
WITH found AS MATERIALIZED (
  SELECT w.post_id, l.why FROM unnest($1::uuid[], $2::text[], $3::text[]) AS l(brand_id, platform, why)
   CROSS JOIN LATERAL (
     SELECT q.post_id FROM queue q
      WHERE (q.brand_id, q.platform) >= (l.brand_id, l.platform)
        AND (q.brand_id, q.platform, q.publish_time) <= (l.brand_id, l.platform, now() - $4::interval)
        AND q.due_at > '-infinity'
      ORDER BY q.brand_id, q.platform, q.publish_time, q.schedule_id LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED) w
), held AS (
  UPDATE queue q SET parked = q.parked | 16::smallint, due_at = NULL FROM found f WHERE q.post_id = f.post_id
  RETURNING q.schedule_id, q.status, q.retry_count, f.why
), done AS (
  UPDATE schedules s SET last_error = h.why, version = s.version + 1, updated_at = now()
    FROM held h WHERE s.schedule_id = h.schedule_id
  RETURNING s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, h.status, h.retry_count, s.external_id,
            s.last_error
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, campaign_id)
  SELECT 'schedule.parked', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
         last_error, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done)
SELECT count(*) FROM done
