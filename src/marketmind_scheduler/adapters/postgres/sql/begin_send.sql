-- The fence: record that sends of the owner $4 begin, each with the array elements $1 schedule_id, $2 token,
-- $3 resend_window. Committed before the network is touched; only what it returns may be sent, and each of it once.
--
-- Passed over is what was cancelled, moved or paused since the claim, what is not due or too late, what has less than $5
-- left of its lease, and what may be out already unless its receiver certainly drops a repeat for that long
-- (domain.lifecycle.may_begin). A repeat does not prolong the window of the send that it repeats.
-- Locks them in the order of their ids, as settle does.
-- That is asked of the given ids, so that each looks for its row; of the rows, each would look for its id.
-- The coalesces keep the planner from walking the indexes of statuses and leases once for each item.
UPDATE schedules s
   SET send_started_at = now(), sent_title = p.title, sent_s3_url = p.s3_url,
       resend_until_at = CASE WHEN s.is_doubtful THEN least(s.resend_until_at, now() + i.resend_window)
                              ELSE now() + i.resend_window END
  FROM unnest($1::uuid[], $2::bigint[], $3::interval[]) AS i(schedule_id, token, resend_window), posts p
 WHERE s.schedule_id = i.schedule_id AND p.post_id = s.post_id
   AND i.schedule_id = ANY(ARRAY(
         SELECT l.schedule_id FROM schedules l
          WHERE l.schedule_id = ANY($1::uuid[]) ORDER BY l.schedule_id FOR NO KEY UPDATE))
   AND s.lease_token = i.token AND s.lease_owner = $4 AND coalesce(s.status, '') = 'PUBLISHING'
   AND s.send_started_at IS NULL
   AND coalesce(s.lease_expires_at, '-infinity') >= now() + $5::interval
   AND s.publish_time <= now() AND (s.latest_at IS NULL OR s.latest_at > now())
   AND (NOT s.is_doubtful OR (i.resend_window IS NOT NULL AND s.resend_until_at >= now() + $5::interval))
RETURNING s.schedule_id, s.lease_token, p.post_id, p.campaign_id, p.title, p.s3_url, s.publish_time,
          s.send_started_at - s.publish_time AS late_by
