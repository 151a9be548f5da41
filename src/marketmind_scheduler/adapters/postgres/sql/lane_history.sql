-- What may be learned of a lane: of its latest $3 observations those that nobody paid for and whose post is known to have
-- gone out before. $1 brand_id, $2 platform.
-- post tells posts apart: an id of ours, or what the caller calls it. arm is the side of the comparison that the lot put
-- it on, unless a person gave it another time.
SELECT coalesce(o.post_id::text, 'history ' || coalesce(o.reference, o.observation_id)) AS post, o.figure, o.value,
       o.measured_at, coalesce(o.published_at, s.published_at) AS published_at, s.arm
  FROM (SELECT * FROM observations WHERE brand_id = $1 AND platform = $2 ORDER BY measured_at DESC LIMIT $3) o
  LEFT JOIN LATERAL (
    SELECT coalesce(q.last_send_at, q.finished_at) AS published_at, CASE WHEN q.scheduler IS NOT NULL THEN q.arm END AS arm
      FROM schedules q
     WHERE q.post_id = o.post_id AND q.status = 'COMPLETED'
       AND coalesce(q.last_send_at, q.finished_at) <= o.measured_at
     ORDER BY 1 DESC LIMIT 1) s ON true
 WHERE NOT o.is_paid AND coalesce(o.published_at, s.published_at) IS NOT NULL
