-- Forget up to $2 plans that ended more than $1 (interval) ago, or were made, and held, as long ago and never ended, the
-- earliest first; forgotten_previews keeps their ids. One that was committed stays while a schedule of it is active, or
-- its campaign has one of the statuses $3 (text[]): the same request finds it. It is looked at again after as long.
-- Passes over what others work on. Returns how many it looked at.
WITH old AS (
  SELECT p.plan_id, p.campaign_id, p.status, p.schedule_ids FROM previews p
   WHERE greatest(coalesce(p.ended_at, p.expires_at, p.created_at), p.kept_at) <= now() - $1::interval
   ORDER BY greatest(coalesce(p.ended_at, p.expires_at, p.created_at), p.kept_at) LIMIT $2 FOR UPDATE SKIP LOCKED
), needed AS MATERIALIZED (
  SELECT o.plan_id FROM old o
   WHERE o.status = 'committed' AND (
           EXISTS (SELECT FROM campaigns c
                    WHERE c.campaign_id = o.campaign_id AND c.status = ANY($3::text[]) AND c.deleted_at IS NULL OFFSET 0)
           OR EXISTS (SELECT FROM schedules s
                       WHERE s.schedule_id = ANY(o.schedule_ids) AND s.finished_at IS NULL OFFSET 0))
), stay AS (
  UPDATE previews SET kept_at = now() WHERE plan_id = ANY(ARRAY(SELECT plan_id FROM needed))
), gone AS (
  DELETE FROM previews WHERE plan_id = ANY(ARRAY(SELECT plan_id FROM old EXCEPT SELECT plan_id FROM needed))
  RETURNING plan_id, brand_id
), noted AS (
  INSERT INTO forgotten_previews (plan_id, brand_id) SELECT plan_id, brand_id FROM gone)
SELECT count(*) FROM old
