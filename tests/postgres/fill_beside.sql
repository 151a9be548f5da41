INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
VALUES (id(9001), '', 'UTC', '', now(), now()), (id(9002), '', 'UTC', '', now(), now());
SELECT fill_posts(9001, 9001, 10000000, 10000);
SELECT fill_schedules(9001, 10000000, 10000, now() + interval '1 day', 'PENDING');
SELECT fill_posts(9002, 9001, 11000000, 10000);
SELECT fill_posts(9003, 9001, 12000000, 30000);
SELECT fill_schedules(9001, 12000000, 30000, now() - interval '3 years', 'CANCELLED');
SELECT fill_posts(9004, 9002, 13000000, 2000);
SELECT fill_schedules(9002, 13000000, 2000, now() + interval '1 day', 'PENDING');
SELECT fill_posts(9005, 9002, 14000000, 2000);
UPDATE schedules SET finished_at = now() - interval '90 days', wrong_at = now() - interval '90 days',
       publish_time = now() - interval '90 days'
 WHERE status = 'CANCELLED';
-- one of each of a thousand brands at one instant, which has just been
UPDATE queue SET publish_time = now() - interval '10 seconds', due_at = now() - interval '10 seconds'
 WHERE schedule_id = ANY(ARRAY(SELECT id(n * 1000 + 62) FROM generate_series(1, 1000) n));
UPDATE queue SET due_at = NULL, parked = 16
 WHERE schedule_id = ANY(ARRAY(SELECT id(n * 1000 + m) FROM generate_series(1501, 1510) n, generate_series(63, 120) m));
UPDATE queue SET status = 'PUBLISHING', due_at = NULL, lease_token = 1, claim_id = id(7),
       lease_expires_at = now() - interval '1 minute', send_started_at = now() - interval '2 minutes'
 WHERE schedule_id = ANY(ARRAY(SELECT id(n * 1000 + 70) FROM generate_series(1601, 1640) n));
UPDATE queue SET status = 'UNCONFIRMED', due_at = NULL, is_doubtful = true, last_send_at = now()
 WHERE schedule_id = ANY(ARRAY(SELECT id(n * 1000 + 71) FROM generate_series(1601, 1603) n));
UPDATE schedules SET status = 'FAILED', wrong = 'FAILED', last_error = 'it was refused', finished_at = now(),
       wrong_at = now()
 WHERE schedule_id = ANY(ARRAY(SELECT id(n * 1000) FROM generate_series(1701, 1720) n));
UPDATE queue SET on_late = 'skip', latest_at = now() - interval '1 second',
       publish_time = now() - interval '1 hour', due_at = now() - interval '1 hour'
 WHERE schedule_id = ANY(ARRAY(SELECT id(n * 1000 + 80) FROM generate_series(1801, 1820) n));
UPDATE schedules s SET publish_time = q.publish_time, on_late = q.on_late, latest_at = q.latest_at FROM queue q
 WHERE s.schedule_id = q.schedule_id AND s.publish_time <> q.publish_time;
INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict)
SELECT schedule_id, 1, now(), now(), 'accepted' FROM schedules WHERE finished_at IS NOT NULL;
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, occurred_at, error)
SELECT 'schedule.scheduled', schedule_id, brand_id, post_id, platform, publish_time, status, 0,
       now() - interval '90 days', CASE WHEN n % 1000 = 0 THEN 'it was refused' END
  FROM (SELECT s.*, row_number() OVER () AS n FROM schedules s) s;
SELECT setval('final_events', max(position)) FROM events;
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count)
SELECT 'schedule.scheduled', schedule_id, brand_id, post_id, platform, publish_time, status, 0 FROM schedules LIMIT 3000;
INSERT INTO forgotten_schedules (schedule_id, post_id, status, is_dry_run)
SELECT id(90000000 + n), id(n * 1000), 'COMPLETED', false FROM generate_series(1, 2000) n;
INSERT INTO tz_releases VALUES ('2026f', now());
INSERT INTO previews (plan_id, brand_id, campaign_id, status, plan_hash, said, created_at, expires_at, schedule_ids)
SELECT id(n), id(1 + n % 2000), id(1 + n % 2000), (ARRAY['committed', 'open'])[1 + n % 2], '', '{}',
       now() - interval '40 days', NULL, '{}'
  FROM generate_series(1, 10000) n;
INSERT INTO reservations (plan_id, brand_id, platform, publish_time, expires_at)
SELECT id(n), id(1 + n % 2000), 'TWITTER', now(), now() + interval '1 hour' FROM generate_series(1, 5000) n;
INSERT INTO preparations (plan_id, brand_id, campaign_id, begun_at, deadline)
SELECT id(n), id(1 + n % 2000), id(1 + n % 2000), now(), now() FROM generate_series(1, 2000) n;
INSERT INTO agent_runs (run_id, plan_id, brand_id, at, said, chain_hash)
SELECT id(n), id(n), id(1 + n % 2000), now(), '{"exchange": null}', '' FROM generate_series(1, 10000) n;
INSERT INTO agent_texts SELECT position, brand_id, brand_id, now(), '{}' FROM agent_runs;
INSERT INTO agent_costs SELECT id(1 + n % 2000), now()::date - n / 2000, 1 FROM generate_series(1, 12000) n;
INSERT INTO policies (brand_id, version, rules, is_across, updated_at)
SELECT id(n), v, '[]', false, now() FROM generate_series(1, 2000) n, generate_series(1, 3) v;
INSERT INTO platform_cap_overrides (brand_id, revision, platform, most, window_seconds, reason, updated_at)
SELECT id(n), 1, 'TWITTER', 5, 86400, '', now() FROM generate_series(1, 2000, 100) n;
INSERT INTO observations (brand_id, observation_id, platform, figure, value, measured_at, is_paid, post_id)
SELECT id(n), m::text, 'TWITTER', 'views', 1, now(), false, id(n * 1000 + m)
  FROM generate_series(1, 2000) n, generate_series(0, 19) m;
INSERT INTO profiles SELECT id(n), 'TWITTER', now() - m * interval '1 day', '', '{}'
  FROM generate_series(1, 2000) n, generate_series(0, 3) m;
INSERT INTO refits SELECT id(n), 'TWITTER', now() + interval '1 hour' - (n % 100 = 0)::int * interval '1 day'
  FROM generate_series(1, 2000) n;
INSERT INTO api_keys (key_id, name, digest, scopes, created_at, expires_at)
SELECT lpad(to_hex(n), 12, '0'), n::text, decode(repeat('00', 32), 'hex'), '{admin}', now(), now() + interval '1 day'
  FROM generate_series(1, 2000) n;
INSERT INTO rate_limits SELECT n::text, now() + interval '1 hour' FROM generate_series(1, 20000) n;
INSERT INTO idempotency_keys (scope, fingerprint, status, headers, body, expires_at, ids)
SELECT decode(lpad(to_hex(n), 16, '0'), 'hex'), '', 200, '[]', '', now() + interval '1 hour', ARRAY[id(n)]
  FROM generate_series(1, 20000) n;
