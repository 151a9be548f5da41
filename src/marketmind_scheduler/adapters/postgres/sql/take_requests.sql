-- Take what $2 (interval) stands for from the allowance of the caller $1, which is whole again after $3 (interval).
-- Returns whether it was granted, and how much is spent; no row where another transaction has just made the first one:
-- as if nothing were left.
--
-- Nobody can have spent more than everything: what lies further ahead was written by a clock that has been put back, and
-- says nothing. The five seconds are for whoever waits for the row and has an earlier now.
WITH taken AS (
  INSERT INTO rate_limits AS r (owner, spent_until) VALUES ($1, now() + $2::interval)
  ON CONFLICT (owner) DO UPDATE
     SET spent_until = CASE WHEN r.spent_until > now() + $3::interval + interval '5 seconds' THEN now()
                            ELSE greatest(r.spent_until, now()) END + $2::interval
   WHERE CASE WHEN r.spent_until > now() + $3::interval + interval '5 seconds' THEN now()
              ELSE greatest(r.spent_until, now()) END + $2::interval <= now() + $3::interval
  RETURNING spent_until - now() AS spent)
SELECT true AS is_granted, spent FROM taken
 UNION ALL
SELECT false, CASE WHEN r.spent_until > now() + $3::interval + interval '5 seconds' THEN now()
                   ELSE greatest(r.spent_until, now()) END - now() FROM rate_limits r
 WHERE r.owner = $1 AND NOT EXISTS (SELECT FROM taken)
