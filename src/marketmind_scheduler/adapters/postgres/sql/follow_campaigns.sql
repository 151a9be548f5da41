-- Let the active schedules of the posts $1 (uuid[]), which have just got another campaign or none, be held while that is
-- paused and released where it is not, as domain.lifecycle.held and released say: other holds stay. Locks the campaigns
-- against pausing. Tells an event of each that changes; returns nothing.
--
-- Each post looks for its campaign and its schedule by itself, and locks them: joined, the planner would compare all posts
-- with all schedules while it does not know yet how much has been loaded.
WITH changed AS (
  UPDATE queue q
     SET parked = q.parked # 1::smallint,
         due_at = CASE WHEN q.status = 'PENDING' AND q.parked = 1 THEN greatest(q.publish_time, now(), q.not_before) END
   WHERE q.post_id = ANY(ARRAY(
           SELECT l.post_id
             FROM (SELECT p.post_id, p.campaign_id, o.schedule_id FROM posts p
                    CROSS JOIN LATERAL (SELECT o.schedule_id FROM queue o WHERE o.post_id = p.post_id OFFSET 0) o
                    WHERE p.post_id = ANY($1::uuid[]) ORDER BY o.schedule_id::text COLLATE "C") p
             LEFT JOIN LATERAL (
               SELECT c.paused_at FROM campaigns c WHERE c.campaign_id = p.campaign_id FOR SHARE) c ON true
            CROSS JOIN LATERAL (
               SELECT l.post_id FROM queue l
                WHERE l.post_id = p.post_id AND l.schedule_id = p.schedule_id
                  AND l.parked & 1 <> (c.paused_at IS NOT NULL)::int FOR NO KEY UPDATE) l))
  RETURNING q.schedule_id, q.status, q.retry_count,
            CASE WHEN q.parked & 1 = 0 THEN 'schedule.resumed' ELSE 'schedule.parked' END AS kind
), done AS (
  UPDATE schedules s SET version = s.version + 1, updated_at = now() FROM changed q WHERE s.schedule_id = q.schedule_id
  RETURNING q.kind, s.schedule_id, s.brand_id, s.post_id, s.platform, s.publish_time, q.status, q.retry_count,
            s.external_id, s.last_error)
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                    error, campaign_id)
SELECT kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id, last_error,
       (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
  FROM done
