-- Claim due schedules and record that their sends begin: for the owner $9 under the id $10 and the lease $11, as many as
-- are wanted of each and of all together no more than $12 (NULL: no limit), the earliest due first; with $13 (uuid[], NULL:
-- all) only those of these brands. Rows that others claim at the same moment are passed over, so no more are locked than
-- may be claimed. Committed before the network is touched. They are met where they lie: nobody looks for them again.
--
-- $1 to $6 are arrays of one length, an element for each that is wanted: $1 platform, $2 room, $3 resend_window,
-- $4 least_lease, $5 how long ago it may have become due, see Looks, $6 the brand that is meant (NULL: all but those that
-- are left out). $7 (int[]) and $8 (uuid[]) are brands that are left out: of which element, and which.
--
-- Passed over is what may be out already unless its receiver certainly drops a repeat for the least_lease
-- (domain.lifecycle.may_be_claimed). A repeat does not prolong the window of the send that it repeats.
--
-- No status is named: due_at is NULL wherever a row must not be claimed, and a partial index is proven by due_at alone.
-- Lanes are looked at along their own index, see Walk, and in the words for what waits that lead to no other. Of several
-- brands, what others may have in their hands is made up for by looking at twice the room.
WITH wanted AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::int[], $3::interval[], $4::interval[], $5::interval[], $6::uuid[])
    WITH ORDINALITY AS w(platform, room, resend_window, least_lease, ago, brand_id, nth)
), due AS MATERIALIZED (
  SELECT * FROM (
    SELECT w.nth, w.resend_window, d.* FROM wanted w
     CROSS JOIN LATERAL (
       SELECT q.due_at, q.schedule_id, q.post_id, q.ctid AS place FROM queue q
        WHERE q.platform = w.platform AND q.due_at >= now() - w.ago AND q.due_at <= now()
          AND (q.latest_at IS NULL OR q.latest_at > now())
          AND (NOT q.is_doubtful OR (w.resend_window IS NOT NULL AND q.resend_until_at >= now() + w.least_lease))
          AND q.brand_id <> ALL(ARRAY(SELECT o.brand_id FROM unnest($7::int[], $8::uuid[]) AS o(nth, brand_id)
                                       WHERE o.nth = w.nth))
        ORDER BY q.due_at, q.schedule_id LIMIT least(w.room, $12) FOR NO KEY UPDATE SKIP LOCKED) d
     WHERE w.brand_id IS NULL AND $13::uuid[] IS NULL
    UNION ALL
    SELECT w.nth, w.resend_window, d.* FROM wanted w
     CROSS JOIN LATERAL (
       SELECT q.due_at, q.schedule_id, q.post_id, q.ctid AS place FROM queue q
        WHERE (q.brand_id, q.platform, q.due_at) >= (w.brand_id, w.platform, now() - w.ago)
          AND (q.brand_id, q.platform, q.due_at) <= (w.brand_id, w.platform, now()) AND q.due_at < 'infinity'
          AND (q.latest_at IS NULL OR q.latest_at > now())
          AND (NOT q.is_doubtful OR (w.resend_window IS NOT NULL AND q.resend_until_at >= now() + w.least_lease))
        ORDER BY q.brand_id, q.platform, q.due_at, q.schedule_id LIMIT least(w.room, $12)
          FOR NO KEY UPDATE SKIP LOCKED) d
     WHERE w.brand_id IS NOT NULL
    UNION ALL
    SELECT w.nth, w.resend_window, d.* FROM wanted w
     CROSS JOIN LATERAL (
       SELECT l.due_at, l.schedule_id, l.post_id, l.place FROM (
           SELECT q.due_at, q.schedule_id, q.place FROM unnest($13::uuid[]) AS own(brand_id)
            CROSS JOIN LATERAL (
              SELECT q.due_at, q.schedule_id, q.post_id, q.ctid AS place FROM queue q
               WHERE (q.brand_id, q.platform) >= (own.brand_id, w.platform)
                 AND (q.brand_id, q.platform, q.due_at) <= (own.brand_id, w.platform, now()) AND q.due_at < 'infinity'
                 AND (q.latest_at IS NULL OR q.latest_at > now())
                 AND (NOT q.is_doubtful OR (w.resend_window IS NOT NULL AND q.resend_until_at >= now() + w.least_lease))
               ORDER BY q.brand_id, q.platform, q.due_at, q.schedule_id LIMIT 2 * w.room) q
            WHERE own.brand_id <> ALL(ARRAY(SELECT o.brand_id FROM unnest($7::int[], $8::uuid[]) AS o(nth, brand_id)
                                             WHERE o.nth = w.nth))
            ORDER BY q.due_at, q.schedule_id LIMIT 2 * w.room) q
        CROSS JOIN LATERAL (
          SELECT f.due_at, f.schedule_id, f.post_id, f.ctid AS place FROM queue f
           WHERE f.ctid = q.place AND f.due_at <= now() AND (f.latest_at IS NULL OR f.latest_at > now())
             FOR NO KEY UPDATE SKIP LOCKED) l
        LIMIT least(w.room, $12)) d
     WHERE w.brand_id IS NULL AND $13 IS NOT NULL) found
   ORDER BY due_at, schedule_id LIMIT $12
)
UPDATE queue s
   SET status = 'PUBLISHING', due_at = NULL, lease_token = s.lease_token + 1, claim_id = $10, given_to = $9,
       lease_expires_at = now() + $11::interval, leased_for = $11::interval, send_started_at = now(),
       sent_title = p.title, sent_s3_url = p.s3_url,
       resend_until_at = CASE WHEN s.is_doubtful THEN least(s.resend_until_at, now() + d.resend_window)
                              ELSE now() + d.resend_window END
  FROM due d, posts p
 WHERE s.ctid = d.place AND p.post_id = d.post_id
RETURNING s.schedule_id, s.brand_id, s.platform, s.lease_token, s.publish_time, s.latest_at, s.retry_count,
          s.max_retries, s.is_doubtful, s.on_late, s.post_id, s.send_started_at - s.publish_time AS late_by,
          p.campaign_id, p.title, p.s3_url, d.nth, s.send_started_at - d.due_at AS was_due_for
