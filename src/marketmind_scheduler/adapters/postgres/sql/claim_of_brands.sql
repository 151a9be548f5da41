-- As claim, but only schedules of the brands $6 (uuid[]): for the owner $3 and the lease $4, of each platform $1 (text[])
-- up to its room $2 (int[]), and of all together no more than $5 (NULL: no limit), the earliest due first. Rows that
-- others claim at the same moment are passed over.
--
-- Each lane is looked at along its own index, see Walk, and in the words for what waits that lead to no other. What others
-- may have in their hands is made up for by looking at twice the room; of these, only what is claimed is locked.
UPDATE schedules s
   SET status = 'PUBLISHING', due_at = NULL, lease_token = s.lease_token + 1, lease_owner = $3, given_to = $3,
       lease_expires_at = now() + $4::interval, leased_for = $4::interval
 WHERE s.schedule_id = ANY(ARRAY(
         SELECT c.schedule_id FROM unnest($1::text[], $2::int[]) AS want(platform, room)
          CROSS JOIN LATERAL (
            SELECT l.due_at, l.schedule_id
              FROM (SELECT q.due_at, q.schedule_id FROM unnest($6::uuid[]) AS own(brand_id)
                     CROSS JOIN LATERAL (
                       SELECT q.due_at, q.schedule_id FROM schedules q
                        WHERE (q.brand_id, q.platform) >= (own.brand_id, want.platform)
                          AND (q.brand_id, q.platform, q.due_at) <= (own.brand_id, want.platform, now())
                          AND q.due_at < 'infinity' AND (q.latest_at IS NULL OR q.latest_at > now())
                        ORDER BY q.brand_id, q.platform, q.due_at, q.schedule_id LIMIT 2 * want.room) q
                     ORDER BY q.due_at, q.schedule_id LIMIT 2 * want.room) d
             CROSS JOIN LATERAL (
               SELECT f.due_at, f.schedule_id FROM schedules f
                WHERE f.schedule_id = d.schedule_id AND f.due_at <= now() AND (f.latest_at IS NULL OR f.latest_at > now())
                  FOR NO KEY UPDATE SKIP LOCKED) l
             LIMIT least(want.room, $5)) c
          ORDER BY c.due_at, c.schedule_id LIMIT $5))
RETURNING s.schedule_id, s.brand_id, s.platform, s.lease_token, s.publish_time, s.latest_at, s.retry_count, s.max_retries,
          s.is_doubtful, s.on_late
