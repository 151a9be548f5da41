-- How long until the next is due of what claim is to be asked for, negative when it is overdue, NULL without one: $1
-- platform, $2 resend_window, $3 least_lease, $4 how long ago, $5 brand_id; $6 and $7 the brands that are left out, $8
-- those that are meant at all, each as there.
SELECT min(d.due_at) - now()
  FROM unnest($1::text[], $2::interval[], $3::interval[], $4::interval[], $5::uuid[])
    WITH ORDINALITY AS w(platform, resend_window, least_lease, ago, brand_id, nth)
 CROSS JOIN LATERAL (
   (SELECT q.due_at FROM queue q
     WHERE w.brand_id IS NULL AND $8::uuid[] IS NULL AND q.platform = w.platform AND q.due_at >= now() - w.ago
       AND (q.latest_at IS NULL OR q.latest_at > now())
       AND (NOT q.is_doubtful OR (w.resend_window IS NOT NULL AND q.resend_until_at >= now() + w.least_lease))
       AND q.brand_id <> ALL(ARRAY(SELECT o.brand_id FROM unnest($6::int[], $7::uuid[]) AS o(nth, brand_id)
                                    WHERE o.nth = w.nth))
     ORDER BY q.due_at, q.schedule_id LIMIT 1)
   UNION ALL
   SELECT l.due_at FROM unnest(CASE WHEN w.brand_id IS NOT NULL THEN ARRAY[w.brand_id] ELSE $8 END) AS own(brand_id)
    CROSS JOIN LATERAL (
      SELECT q.due_at FROM queue q
       WHERE (q.brand_id, q.platform, q.due_at) >= (own.brand_id, w.platform, now() - w.ago)
         AND (q.brand_id, q.platform) <= (own.brand_id, w.platform) AND q.due_at < 'infinity'
         AND (q.latest_at IS NULL OR q.latest_at > now())
         AND (NOT q.is_doubtful OR (w.resend_window IS NOT NULL AND q.resend_until_at >= now() + w.least_lease))
       ORDER BY q.brand_id, q.platform, q.due_at, q.schedule_id LIMIT 1) l
    WHERE w.brand_id IS NOT NULL
       OR own.brand_id <> ALL(ARRAY(SELECT o.brand_id FROM unnest($6::int[], $7::uuid[]) AS o(nth, brand_id)
                                     WHERE o.nth = w.nth))) d
