-- The $2 posts of the platforms $1 (text[]) that go out next, by when they are due. Held ones are not among them. Reads
-- at most $2 rows of each platform, along the index that is claimed by. Locks nothing.
SELECT s.schedule_id, s.platform, s.publish_time, s.due_at - now() AS due_in, p.post_id, p.title, b.brand_id, b.brand_name
  FROM unnest($1::text[]) AS want(platform)
 CROSS JOIN LATERAL (
   SELECT q.schedule_id, q.post_id, q.brand_id, q.platform, q.publish_time, q.due_at FROM queue q
    WHERE q.platform = want.platform AND q.due_at IS NOT NULL
    ORDER BY q.due_at, q.schedule_id LIMIT $2) s
  JOIN posts p ON p.post_id = s.post_id
  JOIN brands b ON b.brand_id = s.brand_id
 ORDER BY s.due_at, s.schedule_id LIMIT $2
