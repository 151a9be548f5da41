-- The post $1 within the brands $2 (uuid[], NULL: all), deleted or not, with all that decides whether it may get a
-- schedule: the rules of its brand, the newest zone rules that were used, whether a schedule of it is active, and
-- whether one is COMPLETED or was when it was forgotten. post_row and brand_row are the versions of their rows. Locks
-- nothing.
SELECT p.post_id, p.brand_id, p.campaign_id, p.title, p.s3_url, p.platform, p.position, p.created_at, p.updated_at,
       p.deleted_at, p.xmin AS post_row, b.xmin AS brand_row, b.brand_default_timezone,
       r.version, r.rules, r.ruled_at, c.own, c.revision,
       (SELECT max(tz_release COLLATE "C") FROM tz_releases) AS newest_release,
       EXISTS (SELECT FROM schedules s WHERE s.post_id = p.post_id AND s.finished_at IS NULL OFFSET 0) AS is_scheduled,
       EXISTS (SELECT FROM schedules s WHERE s.post_id = p.post_id AND s.status = 'COMPLETED' OFFSET 0)
         OR EXISTS (SELECT FROM forgotten_schedules f
                     WHERE f.post_id = p.post_id AND f.status = 'COMPLETED' OFFSET 0) AS is_published
  FROM posts p
  JOIN brands b ON b.brand_id = p.brand_id
  LEFT JOIN LATERAL (
    SELECT o.version, o.rules, o.updated_at AS ruled_at FROM policies o
     WHERE o.brand_id = p.brand_id ORDER BY o.version DESC LIMIT 1) r ON true
 CROSS JOIN LATERAL (
   SELECT max(revision) AS revision, jsonb_agg(to_jsonb(o)) FILTER (WHERE most IS NOT NULL) AS own
     FROM (SELECT DISTINCT ON (platform) platform, revision, most, window_seconds, window_zone, reason, updated_at
             FROM platform_cap_overrides WHERE brand_id = p.brand_id ORDER BY platform, revision DESC) o) c
 WHERE p.post_id = $1 AND ($2::uuid[] IS NULL OR p.brand_id = ANY($2::uuid[]))
