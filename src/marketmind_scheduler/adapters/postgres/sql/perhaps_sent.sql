-- Up to $3 (NULL: all) schedules of the platforms $2 (text[]) that were made at $1 or before, should have been sent by now
-- and are PENDING or PUBLISHING: for each brand and platform, in their order, how many, and their ids. Locks nothing.
-- Goes along an index, see Walk; what is being sent is few.
SELECT p.brand_id, p.platform, count(*) AS schedules, array_agg(p.schedule_id) AS ids FROM (
  SELECT * FROM (
    SELECT q.schedule_id, q.brand_id, q.platform FROM unnest($2::text[]) AS of_platform(value)
     CROSS JOIN LATERAL (
       SELECT w.* FROM queue w
        WHERE w.platform >= of_platform.value AND (w.platform, w.publish_time) <= (of_platform.value, now())
          AND w.status = 'PENDING'
        ORDER BY w.platform, w.publish_time, w.schedule_id) q
     CROSS JOIN LATERAL (SELECT s.created_at FROM schedules s WHERE s.schedule_id = q.schedule_id OFFSET 0) s
     WHERE s.created_at <= $1
     UNION ALL
    SELECT q.schedule_id, q.brand_id, q.platform FROM queue q
     CROSS JOIN LATERAL (SELECT s.created_at FROM schedules s WHERE s.schedule_id = q.schedule_id OFFSET 0) s
     WHERE q.lease_expires_at IS NOT NULL AND q.platform = ANY($2::text[]) AND q.publish_time <= now()
       AND s.created_at <= $1) found
   LIMIT $3) p
 GROUP BY p.brand_id, p.platform ORDER BY p.brand_id, p.platform
