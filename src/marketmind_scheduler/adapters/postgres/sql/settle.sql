-- Record how claims of the owner $12 ended, whose leases are still open. What is recorded was decided in
-- domain.lifecycle.after_verdict; a claim that is not open any more is passed over.
--
-- $1 to $11 and $14 are arrays of one length, an element for each claim: $1 schedule_id, $2 token, $3 the next status,
-- $4 the kind of the event or NULL, $5 retry_count, $6 is_doubtful, $7 whether this holds only while a repeat is
-- certainly dropped by its receiver, $8 how long a repeat waits at least, $9 verdict, $10 reason, $11 external_id, $14
-- whether it is held for being late from now on. $13 is who tells the events, $15 (text[]) the statuses that
-- are not final.
-- The clock decides the one thing that nobody else can: where a repeat is not dropped any more by then, the schedule is
-- UNCONFIRMED instead, as after_verdict's ``otherwise`` says.
-- Locks them in the order of their ids, so that whoever pauses meanwhile waits instead of blocking.
-- That is asked of the given ids, so that each looks for its row; of the rows, each would look for its id.
-- Clearing the owner makes a repeated settlement harmless. Returns schedule_id and status of those that were recorded.
WITH done AS (
  UPDATE schedules s
     SET (status, retry_count, version, due_at, not_before, finished_at, send_started_at, parked) = (
           SELECT n.status, CASE WHEN n.is_over THEN s.retry_count ELSE i.retry_count END,
                  s.version + (n.is_over OR i.event IS NOT NULL)::int,
                  CASE WHEN n.status = 'PENDING' AND s.parked = 0 AND NOT i.is_late
                       THEN greatest(s.publish_time, now() + i.wait) END,
                  CASE WHEN n.status = 'PENDING' THEN now() + i.wait END,
                  CASE WHEN n.status <> ALL($15::text[]) THEN now() END,
                  CASE WHEN n.status <> 'PENDING' THEN coalesce(s.send_started_at, s.last_send_at) END,
                  CASE WHEN n.status <> ALL($15::text[]) THEN 0
                       WHEN i.is_late THEN s.parked | 8 ELSE s.parked END
             FROM (SELECT o.is_over, CASE WHEN o.is_over THEN 'UNCONFIRMED' ELSE i.status END AS status
                     FROM (SELECT i.while_dropped AND coalesce(s.resend_until_at <= now() + i.wait, true) AS is_over) o
                  ) n),
         is_doubtful = i.is_doubtful, last_send_at = coalesce(s.send_started_at, s.last_send_at),
         lease_owner = NULL, lease_expires_at = NULL, updated_at = now(),
         last_error = CASE WHEN i.verdict <> 'accepted' THEN coalesce(i.reason, s.last_error) END,
         external_id = coalesce(i.external_id, s.external_id)
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::int[], $6::bool[], $7::bool[], $8::interval[],
                $9::text[], $10::text[], $11::text[], $14::bool[])
      AS i(schedule_id, token, status, event, retry_count, is_doubtful, while_dropped, wait, verdict, reason,
           external_id, is_late)
   WHERE s.schedule_id = i.schedule_id AND s.lease_token = i.token AND s.given_to = $12 AND s.lease_owner IS NOT NULL
     AND coalesce(s.status, '') = 'PUBLISHING'
     AND i.schedule_id = ANY(ARRAY(
           SELECT l.schedule_id FROM schedules l
            WHERE l.schedule_id = ANY($1::uuid[]) ORDER BY l.schedule_id FOR NO KEY UPDATE))
  RETURNING s.*, CASE WHEN s.status = i.status THEN i.event ELSE 'schedule.unconfirmed' END AS event, i.verdict,
            i.reason, i.external_id AS given_id
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      error, actor, campaign_id)
  SELECT event, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id, last_error,
         $13::text, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done WHERE event IS NOT NULL
), tried AS (
  INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict, reason, external_id, title, s3_url,
                        digest, owner)
  SELECT schedule_id, lease_token, coalesce(last_send_at, now()), now(), verdict, reason, given_id, sent_title, sent_s3_url,
         encode(sha256(convert_to(sent_title, 'UTF8') || '\x00' || convert_to(sent_s3_url, 'UTF8')), 'hex'),
         $12
    FROM done WHERE verdict <> 'unsent'
  ON CONFLICT (schedule_id, lease_token) DO UPDATE
     SET finished_at = excluded.finished_at, verdict = excluded.verdict, reason = excluded.reason,
         external_id = excluded.external_id)
SELECT schedule_id, status FROM done
