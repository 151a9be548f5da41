-- What domain.campaign.status_of wants to know of the campaigns $1 (uuid[]): whether each is paused, and whether one of
-- its schedules is active; where one is, whether one has one of the statuses $2 (text[]), and where none is, whether one
-- has one of the statuses $3 (text[]), also of those that are forgotten: more it does not ask, and each question may look
-- at all that a campaign has. Returns campaign_id, its present status, is_paused, is_active, is_published, is_finished;
-- locks nothing.
--
-- OFFSET 0 keeps each look at the schedules of a post from becoming a join: while the planner does not know yet how
-- much has been loaded, it would read the whole table for that.
SELECT k.campaign_id, k.status, k.paused_at IS NOT NULL AS is_paused, a.is_active,
       a.is_active AND e.is_there AS is_published, NOT a.is_active AND e.is_there AS is_finished
  FROM campaigns k
 CROSS JOIN LATERAL (
   SELECT k.paused_at IS NULL AND EXISTS (
            SELECT FROM posts p WHERE p.campaign_id = k.campaign_id AND EXISTS (
              SELECT FROM queue q WHERE q.post_id = p.post_id OFFSET 0)) AS is_active
   OFFSET 0) a
 CROSS JOIN LATERAL (
   SELECT k.paused_at IS NULL AND EXISTS (
            SELECT FROM posts p
             CROSS JOIN LATERAL (
               SELECT FROM schedules s
                WHERE s.post_id = p.post_id AND s.status = ANY(CASE WHEN a.is_active THEN $2::text[] ELSE $3::text[] END)
                UNION ALL
               SELECT FROM forgotten_schedules f
                WHERE f.post_id = p.post_id AND f.status = ANY(CASE WHEN a.is_active THEN $2::text[] ELSE $3::text[] END)
               OFFSET 0) done
             WHERE p.campaign_id = k.campaign_id) AS is_there
   OFFSET 0) e
 WHERE k.campaign_id = ANY($1::uuid[])
