-- Record of claims of the owner $5, whose leases are still open, that their posts are out, as settle would: what is asked
-- for most has a statement of its own, which is half as dear.
--
-- $1 to $4 are arrays of one length, an element for each claim, in the order of their schedules' ids: $1 schedule_id, $2
-- token, $3 what the receiver remarked, $4 external_id. $6 is who tells the events. Locks them in that order. Returns
-- schedule_id and status of those that were recorded.
WITH open AS MATERIALIZED (
  SELECT i.*, q.post_id, q.publish_time, q.retry_count, q.began, q.sent_title, q.sent_s3_url
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) AS i(schedule_id, token, reason, external_id)
   CROSS JOIN LATERAL (SELECT s.post_id FROM schedules s WHERE s.schedule_id = i.schedule_id OFFSET 0) s
   CROSS JOIN LATERAL (
     SELECT l.*, coalesce(l.send_started_at, l.last_send_at) AS began FROM queue l
      WHERE l.post_id = s.post_id AND l.schedule_id = i.schedule_id AND l.lease_token = i.token AND l.given_to = $5
        AND l.claim_id IS NOT NULL AND l.status = 'PUBLISHING' FOR NO KEY UPDATE) q
), ended AS (
  DELETE FROM queue q USING open o WHERE q.post_id = o.post_id
), done AS (
  UPDATE schedules s
     SET status = 'COMPLETED', finished_at = now(), wrong = CASE WHEN o.publish_time > now() THEN 'COMPLETED' ELSE '' END,
         wrong_at = CASE WHEN o.publish_time > now() THEN now() END, retry_count = o.retry_count, lease_token = o.token,
         given_to = $5, last_send_at = o.began, version = s.version + 1, updated_at = now(), last_error = NULL,
         external_id = coalesce(o.external_id, s.external_id)
    FROM open o WHERE s.schedule_id = o.schedule_id
  RETURNING o.*, s.brand_id, s.platform, s.external_id AS kept_id
), told AS (
  INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                      actor, campaign_id)
  SELECT 'schedule.completed', schedule_id, brand_id, post_id, platform, publish_time, 'COMPLETED', retry_count, kept_id,
         $6::text, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
    FROM done
), tried AS (
  INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict, reason, external_id, title, s3_url,
                        digest, owner)
  SELECT schedule_id, token, coalesce(began, now()), now(), 'accepted', reason, external_id, sent_title, sent_s3_url,
         encode(sha256(convert_to(sent_title, 'UTF8') || '\x00' || convert_to(sent_s3_url, 'UTF8')), 'hex'),
         $5
    FROM done
  ON CONFLICT (schedule_id, lease_token) DO UPDATE
     SET finished_at = excluded.finished_at, verdict = excluded.verdict, reason = excluded.reason,
         external_id = excluded.external_id)
SELECT schedule_id, 'COMPLETED' AS status FROM done
