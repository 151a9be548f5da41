-- Tell that the verdict $3 on the claim $2 of the schedule $1 came too late to change anything; $4 is the external_id
-- and $5 the reason that came with it, which may quote the post and is dropped where that is deleted. The attempt gets
-- the verdict where it is remembered as one of the owner $6. Returns nothing.
WITH stale AS (
  SELECT s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, coalesce(q.status, s.status) AS status,
         coalesce(q.retry_count, s.retry_count) AS retry_count, CASE WHEN p.deleted_at IS NULL THEN $5::text END AS reason
    FROM schedules s JOIN posts p ON p.post_id = s.post_id
    LEFT JOIN queue q ON q.post_id = s.post_id AND q.schedule_id = s.schedule_id
   WHERE s.schedule_id = $1
), tried AS (
  UPDATE attempts a SET verdict = $3::text, reason = s.reason, external_id = $4, finished_at = now()
    FROM stale s WHERE a.schedule_id = s.schedule_id AND a.lease_token = $2 AND a.owner = $6)
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                    error, campaign_id)
SELECT 'schedule.stale_verdict', s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time,
       s.status, s.retry_count, $4, concat_ws(': ', $3::text || ' came too late', s.reason),
       (SELECT p.campaign_id FROM posts p WHERE p.post_id = s.post_id)
  FROM stale s
