-- Forget up to $2 of each: texts of runs in which a language model took part that are older than $1 (interval), plans that
-- were to be made and whose deadline has been over for a week, and what brands spent on days longer than a week ago.
-- Returns how many went of the kind with most. Passes over what somebody else holds.
WITH texts AS (
  DELETE FROM agent_texts WHERE position = ANY(ARRAY(
    SELECT position FROM agent_texts WHERE kept_at <= now() - $1::interval
     ORDER BY kept_at LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1),
plans AS (
  DELETE FROM preparations WHERE plan_id = ANY(ARRAY(
    SELECT plan_id FROM preparations WHERE deadline <= now() - interval '7 days'
     ORDER BY deadline LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1),
days AS (
  DELETE FROM agent_costs WHERE (brand_id, day) IN (
    SELECT brand_id, day FROM agent_costs WHERE day + 8 < now()
     LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING 1)
SELECT greatest((SELECT count(*) FROM texts), (SELECT count(*) FROM plans), (SELECT count(*) FROM days))
