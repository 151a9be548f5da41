-- Forget up to $2 of each: kept answers that have expired, allowances that are whole again, slots that were held for
-- plans until now, and keys that ended more than $1 (interval) ago, but never the youngest key: it tells that there have
-- been keys. Returns how many went of the kind with most. Passes over what somebody else holds.
WITH answers AS (
  DELETE FROM idempotency_keys WHERE scope = ANY(ARRAY(
    SELECT scope FROM idempotency_keys WHERE expires_at <= now()
     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1),
allowances AS (
  DELETE FROM rate_limits WHERE owner = ANY(ARRAY(
    SELECT owner FROM rate_limits WHERE spent_until <= now() LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1),
slots AS (
  DELETE FROM reservations WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM reservations WHERE expires_at <= now() ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1),
keys AS (
  DELETE FROM api_keys WHERE key_id = ANY(ARRAY(
    SELECT key_id FROM api_keys WHERE least(revoked_at, expires_at) <= now() - $1::interval
       AND key_id <> (SELECT key_id FROM api_keys ORDER BY created_at DESC, key_id DESC LIMIT 1)
     LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING 1)
SELECT greatest((SELECT count(*) FROM answers), (SELECT count(*) FROM allowances), (SELECT count(*) FROM slots),
                (SELECT count(*) FROM keys))
