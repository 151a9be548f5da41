-- Record a step of each of these schedules, which this transaction has locked: where it stands next, what becomes of its
-- claim, how its attempt ended, and the event. What is recorded was decided in domain.lifecycle.
--
-- $1 to $16, $18 and $20 are arrays of one length, an element for each schedule: $1 schedule_id, $2 status, $3 retry_count,
-- $4 max_retries, $5 is_doubtful, $6 the bits of its holds, $7 on_late, $8 revokes (whoever has claimed it may not go on),
-- $9 closes (its claim has had its verdict), $10 how long it waits at least, $11 the kind of the event or NULL, $12 error,
-- $13 external_id, and of the attempt, where one is to be remembered, $14 the token, $15 verdict, $16 reason, $20 who was
-- given its claim; $18 a person's note. $17 is the moment to note, NULL: now. $19 (text[]) are the statuses that are not
-- final. The version rises with what is told.
-- Returns the schedules as they are now, in time order, where $21 (bool) says so.
WITH done AS (
  UPDATE schedules s
     SET status = i.status, retry_count = i.retry_count, max_retries = i.max_retries,
         is_doubtful = i.is_doubtful, parked = i.parked, on_late = i.on_late,
         latest_at = CASE WHEN i.on_late <> 'publish' THEN s.latest_at END,
         due_at = CASE WHEN i.status = 'PENDING' AND i.parked = 0 THEN greatest(s.publish_time, now() + i.wait) END,
         not_before = CASE WHEN i.status = 'PENDING' THEN now() + i.wait END,
         finished_at = CASE WHEN i.status <> ALL($19::text[]) THEN coalesce($17::timestamptz, now()) END,
         lease_token = s.lease_token + i.revokes::int, given_to = CASE WHEN NOT i.revokes THEN s.given_to END,
         lease_owner = CASE WHEN NOT i.closes THEN s.lease_owner END, lease_expires_at = NULL,
         send_started_at = CASE WHEN i.status <> 'PENDING' THEN coalesce(s.send_started_at, s.last_send_at) END,
         last_send_at = coalesce(s.send_started_at, s.last_send_at,
                                 CASE WHEN i.status = 'UNCONFIRMED' THEN s.publish_time END),
         resend_until_at = CASE WHEN NOT i.revokes THEN s.resend_until_at END,
         last_error = CASE WHEN i.status = 'COMPLETED' THEN i.error ELSE coalesce(i.error, s.last_error) END,
         external_id = coalesce(i.external_id, s.external_id), note = coalesce(i.note, s.note),
         version = s.version + (i.event IS NOT NULL)::int, updated_at = coalesce($17::timestamptz, now())
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::bool[], $6::smallint[], $7::text[],
                $8::bool[], $9::bool[], $10::interval[], $11::text[], $12::text[], $13::text[], $14::bigint[],
                $15::text[], $16::text[], $18::text[], $20::uuid[])
      AS i(schedule_id, status, retry_count, max_retries, is_doubtful, parked, on_late, revokes, closes,
           wait, event, error, external_id, token, verdict, reason, note,
           given)
   WHERE s.schedule_id = i.schedule_id
  RETURNING s.*, i.event, i.token, i.verdict, i.reason, i.external_id AS given_id,
            i.note AS said, i.given
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, note, campaign_id)
  SELECT event, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id, last_error,
         said, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done WHERE event IS NOT NULL
), tried AS (
  INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict, reason, external_id, title, s3_url,
                        digest, owner)
  SELECT schedule_id, token, coalesce(last_send_at, now()), now(), verdict, reason, given_id, sent_title, sent_s3_url,
         encode(sha256(convert_to(sent_title, 'UTF8') || '\x00' || convert_to(sent_s3_url, 'UTF8')), 'hex'), given
    FROM done WHERE verdict IS NOT NULL
  ON CONFLICT (schedule_id, lease_token) DO UPDATE
     SET finished_at = excluded.finished_at, verdict = excluded.verdict, reason = excluded.reason,
         external_id = excluded.external_id)
SELECT s.*, p.title, p.campaign_id, p.s3_url, b.brand_default_timezone,
       b.on_late AS brand_on_late, b.max_lateness_seconds, c.start_date, c.end_date,
       s.post_changed_at > coalesce(s.send_started_at, s.last_send_at) AS is_outdated,
       ARRAY(SELECT o.schedule_id FROM schedules o
              WHERE (o.brand_id, o.publish_time) >= (s.brand_id, s.publish_time)
                AND (o.brand_id, o.publish_time) <= (s.brand_id, s.publish_time)
                AND o.platform = s.platform AND o.schedule_id <> s.schedule_id
                AND o.finished_at IS NULL AND s.finished_at IS NULL
              ORDER BY o.brand_id, o.publish_time, o.schedule_id LIMIT 3) AS beside
  FROM done s JOIN posts p ON p.post_id = s.post_id JOIN brands b ON b.brand_id = s.brand_id
  LEFT JOIN campaigns c ON c.campaign_id = p.campaign_id
 WHERE $21::bool
 ORDER BY s.publish_time, s.schedule_id
