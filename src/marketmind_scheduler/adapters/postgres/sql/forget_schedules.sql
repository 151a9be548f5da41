-- Forget up to $2 schedules that ended, and should have gone out, more than $1 (interval) ago, the earliest first, with
-- their attempts; forgotten_schedules keeps what is still asked of them. Those whose campaign has one of the statuses $3
-- (text[]) stay, as do those that are active, and are looked at again after as long; so do those that ended late, once
-- their end is as long ago. Passes over what others work on. Returns how many it looked at of
-- those that ended.
--
-- The index names no end: that is written without a word in any.
WITH old AS MATERIALIZED (
  SELECT s.schedule_id, s.post_id, s.finished_at FROM schedules s
   WHERE coalesce(s.kept_at, s.publish_time) <= now() - $1::interval
   ORDER BY coalesce(s.kept_at, s.publish_time) LIMIT $2 FOR UPDATE SKIP LOCKED
), needed AS MATERIALIZED (
  SELECT o.schedule_id, CASE WHEN o.finished_at > now() - $1::interval THEN o.finished_at ELSE now() END AS since
    FROM old o
   CROSS JOIN LATERAL (SELECT p.campaign_id FROM posts p WHERE p.post_id = o.post_id OFFSET 0) p
    LEFT JOIN LATERAL (
     SELECT k.campaign_id FROM campaigns k
      WHERE k.campaign_id = p.campaign_id AND k.status = ANY($3::text[]) AND k.deleted_at IS NULL OFFSET 0) k ON true
   WHERE o.finished_at IS NULL OR o.finished_at > now() - $1::interval OR k.campaign_id IS NOT NULL
), stay AS (
  UPDATE schedules s SET kept_at = n.since FROM needed n WHERE s.schedule_id = n.schedule_id
), gone AS (
  DELETE FROM schedules
   WHERE schedule_id = ANY(ARRAY(SELECT schedule_id FROM old EXCEPT SELECT schedule_id FROM needed))
  RETURNING schedule_id, post_id, status, external_id
), noted AS (
  INSERT INTO forgotten_schedules (schedule_id, post_id, status, is_dry_run)
  SELECT schedule_id, post_id, status, coalesce(external_id = 'dry-run-' || schedule_id, false) FROM gone
), tried AS (
  DELETE FROM attempts WHERE schedule_id = ANY(ARRAY(SELECT schedule_id FROM gone)))
SELECT count(*) FROM old WHERE finished_at IS NOT NULL
