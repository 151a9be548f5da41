-- Let the posts $1 (uuid[]) take, among themselves, the order of the array: the positions that they have now go to them
-- in this order. Who changes its position is updated at $2. Locks them in the order of their ids, so that two wait
-- instead of blocking each other.
WITH locked AS MATERIALIZED (
  SELECT p.post_id, p.position, g.nth
    FROM (SELECT post_id, nth FROM unnest($1::uuid[]) WITH ORDINALITY AS g(post_id, nth) ORDER BY post_id) g
   CROSS JOIN LATERAL (SELECT p.post_id, p.position FROM posts p WHERE p.post_id = g.post_id FOR NO KEY UPDATE) p
)
UPDATE posts p SET position = n.position, updated_at = $2
  FROM (SELECT l.post_id,
               (SELECT array_agg(position ORDER BY position) FROM locked)[row_number() OVER (ORDER BY l.nth)] AS position
          FROM locked l) n
 WHERE p.post_id = n.post_id AND p.position <> n.position
