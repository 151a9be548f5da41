-- Forget up to $2 plans that ended more than $1 (interval) ago, or were made, and held, as long ago and never ended, the
-- earliest first; forgotten_previews keeps their ids. One that was committed stays while a schedule of it is active, or
-- its campaign has one of the statuses $3 (text[]): the same request finds it. Passes over what others work on. Returns
-- how many went.
WITH old AS (
  SELECT p.plan_id FROM previews p
   WHERE coalesce(p.ended_at, p.expires_at, p.created_at) <= now() - $1::interval
     AND NOT (p.status = 'committed' AND (
           EXISTS (SELECT FROM campaigns c
                    WHERE c.campaign_id = p.campaign_id AND c.status = ANY($3::text[]) AND c.deleted_at IS NULL)
           OR EXISTS (SELECT FROM schedules s
                       WHERE s.schedule_id = ANY(p.schedule_ids) AND s.finished_at IS NULL)))
   ORDER BY coalesce(p.ended_at, p.expires_at, p.created_at) LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM previews WHERE plan_id = ANY(ARRAY(SELECT plan_id FROM old)) RETURNING plan_id, brand_id
), noted AS (
  INSERT INTO forgotten_previews (plan_id, brand_id) SELECT plan_id, brand_id FROM gone)
SELECT count(*) FROM gone
