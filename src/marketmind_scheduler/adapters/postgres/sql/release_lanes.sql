-- Release what is held for having no receiver on the lanes of the brands $1 (uuid[]) and platforms $2 (text[]): up to $3
-- of each, the earliest first. What others work on is passed over. 16 is the bit of the hold in parked; what nothing else
-- holds is due now. Tells schedule.resumed of each; returns how many.
WITH freed AS (
  UPDATE queue q
     SET parked = q.parked & ~16::smallint,
         due_at = CASE WHEN q.status = 'PENDING' AND q.parked & ~16::smallint = 0
                       THEN greatest(q.publish_time, now()) END
   WHERE q.post_id = ANY(ARRAY(
           SELECT w.post_id FROM unnest($1::uuid[], $2::text[]) AS l(brand_id, platform)
            CROSS JOIN LATERAL (
              SELECT q.post_id FROM queue q
               WHERE (q.platform, q.brand_id) >= (l.platform, l.brand_id)
                 AND (q.platform, q.brand_id) <= (l.platform, l.brand_id) AND q.parked & 16 <> 0
               ORDER BY q.platform, q.brand_id, q.publish_time, q.schedule_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) w))
  RETURNING q.schedule_id, q.status, q.retry_count
), done AS (
  UPDATE schedules s SET version = s.version + 1, updated_at = now() FROM freed f WHERE s.schedule_id = f.schedule_id
  RETURNING s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, f.status, f.retry_count, s.external_id,
            s.last_error
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, campaign_id)
  SELECT 'schedule.resumed', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
         last_error, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done)
SELECT count(*) FROM done
