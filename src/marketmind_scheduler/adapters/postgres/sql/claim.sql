-- Claim due schedules for the owner $3 and the lease $4: of each platform $1 (text[]) up to its room $2 (int[]), and of
-- all together no more than $5 (NULL: no limit), the earliest due first. Rows that others claim at the same moment are
-- passed over, so no more of a platform are locked than may be claimed. A claimed row keeps its place for everybody else:
-- it is shown as PENDING until its send begins.
--
-- No status is named: due_at is NULL wherever a row must not be claimed, and a partial index is proven by due_at alone.
UPDATE schedules s
   SET status = 'PUBLISHING', due_at = NULL, lease_token = s.lease_token + 1, lease_owner = $3, given_to = $3,
       lease_expires_at = now() + $4::interval, leased_for = $4::interval
 WHERE s.schedule_id = ANY(ARRAY(
         SELECT d.schedule_id FROM unnest($1::text[], $2::int[]) AS want(platform, room)
          CROSS JOIN LATERAL (
            SELECT q.due_at, q.schedule_id FROM schedules q
             WHERE q.platform = want.platform AND q.due_at <= now() AND (q.latest_at IS NULL OR q.latest_at > now())
             ORDER BY q.due_at, q.schedule_id LIMIT least(want.room, $5) FOR NO KEY UPDATE SKIP LOCKED) AS d
          ORDER BY d.due_at, d.schedule_id LIMIT $5))
RETURNING s.schedule_id, s.brand_id, s.platform, s.lease_token, s.publish_time, s.latest_at, s.retry_count, s.max_retries,
          s.is_doubtful, s.on_late
