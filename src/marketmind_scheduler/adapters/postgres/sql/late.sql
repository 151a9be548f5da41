-- Lock up to $1 of each: what waits past its latest time, what is held past it for nothing but having no receiver, whose
-- bit is 16, and what is due, may be out already and is to be sent again, though its receiver drops no repeat any more.
-- What others work on is passed over. Returns the ids of $1 of these, the earliest first.
SELECT l.schedule_id FROM (
  SELECT * FROM (
    SELECT schedule_id, latest_at, due_at FROM queue
     WHERE due_at IS NOT NULL AND latest_at <= now() ORDER BY latest_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED) waiting
   UNION ALL
  SELECT * FROM (
    SELECT schedule_id, latest_at, due_at FROM queue
     WHERE parked = 16 AND latest_at <= now() ORDER BY latest_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED) held
   UNION ALL
  SELECT * FROM (
    SELECT schedule_id, latest_at, due_at FROM queue
     WHERE due_at <= now() AND is_doubtful AND coalesce(resend_until_at, '-infinity') <= now()
     ORDER BY due_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED) doubtful) l
 GROUP BY l.schedule_id ORDER BY min(l.latest_at), min(l.due_at) LIMIT $1
