-- Let nobody else into these lanes until the transaction ends, and return the rules of their brands as they were when
-- the statement began. $1: brands in the order of their ids. $2 to $4, arrays of one length: each brand again and again,
-- with its own key first and then those of its lanes, and whether it is the brand's.
-- A brand's key is shared, unless rules of it count posts of several platforms together.
SELECT b.brand_id, b.brand_default_timezone, p.version, p.rules, p.updated_at AS ruled_at, c.own, c.revision, k.locked
  FROM unnest($1::uuid[]) WITH ORDINALITY AS a(brand_id, nth)
  JOIN brands b ON b.brand_id = a.brand_id
  LEFT JOIN LATERAL (
    SELECT version, rules, is_across, updated_at FROM policies o
     WHERE o.brand_id = a.brand_id ORDER BY version DESC LIMIT 1) p ON true
 CROSS JOIN LATERAL (
   SELECT max(revision) AS revision, jsonb_agg(to_jsonb(o)) FILTER (WHERE most IS NOT NULL) AS own
     FROM (SELECT DISTINCT ON (platform) platform, revision, most, window_seconds, window_zone, reason, updated_at
             FROM platform_cap_overrides WHERE brand_id = a.brand_id ORDER BY platform, revision DESC) o) c
 CROSS JOIN LATERAL (
   SELECT count(CASE WHEN l.is_brand AND p.is_across IS NOT TRUE THEN pg_advisory_xact_lock_shared(l.key)::text
                     ELSE pg_advisory_xact_lock(l.key)::text END) AS locked
     FROM unnest($2::uuid[], $3::bigint[], $4::bool[]) AS l(brand_id, key, is_brand)
    WHERE l.brand_id = a.brand_id) k
 ORDER BY a.nth
