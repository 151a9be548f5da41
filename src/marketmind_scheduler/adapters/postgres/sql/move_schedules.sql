-- Give schedules, which this transaction has locked, another time or lateness, as domain.lifecycle.move and
-- domain.derivation say. $1 to $16 are arrays of one length, an element for each: $1 schedule_id, $2 brand_id,
-- $3 publish_time, $4 intent, $5 local_time, $6 timezone, $7 disambiguation, $8 resolution, $9 tz_release,
-- $10 zone_is_default, $11 on_late, $12 latest_at, $13 max_retries, $14 version, $15 scheduler, $16 overridden; $17 is
-- updated_at.
-- What keeps its time waits as long as it was put off. Their claims are revoked. Tells an event of each; returns their
-- ids, the bits of their holds, and title, campaign_id and s3_url of their posts.
--
-- As for new schedules, brands and campaigns are locked against pausing: one that is moved to where a pause or a
-- resumption has been already must not be forgotten.
-- They are looked up once, laid beside what is given, and met where they lie: whatever the planner has been told, nobody
-- looks for each of them again.
WITH there AS MATERIALIZED (
  SELECT CASE WHEN q.post_id IS NOT NULL THEN s.ctid END AS place, q.place AS queued, s.schedule_id, s.post_id,
         s.publish_time, q.not_before, q.retry_count
    FROM schedules s
    LEFT JOIN LATERAL (
      SELECT l.ctid AS place, l.post_id, l.schedule_id, l.not_before, l.retry_count FROM queue l
       WHERE l.post_id BETWEEN s.post_id AND s.post_id ORDER BY l.post_id LIMIT 1) q ON q.schedule_id = s.schedule_id
   WHERE s.schedule_id = ANY($1::uuid[])
), next AS MATERIALIZED (
  SELECT i.*, h.parked, w.not_before
    FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::timestamp[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::bool[], $11::text[], $12::timestamptz[], $13::int[], $14::int[], $15::text[],
                $16::text[], ARRAY(SELECT place FROM there ORDER BY schedule_id),
                ARRAY(SELECT queued FROM there ORDER BY schedule_id),
                ARRAY(SELECT post_id FROM there ORDER BY schedule_id),
                ARRAY(SELECT publish_time FROM there ORDER BY schedule_id),
                ARRAY(SELECT not_before FROM there ORDER BY schedule_id),
                ARRAY(SELECT retry_count FROM there ORDER BY schedule_id))
      AS i(schedule_id, brand_id, publish_time, intent, local_time, timezone, disambiguation, resolution, tz_release,
           zone_is_default, on_late, latest_at, max_retries, version, scheduler, overridden, place, queued,
           post_id, before, waited, retries)
    JOIN (SELECT brand_id, paused_at FROM brands WHERE brand_id = ANY($2::uuid[]) FOR SHARE) b ON b.brand_id = i.brand_id
    LEFT JOIN LATERAL (
      SELECT c.paused_at FROM posts p JOIN campaigns c ON c.campaign_id = p.campaign_id
       WHERE p.post_id = i.post_id FOR SHARE OF c) c ON true
   CROSS JOIN LATERAL (SELECT CASE WHEN i.publish_time = i.before THEN i.waited END AS not_before) w
   CROSS JOIN LATERAL (
     SELECT ((c.paused_at IS NOT NULL)::int + 2 * (b.paused_at IS NOT NULL)::int)::smallint AS parked) h
), waits AS (
  UPDATE queue q
     SET status = 'PENDING', publish_time = n.publish_time, on_late = n.on_late, latest_at = n.latest_at,
         max_retries = n.max_retries, parked = n.parked, not_before = n.not_before,
         due_at = CASE WHEN n.parked = 0 THEN greatest(n.publish_time, now(), n.not_before) END,
         lease_token = q.lease_token + 1, claim_id = NULL, given_to = NULL, lease_expires_at = NULL, send_started_at = NULL
    FROM next n WHERE q.ctid = n.queued
), done AS (
  UPDATE schedules s
     SET publish_time = n.publish_time, intent = n.intent, local_time = n.local_time, timezone = n.timezone,
         disambiguation = n.disambiguation, resolution = n.resolution, tz_release = n.tz_release,
         zone_is_default = n.zone_is_default, on_late = n.on_late, latest_at = n.latest_at,
         max_retries = n.max_retries, version = n.version, updated_at = $17, scheduler = n.scheduler,
         overridden = n.overridden
    FROM next n WHERE s.ctid = n.place
  RETURNING s.*, n.before, n.parked, n.retries
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, previous_publish_time, overridden, scheduler, campaign_id)
  SELECT 'schedule.rescheduled', schedule_id, brand_id, post_id, platform, publish_time, 'PENDING', retries,
         external_id, last_error, before, overridden, scheduler,
         (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done)
SELECT s.schedule_id, s.parked, p.title, p.campaign_id, p.s3_url FROM done s JOIN posts p ON p.post_id = s.post_id
