-- Record a step of each of these schedules, which this transaction has locked: where it stands next, what becomes of its
-- claim, how its attempt ended, and the event. What is recorded was decided in domain.lifecycle. What has ended stays so.
--
-- $1 to $16, $18 and $20 are arrays of one length, an element for each schedule: $1 schedule_id, $2 status, $3 retry_count,
-- $4 max_retries, $5 is_doubtful, $6 the bits of its holds, $7 on_late, $8 revokes (whoever has claimed it may not go on),
-- $9 closes (its claim has had its verdict), $10 how long it waits at least, $11 the kind of the event or NULL, $12 error,
-- $13 external_id, and of the attempt, where one is to be remembered, $14 the token, $15 verdict, $16 reason, $20 who was
-- given its claim; $18 a person's note. $17 is the moment to note, NULL: now. $19 (text[]) are the statuses that are not
-- final. The version rises with what is told. What ends leaves the queue, and takes with it what is still asked of it.
-- Returns the schedules as they are now, in time order, where $21 (bool) says so.
WITH next AS MATERIALIZED (
  SELECT i.*, q.post_id, q.publish_time, q.sent_title, q.sent_s3_url, i.status = ANY($19::text[]) AS is_active,
         coalesce($17::timestamptz, now()) AS at, q.lease_token + i.revokes::int AS lease_token,
         CASE WHEN NOT i.revokes THEN q.given_to END AS given_to,
         CASE WHEN NOT i.closes THEN q.claim_id END AS claim_id,
         CASE WHEN i.on_late <> 'publish' THEN q.latest_at END AS latest_at,
         CASE WHEN i.status <> 'PENDING' THEN coalesce(q.send_started_at, q.last_send_at) END AS send_started_at,
         coalesce(q.send_started_at, q.last_send_at, CASE WHEN i.status = 'UNCONFIRMED' THEN q.publish_time END)
           AS last_send_at
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::bool[], $6::smallint[], $7::text[],
                $8::bool[], $9::bool[], $10::interval[], $11::text[], $12::text[], $13::text[], $14::bigint[],
                $15::text[], $16::text[], $18::text[], $20::uuid[])
      AS i(schedule_id, status, retry_count, max_retries, is_doubtful, parked, on_late, revokes, closes,
           wait, event, error, external_id, token, verdict, reason, note, given)
   CROSS JOIN LATERAL (SELECT s.* FROM schedules s WHERE s.schedule_id = i.schedule_id OFFSET 0) s
   CROSS JOIN LATERAL (
     SELECT l.post_id, l.publish_time, l.sent_title, l.sent_s3_url, l.lease_token, l.given_to, l.claim_id, l.latest_at,
            l.send_started_at, l.last_send_at
       FROM queue l WHERE l.post_id = s.post_id AND l.schedule_id = i.schedule_id
      UNION ALL
     SELECT s.post_id, s.publish_time, NULL, NULL, s.lease_token, s.given_to, s.claim_id, s.latest_at,
            NULL, s.last_send_at
      WHERE s.finished_at IS NOT NULL) q
), waits AS (
  UPDATE queue q
     SET status = n.status, retry_count = n.retry_count, max_retries = n.max_retries, is_doubtful = n.is_doubtful,
         parked = n.parked, on_late = n.on_late, latest_at = n.latest_at,
         due_at = CASE WHEN n.status = 'PENDING' AND n.parked = 0 THEN greatest(q.publish_time, now() + n.wait) END,
         not_before = CASE WHEN n.status = 'PENDING' THEN now() + n.wait END,
         lease_token = n.lease_token, given_to = n.given_to, claim_id = n.claim_id, lease_expires_at = NULL,
         send_started_at = n.send_started_at, last_send_at = n.last_send_at,
         resend_until_at = CASE WHEN NOT n.revokes THEN q.resend_until_at END
    FROM next n WHERE q.post_id = n.post_id AND q.schedule_id = n.schedule_id AND n.is_active
), ended AS (
  DELETE FROM queue q USING next n
   WHERE q.post_id = n.post_id AND q.schedule_id = n.schedule_id AND NOT n.is_active
), done AS (
  UPDATE schedules s
     SET status = e.status, wrong = e.wrong, wrong_at = CASE WHEN e.wrong <> '' THEN n.at END,
         finished_at = CASE WHEN NOT n.is_active THEN n.at END,
         retry_count = CASE WHEN NOT n.is_active THEN n.retry_count ELSE s.retry_count END,
         lease_token = CASE WHEN NOT n.is_active THEN n.lease_token ELSE s.lease_token END,
         given_to = CASE WHEN NOT n.is_active THEN n.given_to END,
         claim_id = CASE WHEN NOT n.is_active THEN n.claim_id END,
         last_send_at = CASE WHEN NOT n.is_active THEN n.last_send_at END,
         max_retries = n.max_retries, on_late = n.on_late, latest_at = n.latest_at,
         last_error = CASE WHEN n.status = 'COMPLETED' THEN n.error ELSE coalesce(n.error, s.last_error) END,
         external_id = coalesce(n.external_id, s.external_id), note = coalesce(n.note, s.note),
         version = s.version + (n.event IS NOT NULL)::int, updated_at = n.at
    FROM next n
   CROSS JOIN LATERAL (
     SELECT CASE WHEN n.is_active THEN 'PENDING' ELSE n.status END AS status,
            CASE WHEN n.is_active OR n.status = 'COMPLETED' AND n.publish_time <= now() THEN '' ELSE n.status END AS wrong) e
   WHERE s.schedule_id = n.schedule_id
  RETURNING s.*, n.status AS status_now, n.retry_count AS retry_count_now, n.is_doubtful, n.parked, n.event, n.token,
            n.verdict, n.reason, n.external_id AS given_id, n.note AS said, n.given, n.last_send_at AS sent_at,
            n.sent_title AS tried_title, n.sent_s3_url AS tried_s3_url,
            s.post_changed_at > coalesce(n.send_started_at, n.last_send_at) AS is_outdated
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, note, campaign_id)
  SELECT event, schedule_id, brand_id, post_id, platform, publish_time, status_now, retry_count_now, external_id,
         last_error, said, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done WHERE event IS NOT NULL
), tried AS (
  INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict, reason, external_id, title, s3_url,
                        digest, owner)
  SELECT schedule_id, token, coalesce(sent_at, now()), now(), verdict, reason, given_id, tried_title, tried_s3_url,
         encode(sha256(convert_to(tried_title, 'UTF8') || '\x00' || convert_to(tried_s3_url, 'UTF8')), 'hex'), given
    FROM done WHERE verdict IS NOT NULL
  ON CONFLICT (schedule_id, lease_token) DO UPDATE
     SET finished_at = excluded.finished_at, verdict = excluded.verdict, reason = excluded.reason,
         external_id = excluded.external_id)
SELECT s.*, p.title, p.campaign_id, p.s3_url, b.brand_default_timezone,
       b.on_late AS brand_on_late, b.max_lateness_seconds, c.start_date, c.end_date,
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
