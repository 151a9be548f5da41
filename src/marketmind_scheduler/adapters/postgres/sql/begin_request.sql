-- Take the key of a request whose work reaches beyond a transaction: $1 its identity (bytea), $2 the fingerprint of the
-- request, $3 who begins it (uuid), $4 for how long it is worked on before that is said again, $5 for how long it is
-- remembered (intervals). Returns one row when it is begun now, none when the key has an answer already, or was begun by
-- somebody else, and that has not expired.
INSERT INTO idempotency_keys AS k (scope, fingerprint, begun_by, begun_until, expires_at)
VALUES ($1, $2, $3, now() + $4::interval, now() + $5::interval)
ON CONFLICT (scope) DO UPDATE
   SET fingerprint = excluded.fingerprint, begun_by = excluded.begun_by, begun_until = excluded.begun_until,
       expires_at = excluded.expires_at, status = NULL, headers = NULL, body = NULL, ids = NULL
 WHERE k.expires_at <= now()
RETURNING true
