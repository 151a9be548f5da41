-- Record how claims of the owner $12 ended, whose leases are still open. What is recorded was decided in
-- domain.lifecycle.after_verdict; a claim that is not open any more is passed over.
--
-- $1 to $11 and $14 are arrays of one length, an element for each claim, in the order of their schedules' ids:
-- $1 schedule_id, $2 token, $3 the next status, $4 the kind of the event or NULL, $5 retry_count, $6 is_doubtful, $7
-- whether this holds only while a repeat is certainly dropped by its receiver, $8 how long a repeat waits at least, $9
-- verdict, $10 reason, $11 external_id, $14 whether it is held for being late from now on. $13 is who tells the events,
-- $15 (text[]) the statuses that are not final.
-- The clock decides the one thing that nobody else can: where a repeat is not dropped any more by then, the schedule is
-- UNCONFIRMED instead, as after_verdict's ``otherwise`` says.
-- Locks them in that order, so that whoever pauses meanwhile waits instead of blocking. Clearing the claim makes a repeated
-- settlement harmless. Returns schedule_id and status of those that were recorded.
WITH next AS MATERIALIZED (
  SELECT i.*, q.post_id, q.publish_time, q.parked, q.max_retries, q.began, q.sent_title, q.sent_s3_url,
         n.status, n.status = ANY($15::text[]) AS is_active,
         CASE WHEN o.is_over THEN q.retry_count ELSE i.retries END AS retry_count,
         CASE WHEN n.status = i.to_status THEN i.event ELSE 'schedule.unconfirmed' END AS told,
         o.is_over OR i.event IS NOT NULL AS is_told
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::int[], $6::bool[], $7::bool[], $8::interval[],
                $9::text[], $10::text[], $11::text[], $14::bool[])
      AS i(schedule_id, token, to_status, event, retries, is_doubtful, while_dropped, wait, verdict, reason,
           external_id, is_late)
   CROSS JOIN LATERAL (SELECT s.post_id FROM schedules s WHERE s.schedule_id = i.schedule_id OFFSET 0) s
   CROSS JOIN LATERAL (
     SELECT l.*, coalesce(l.send_started_at, l.last_send_at) AS began FROM queue l
      WHERE l.post_id = s.post_id AND l.schedule_id = i.schedule_id AND l.lease_token = i.token AND l.given_to = $12
        AND l.claim_id IS NOT NULL AND l.status = 'PUBLISHING' FOR NO KEY UPDATE) q
   CROSS JOIN LATERAL (SELECT i.while_dropped AND coalesce(q.resend_until_at <= now() + i.wait, true) AS is_over) o
   CROSS JOIN LATERAL (SELECT CASE WHEN o.is_over THEN 'UNCONFIRMED' ELSE i.to_status END AS status) n
), waits AS (
  UPDATE queue q
     SET status = n.status, retry_count = n.retry_count, is_doubtful = n.is_doubtful,
         due_at = CASE WHEN n.status = 'PENDING' AND q.parked = 0 AND NOT n.is_late
                       THEN greatest(q.publish_time, now() + n.wait) END,
         not_before = CASE WHEN n.status = 'PENDING' THEN now() + n.wait END,
         parked = CASE WHEN n.is_late THEN q.parked | 8::smallint ELSE q.parked END,
         send_started_at = CASE WHEN n.status <> 'PENDING' THEN n.began END, last_send_at = n.began,
         claim_id = NULL, lease_expires_at = NULL
    FROM next n WHERE q.post_id = n.post_id AND n.is_active
), ended AS (
  DELETE FROM queue q USING next n WHERE q.post_id = n.post_id AND NOT n.is_active
), done AS (
  UPDATE schedules s
     SET status = e.status, wrong = e.wrong, wrong_at = CASE WHEN e.wrong <> '' THEN now() END,
         finished_at = CASE WHEN NOT n.is_active THEN now() END,
         retry_count = CASE WHEN NOT n.is_active THEN n.retry_count ELSE s.retry_count END,
         lease_token = CASE WHEN NOT n.is_active THEN n.token ELSE s.lease_token END,
         given_to = CASE WHEN NOT n.is_active THEN $12 END, last_send_at = CASE WHEN NOT n.is_active THEN n.began END,
         version = s.version + n.is_told::int, updated_at = now(),
         last_error = CASE WHEN n.verdict <> 'accepted' THEN coalesce(n.reason, s.last_error) END,
         external_id = coalesce(n.external_id, s.external_id)
    FROM next n
   CROSS JOIN LATERAL (
     SELECT CASE WHEN n.is_active THEN 'PENDING' ELSE n.status END AS status,
            CASE WHEN n.is_active OR n.status = 'COMPLETED' AND n.publish_time <= now() THEN '' ELSE n.status END AS wrong) e
   WHERE s.schedule_id = n.schedule_id
  RETURNING n.*, s.brand_id, s.platform, s.last_error, s.external_id AS kept_id
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, actor, campaign_id)
  SELECT told, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, kept_id, last_error,
         $13::text, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done WHERE told IS NOT NULL
), tried AS (
  INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict, reason, external_id, title, s3_url,
                        digest, owner)
  SELECT schedule_id, token, coalesce(began, now()), now(), verdict, reason, external_id, sent_title, sent_s3_url,
         encode(sha256(convert_to(sent_title, 'UTF8') || '\x00' || convert_to(sent_s3_url, 'UTF8')), 'hex'),
         $12
    FROM done WHERE verdict <> 'unsent'
  ON CONFLICT (schedule_id, lease_token) DO UPDATE
     SET finished_at = excluded.finished_at, verdict = excluded.verdict, reason = excluded.reason,
         external_id = excluded.external_id)
SELECT schedule_id, status FROM done
