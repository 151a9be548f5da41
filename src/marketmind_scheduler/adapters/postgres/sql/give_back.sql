-- Let what was claimed under the ids $1 (uuid[]), whose answers nobody has heard, be due as it was, or wait if it was
-- paused since: nothing was sent, so this is domain.lifecycle.after_verdict of what is unsent. Locks them in the order of
-- their ids, as settle does. Safe to repeat. Returns their ids.
UPDATE queue s
   SET status = 'PENDING', due_at = CASE WHEN s.parked = 0 THEN greatest(s.publish_time, now()) END, claim_id = NULL,
       given_to = NULL, lease_expires_at = NULL, send_started_at = NULL
 WHERE s.post_id = ANY(ARRAY(
         SELECT l.post_id FROM queue l
          WHERE l.lease_expires_at IS NOT NULL AND l.claim_id = ANY($1::uuid[])
          ORDER BY l.schedule_id FOR NO KEY UPDATE))
RETURNING s.schedule_id
