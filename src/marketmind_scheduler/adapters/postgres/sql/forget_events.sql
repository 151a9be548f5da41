-- Forget up to $2 events from the first on, as far as all of them were told more than $1 (interval) ago, and note up to
-- where. Returns how many. Whoever does this holds a lock against others who do.
WITH first AS (
  SELECT position, occurred_at FROM events
   WHERE position > coalesce((SELECT up_to FROM forgotten_events), 0) ORDER BY position LIMIT $2
), young AS (
  SELECT min(position) AS position FROM first WHERE occurred_at > now() - $1::interval
), gone AS (
  DELETE FROM events WHERE position = ANY(ARRAY(
    SELECT f.position FROM first f, young y WHERE f.position < y.position OR y.position IS NULL))
  RETURNING position
), noted AS (
  INSERT INTO forgotten_events (up_to) SELECT max(position) FROM gone HAVING count(*) > 0
  ON CONFLICT (is_one) DO UPDATE SET up_to = excluded.up_to)
SELECT count(*) FROM gone
