-- Give the schedule $1, which this transaction has locked, another time, as domain.lifecycle.move says: $2 publish_time,
-- $3 intent, $4 local_time, $5 timezone, $6 disambiguation, $7 resolution, $8 tz_release, $9 latest_at, $10 max_retries,
-- $11 lost_leases, $12 version, $13 updated_at, $14 zone_is_default, $15 scheduler. Its claim is revoked. Tells an
-- event; returns the bits of its holds, title and campaign_id of its post, and what
-- stands beside it.
--
-- As for a new schedule, its brand and campaign are locked against pausing: one that is moved to where a pause or a
-- resumption has been already must not be forgotten.
WITH done AS (
  UPDATE schedules s
     SET publish_time = $2::timestamptz, intent = $3, local_time = $4, timezone = $5, disambiguation = $6,
         resolution = $7, tz_release = $8, latest_at = $9, max_retries = $10, lost_leases = $11, version = $12,
         updated_at = $13, zone_is_default = $14, scheduler = $15, status = 'PENDING', parked = h.parked,
         due_at = CASE WHEN h.parked = 0 THEN greatest($2::timestamptz, now()) END,
         lease_token = s.lease_token + 1, lease_owner = NULL, lease_expires_at = NULL, send_started_at = NULL
    FROM (SELECT b.paused_at, o.publish_time AS before FROM brands b JOIN schedules o ON o.brand_id = b.brand_id
           WHERE o.schedule_id = $1 FOR SHARE OF b) b
    LEFT JOIN (SELECT paused_at FROM campaigns
                WHERE campaign_id = (SELECT p.campaign_id FROM posts p JOIN schedules o ON o.post_id = p.post_id
                                      WHERE o.schedule_id = $1) FOR SHARE) c ON true
   CROSS JOIN LATERAL (
     SELECT ((c.paused_at IS NOT NULL)::int + 2 * (b.paused_at IS NOT NULL)::int)::smallint AS parked) h
   WHERE s.schedule_id = $1
  RETURNING s.*, b.before
), told AS (
  INSERT INTO event_outbox (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count,
                            external_id, error, previous_publish_time)
  SELECT 'schedule.rescheduled', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count,
         external_id, last_error, before
    FROM done)
SELECT s.parked, p.title, p.campaign_id,
       ARRAY(SELECT o.schedule_id FROM schedules o
              WHERE o.brand_id = s.brand_id AND o.publish_time = s.publish_time AND o.platform = s.platform
                AND o.schedule_id <> s.schedule_id AND o.finished_at IS NULL AND s.finished_at IS NULL
              ORDER BY o.schedule_id LIMIT 3) AS beside
  FROM done s JOIN posts p ON p.post_id = s.post_id
