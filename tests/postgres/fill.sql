-- 300,000 schedules of 2,000 brands, and a big one besides, with all that stands beside them.
-- Ids are numbers. Small brands have the numbers 1 to 2000, and one campaign of 125 posts each, with the numbers from
-- 1000 * brand on: the first half is over, the rest ahead; of 1,000 brands one is due at the same instant. The brand
-- 9001 has the campaigns 9001 (10,000 ahead), 9002 (10,000 posts, none scheduled) and 9003 (30,000 cancelled long ago);
-- the brand 9002 has 9004 (2,000 ahead) and 9005 (2,000 posts, none scheduled), which are changed.
CREATE FUNCTION id(number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql RETURN lpad(to_hex(number), 32, '0')::uuid;
CREATE FUNCTION fill_posts(campaign bigint, brand bigint, first bigint, posts int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO campaigns (campaign_id, brand_id, name, goal, start_date, end_date, status, created_at, updated_at)
  VALUES (id(campaign), id(brand), '', '', '2026-01-01', '2026-12-31', 'SCHEDULED', now(), now());
  INSERT INTO posts (post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at)
  SELECT id(n), id(brand), id(campaign), 'title of ' || n, 's3://bucket/key',
         (ARRAY['TWITTER', 'TIKTOK', 'REDDIT'])[1 + n % 3], now(), now()
    FROM generate_series(first, first + posts - 1) n;
$$;
CREATE FUNCTION fill_schedules(brand bigint, first bigint, posts int, starts timestamptz, status text) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO schedules (schedule_id, post_id, brand_id, platform, publish_time, status, retry_count, intent, timezone,
                         resolution, tz_release, version, created_at, updated_at, finished_at, wrong, wrong_at,
                         last_send_at, external_id)
  SELECT id(n), id(n), id(brand), (ARRAY['TWITTER', 'TIKTOK', 'REDDIT'])[1 + n % 3], t.at, fill_schedules.status, 0,
         'instant', 'UTC', 'exact', '2026f', 1, now(), now(),
         CASE WHEN fill_schedules.status <> 'PENDING' THEN t.at END,
         CASE WHEN fill_schedules.status IN ('PENDING', 'COMPLETED') THEN '' ELSE fill_schedules.status END,
         CASE WHEN fill_schedules.status NOT IN ('PENDING', 'COMPLETED') THEN t.at END,
         CASE WHEN fill_schedules.status = 'COMPLETED' THEN t.at END,
         CASE WHEN fill_schedules.status = 'COMPLETED' THEN 'x' END
    FROM generate_series(first, first + posts - 1) n
   CROSS JOIN LATERAL (SELECT starts + (n - first) * interval '37 minutes' AS at) t;
  INSERT INTO queue (post_id, schedule_id, brand_id, platform, publish_time, due_at, on_late)
  SELECT id(n), id(n), id(brand), (ARRAY['TWITTER', 'TIKTOK', 'REDDIT'])[1 + n % 3], t.at, t.at, 'publish'
    FROM generate_series(first, first + posts - 1) n
   CROSS JOIN LATERAL (SELECT starts + (n - first) * interval '37 minutes' AS at) t
   WHERE fill_schedules.status = 'PENDING';
$$;
CREATE FUNCTION fill_brand(brand bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
  VALUES (id(brand), '', 'UTC', '', now(), now());
  SELECT fill_posts(brand, brand, brand * 1000, 125);
  SELECT fill_schedules(brand, brand * 1000, 62, now() - interval '60 days' + brand * interval '1 second', 'COMPLETED');
  SELECT fill_schedules(brand, brand * 1000 + 62, 63, now() + interval '1 hour' + brand * interval '1 second', 'PENDING');
$$;
