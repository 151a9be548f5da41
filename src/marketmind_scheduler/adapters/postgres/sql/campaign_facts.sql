-- What domain.campaign.status_of wants to know of the campaigns $1 (uuid[]): whether each is paused, and whether one of
-- its schedules is active, has one of the statuses $2 (text[]), has one of the statuses $3 (text[]); of
-- the last two also those that are forgotten. Returns campaign_id, its present status, is_paused, is_active,
-- is_published, is_finished; locks nothing.
--
-- OFFSET 0 keeps each look at the schedules of a post from becoming a join: while the planner does not know yet how
-- much has been loaded, it would read the whole table for that.
SELECT k.campaign_id, k.status, k.paused_at IS NOT NULL AS is_paused,
       EXISTS (SELECT FROM posts p WHERE p.campaign_id = k.campaign_id AND EXISTS (
                 SELECT FROM schedules s WHERE s.post_id = p.post_id AND s.finished_at IS NULL OFFSET 0)) AS is_active,
       EXISTS (SELECT FROM posts p WHERE p.campaign_id = k.campaign_id AND (EXISTS (
                 SELECT FROM schedules s WHERE s.post_id = p.post_id AND s.status = ANY($2::text[]) OFFSET 0) OR EXISTS (
                 SELECT FROM forgotten_schedules f
                  WHERE f.post_id = p.post_id AND f.status = ANY($2::text[]) OFFSET 0)))
         AS is_published,
       EXISTS (SELECT FROM posts p WHERE p.campaign_id = k.campaign_id AND (EXISTS (
                 SELECT FROM schedules s WHERE s.post_id = p.post_id AND s.status = ANY($3::text[]) OFFSET 0) OR EXISTS (
                 SELECT FROM forgotten_schedules f
                  WHERE f.post_id = p.post_id AND f.status = ANY($3::text[]) OFFSET 0)))
         AS is_finished
  FROM campaigns k WHERE k.campaign_id = ANY($1::uuid[])
