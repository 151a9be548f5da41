-- Keep the answer to a request: $1 the identity of its key (bytea), $2 the fingerprint of the request, $3 status,
-- $4 headers, $5 body, $6 for how long (interval), $7 the ids that the body has in it (uuid[]). Returns one row when it
-- is kept, none when the key has an answer already that has not expired. Forgets ten others that have, passing over those
-- that somebody else forgets.
WITH forgotten AS (
  DELETE FROM idempotency_keys WHERE scope = ANY(ARRAY(
    SELECT scope FROM idempotency_keys WHERE expires_at <= now() AND scope <> $1
     ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED)))
INSERT INTO idempotency_keys AS k (scope, fingerprint, status, headers, body, expires_at, ids)
VALUES ($1, $2, $3, $4, $5, now() + $6::interval, $7)
ON CONFLICT (scope) DO UPDATE
   SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
       body = excluded.body, expires_at = excluded.expires_at, ids = excluded.ids
 WHERE k.expires_at <= now()
RETURNING true
