-- Forget up to $2 schedules that ended, and should have gone out, more than $1 (interval) ago, the earliest first, with
-- their attempts; forgotten_schedules keeps what is still asked of them. Those whose campaign has one of the statuses $3
-- (text[]) stay, and are looked at again after as long. Passes over what others work on. Returns how many it looked at.
WITH old AS (
  SELECT s.schedule_id, s.post_id FROM schedules s
   WHERE s.finished_at IS NOT NULL AND greatest(s.finished_at, s.publish_time, s.kept_at) <= now() - $1::interval
   ORDER BY greatest(s.finished_at, s.publish_time, s.kept_at) LIMIT $2 FOR UPDATE SKIP LOCKED
), needed AS MATERIALIZED (
  SELECT o.schedule_id FROM old o
   CROSS JOIN LATERAL (SELECT p.campaign_id FROM posts p WHERE p.post_id = o.post_id OFFSET 0) p
   CROSS JOIN LATERAL (
     SELECT FROM campaigns k
      WHERE k.campaign_id = p.campaign_id AND k.status = ANY($3::text[]) AND k.deleted_at IS NULL OFFSET 0) k
), stay AS (
  UPDATE schedules SET kept_at = now() WHERE schedule_id = ANY(ARRAY(SELECT schedule_id FROM needed))
), gone AS (
  DELETE FROM schedules
   WHERE schedule_id = ANY(ARRAY(SELECT schedule_id FROM old EXCEPT SELECT schedule_id FROM needed))
  RETURNING schedule_id, post_id, status, external_id
), noted AS (
  INSERT INTO forgotten_schedules (schedule_id, post_id, status, is_dry_run)
  SELECT schedule_id, post_id, status, coalesce(external_id = 'dry-run-' || schedule_id, false) FROM gone
), tried AS (
  DELETE FROM attempts WHERE schedule_id = ANY(ARRAY(SELECT schedule_id FROM gone)))
SELECT count(*) FROM old
