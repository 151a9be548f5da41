WITH new AS MATERIALIZED (
  SELECT i.*, h.parked, CASE WHEN h.parked = 0 THEN i.publish_time END AS due_at, b.on_late,
         CASE WHEN b.on_late <> 'publish' THEN i.publish_time + make_interval(secs => b.max_lateness_seconds) END
           AS latest_at
    FROM (VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::int, $12::int, $13::int, $14::timestamptz, $15::timestamptz, $16::timestamptz, $17::timestamp, $18::text, $19::text, $20::text, $21::text, $22::bool, $23::text, $24::text)) AS i(schedule_id, post_id, brand_id, retry_of, platform, scheduler, external_id, note, overridden, arm, retry_count, version, max_retries, created_at, updated_at, publish_time, local_time, timezone, disambiguation, resolution, tz_release, zone_is_default, intent, status)
    JOIN (SELECT post_id FROM posts
           WHERE post_id = $2 AND xmin = $25::xid
             AND NOT EXISTS (SELECT FROM tz_releases WHERE tz_release COLLATE "C" > $27::text)
             AND ($28::bool OR NOT EXISTS (SELECT FROM schedules o WHERE o.post_id = $2 AND o.status = 'COMPLETED')
                 AND NOT EXISTS (SELECT FROM forgotten_schedules o WHERE o.post_id = $2 AND o.status = 'COMPLETED'))
             FOR NO KEY UPDATE SKIP LOCKED) u ON u.post_id = i.post_id
    JOIN (SELECT brand_id, on_late, max_lateness_seconds, paused_at FROM brands
           WHERE brand_id = $3 AND xmin = $26::xid FOR SHARE) b ON b.brand_id = i.brand_id
    LEFT JOIN LATERAL (
      SELECT c.paused_at FROM posts p JOIN campaigns c ON c.campaign_id = p.campaign_id
       WHERE p.post_id = i.post_id FOR SHARE OF c) c ON true
   CROSS JOIN LATERAL (
     SELECT ((c.paused_at IS NOT NULL)::int + 2 * (b.paused_at IS NOT NULL)::int)::smallint AS parked) h
), queued AS (
  INSERT INTO queue (post_id, schedule_id, brand_id, platform, publish_time, due_at, latest_at, on_late, parked, retry_count, max_retries) SELECT post_id, schedule_id, brand_id, platform, publish_time, due_at, latest_at, on_late, parked, retry_count, max_retries FROM new RETURNING *
), done AS (
  INSERT INTO schedules (schedule_id, post_id, brand_id, retry_of, platform, scheduler, external_id, note, overridden, arm, retry_count, version, max_retries, created_at, updated_at, publish_time, local_time, timezone, disambiguation, resolution, tz_release, zone_is_default, intent, status, on_late, latest_at) SELECT schedule_id, post_id, brand_id, retry_of, platform, scheduler, external_id, note, overridden, arm, retry_count, version, max_retries, created_at, updated_at, publish_time, local_time, timezone, disambiguation, resolution, tz_release, zone_is_default, intent, status, on_late, latest_at FROM new RETURNING *
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, overridden,
                      scheduler, campaign_id, actor)
  SELECT 'schedule.scheduled', schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, overridden,
         scheduler, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id), $29::text
    FROM done)
SELECT s.schedule_id, s.post_id, s.brand_id, s.retry_of, s.platform, s.scheduler, s.external_id, s.note, s.on_late, s.overridden, s.arm, s.version, s.max_retries, s.created_at, s.updated_at, s.latest_at, s.publish_time, s.local_time, s.timezone, s.disambiguation, s.resolution, s.tz_release, s.zone_is_default, s.last_error, coalesce(q.status, s.status) AS status_now, coalesce(q.retry_count, s.retry_count) AS retry_count_now, coalesce(q.is_doubtful, false) AS is_doubtful, coalesce(q.parked, 0) AS parked, p.title, p.campaign_id, p.s3_url, s.post_changed_at > coalesce(q.send_started_at, q.last_send_at, s.last_send_at) AS is_outdated, ARRAY(SELECT o.schedule_id FROM schedules o WHERE (o.brand_id, o.publish_time) >= (s.brand_id, s.publish_time) AND (o.brand_id, o.publish_time) <= (s.brand_id, s.publish_time) AND o.platform = s.platform AND o.schedule_id <> s.schedule_id AND o.finished_at IS NULL AND s.finished_at IS NULL ORDER BY o.brand_id, o.publish_time, o.schedule_id LIMIT 3) AS beside, b.brand_default_timezone, b.on_late AS brand_on_late, b.max_lateness_seconds, c.start_date, c.end_date FROM done s JOIN queued q ON q.post_id = s.post_id CROSS JOIN LATERAL (SELECT title, campaign_id, s3_url, deleted_at FROM posts o WHERE o.post_id BETWEEN s.post_id AND s.post_id ORDER BY o.post_id LIMIT 1) p CROSS JOIN LATERAL (SELECT brand_default_timezone, on_late, max_lateness_seconds FROM brands o WHERE o.brand_id BETWEEN s.brand_id AND s.brand_id ORDER BY o.brand_id LIMIT 1) b LEFT JOIN LATERAL (SELECT start_date, end_date FROM campaigns o WHERE o.campaign_id BETWEEN p.campaign_id AND p.campaign_id ORDER BY o.campaign_id LIMIT 1) c ON true
