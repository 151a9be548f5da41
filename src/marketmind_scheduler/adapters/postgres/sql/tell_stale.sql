-- Tell that the verdict $3 on the claim $2 of the schedule $1 came too late to change anything; $4 is the external_id
-- and $5 the reason that came with it. The attempt gets the verdict where it is remembered. Returns nothing.
WITH tried AS (
  UPDATE attempts SET verdict = $3::text, reason = $5, external_id = $4, finished_at = now()
   WHERE schedule_id = $1 AND lease_token = $2)
INSERT INTO event_outbox (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count,
                          external_id, error)
SELECT 'schedule.stale_verdict', s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time,
       CASE WHEN s.status = 'PUBLISHING' AND s.send_started_at IS NULL THEN 'PENDING' ELSE s.status END,
       s.retry_count, $4, concat_ws(': ', $3::text || ' came too late', $5)
  FROM schedules s WHERE s.schedule_id = $1
