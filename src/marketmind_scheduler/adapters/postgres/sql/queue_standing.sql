-- How the queue stands: a row for each platform of $1 (text[]), in their order. Counts end at $2, and each goes by a
-- partial index of its own, so that the cost does not grow with the queue. Locks nothing.
--
-- FAILED and MISSED share an index, which is proven by both of them together.
SELECT p.platform,
       (SELECT count(*) FROM (
          SELECT FROM queue s WHERE s.platform = p.platform AND s.due_at IS NOT NULL LIMIT $2) counted) AS waiting,
       (SELECT count(*) FROM (
          SELECT FROM queue s WHERE s.platform = p.platform AND s.due_at <= now() LIMIT $2) counted) AS due,
       (SELECT count(*) FROM (
          SELECT FROM queue s
           WHERE s.platform = p.platform AND s.due_at <= now() - interval '1 minute' LIMIT $2) counted) AS late,
       (SELECT count(*) FROM queue s WHERE s.lease_expires_at IS NOT NULL AND s.platform = p.platform) AS in_flight,
       (SELECT count(*) FROM (
          SELECT FROM queue s
           WHERE s.platform = p.platform AND s.status = 'PENDING' AND s.parked <> 0 LIMIT $2) counted) AS held,
       (SELECT count(*) FROM (
          SELECT FROM queue s
           WHERE s.platform = p.platform AND s.status = 'UNCONFIRMED' LIMIT $2) counted) AS unconfirmed,
       (SELECT count(*) FROM (
          SELECT FROM schedules s
           WHERE s.platform = p.platform AND s.wrong IN ('FAILED', 'MISSED')
             AND s.wrong_at > now() - interval '1 day' AND s.wrong = 'FAILED' LIMIT $2) counted) AS failed,
       (SELECT count(*) FROM (
          SELECT FROM schedules s
           WHERE s.platform = p.platform AND s.wrong IN ('FAILED', 'MISSED')
             AND s.wrong_at > now() - interval '1 day' AND s.wrong = 'MISSED' LIMIT $2) counted) AS missed,
       (SELECT s.due_at FROM queue s WHERE s.platform = p.platform AND s.due_at IS NOT NULL
         ORDER BY s.due_at, s.schedule_id LIMIT 1) - now() AS next_due_in,
       now() - (SELECT s.last_send_at FROM queue s WHERE s.platform = p.platform AND s.status = 'UNCONFIRMED'
                 ORDER BY s.last_send_at LIMIT 1) AS oldest_unconfirmed
  FROM unnest($1::text[]) AS p(platform)
