-- Lanes that may be behind and are about to send: of each platform $1 (text[]) the brands that have something due within
-- $3, and whose earliest post has waited for longer than $2 or was put off by $4 (intervals). Returns brand_id and platform
-- in their order; locks nothing. Goes by the index of what is due, then looks up the earliest that waits on each lane.
SELECT soon.brand_id, soon.platform
  FROM (SELECT DISTINCT s.brand_id, s.platform FROM unnest($1::text[]) AS want(platform)
         CROSS JOIN LATERAL (
           SELECT q.brand_id, q.platform FROM queue q
            WHERE q.platform = want.platform AND q.due_at <= now() + $3::interval OFFSET 0) s) soon
 CROSS JOIN LATERAL (
   SELECT w.publish_time, w.due_at FROM queue w
    WHERE (w.brand_id, w.platform) >= (soon.brand_id, soon.platform)
      AND (w.brand_id, w.platform) <= (soon.brand_id, soon.platform) AND w.due_at > '-infinity'
    ORDER BY w.brand_id, w.platform, w.publish_time, w.schedule_id LIMIT 1) first
 WHERE first.publish_time < now() - $2::interval OR first.due_at >= first.publish_time + $4::interval
 ORDER BY soon.brand_id, soon.platform
