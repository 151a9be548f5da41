-- Let the claims $1 (uuid[], schedule_id) with the tokens $2 (bigint[]) that the owner $3 was given, and that are open, end
-- $4 (interval) from now. Locks them in the order of their ids. Returns the ids of their schedules.
UPDATE queue q SET lease_expires_at = now() + $4::interval, leased_for = $4::interval
 WHERE q.post_id = ANY(ARRAY(
         SELECT l.post_id
           FROM (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS i(schedule_id, token) ORDER BY schedule_id) i
          CROSS JOIN LATERAL (SELECT s.post_id FROM schedules s WHERE s.schedule_id = i.schedule_id OFFSET 0) s
          CROSS JOIN LATERAL (
            SELECT l.post_id FROM queue l
             WHERE l.post_id = s.post_id AND l.schedule_id = i.schedule_id AND l.lease_token = i.token
               AND l.given_to = $3 AND l.claim_id IS NOT NULL AND l.status = 'PUBLISHING' FOR NO KEY UPDATE) l))
RETURNING q.schedule_id
