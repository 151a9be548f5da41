-- Let the active schedules of the posts $1 (uuid[]), which have just got another campaign or none, be held while that is
-- paused and released where it is not, as domain.lifecycle.held and released say: other holds stay. Locks the campaigns
-- against pausing. Tells an event of each that changes; returns nothing.
--
-- Each post looks for its campaign and its schedule by itself, and locks them: joined, the planner would compare all posts
-- with all schedules while it does not know yet how much has been loaded.
WITH done AS (
  UPDATE schedules s
     SET parked = s.parked # 1::smallint,
         due_at = CASE WHEN s.status = 'PENDING' AND s.parked = 1 THEN greatest(s.publish_time, now(), s.not_before) END,
         version = s.version + 1, updated_at = now()
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT s.schedule_id
             FROM posts p
             LEFT JOIN LATERAL (
               SELECT c.paused_at FROM campaigns c WHERE c.campaign_id = p.campaign_id FOR SHARE) c ON true
            CROSS JOIN LATERAL (
               SELECT s.schedule_id FROM schedules s
                WHERE s.post_id = p.post_id AND s.finished_at IS NULL
                  AND s.parked & 1 <> (c.paused_at IS NOT NULL)::int FOR NO KEY UPDATE) s
            WHERE p.post_id = ANY($1::uuid[])))
  RETURNING s.*, CASE WHEN s.parked & 1 = 0 THEN 'schedule.resumed' ELSE 'schedule.parked' END AS kind)
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                    error, campaign_id)
SELECT kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id, last_error,
       (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
  FROM done
