-- Lock what waits on the lanes of the brands $1 (uuid[]) and platforms $2 (text[]), an element of each for each lane: all
-- whose publish time comes within $3 (interval). Rows that others work on are passed over. Returns them in the order of
-- their lanes and publish times, each with the present moment and when the lane last sent what has one of the statuses $4
-- (text[]) or is doubtful, NULL where it has not since a day before the earliest that waits.
--
-- Each look goes along one index, whatever the planner has been told: rows are compared as wholes, see Walk, and the
-- concatenation keeps it from an index of platforms.
SELECT l.brand_id, l.platform, w.schedule_id, w.post_id, w.publish_time, w.due_at, now() AS now, sent.last_sent
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS l(brand_id, platform, nth)
 CROSS JOIN LATERAL (
   SELECT f.publish_time FROM queue f
    WHERE (f.brand_id, f.platform) >= (l.brand_id, l.platform) AND (f.brand_id, f.platform) <= (l.brand_id, l.platform)
      AND f.due_at > '-infinity'
    ORDER BY f.brand_id, f.platform, f.publish_time, f.schedule_id LIMIT 1) first
 CROSS JOIN LATERAL (
   SELECT max(coalesce(q.send_started_at, q.last_send_at, s.last_send_at)) AS last_sent
     FROM schedules s
     LEFT JOIN LATERAL (
       SELECT o.* FROM queue o
        WHERE s.finished_at IS NULL AND o.post_id BETWEEN s.post_id AND s.post_id ORDER BY o.post_id LIMIT 1) q ON true
    WHERE s.brand_id = l.brand_id AND (s.brand_id, s.publish_time) >= (l.brand_id, first.publish_time - interval '1 day')
      AND (s.brand_id, s.publish_time) <= (l.brand_id, now()) AND s.platform || '' = l.platform
      AND (coalesce(q.status, s.status) = ANY($4::text[]) OR q.is_doubtful)) sent
 CROSS JOIN LATERAL (
   SELECT s.schedule_id, s.post_id, s.publish_time, s.due_at FROM queue s
    WHERE (s.brand_id, s.platform) >= (l.brand_id, l.platform)
      AND (s.brand_id, s.platform, s.publish_time) <= (l.brand_id, l.platform, now() + $3::interval) AND s.due_at > '-infinity'
    ORDER BY s.brand_id, s.platform, s.publish_time, s.schedule_id FOR NO KEY UPDATE SKIP LOCKED) w
 ORDER BY l.nth, w.publish_time, w.schedule_id
