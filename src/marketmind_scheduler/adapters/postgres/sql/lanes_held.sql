-- The lanes of the platforms $1 (text[]) with something held for having no receiver: brand_id and platform, once each.
-- 16 is the bit of the hold in parked. Goes from the first of each lane to the first of the next, however much is held.
WITH RECURSIVE held AS (
  SELECT f.brand_id, f.platform FROM unnest($1::text[]) AS want(platform)
   CROSS JOIN LATERAL (
     SELECT q.brand_id, q.platform FROM queue q
      WHERE q.platform BETWEEN want.platform AND want.platform AND q.parked & 16 <> 0
      ORDER BY q.platform, q.brand_id LIMIT 1) f
   UNION ALL
  SELECT n.brand_id, n.platform FROM held h
   CROSS JOIN LATERAL (
     SELECT q.brand_id, q.platform FROM queue q
      WHERE (q.platform, q.brand_id) > (h.platform, h.brand_id) AND q.platform <= h.platform AND q.parked & 16 <> 0
      ORDER BY q.platform, q.brand_id LIMIT 1) n)
SELECT brand_id, platform FROM held
