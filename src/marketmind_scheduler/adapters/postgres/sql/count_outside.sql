-- How many PENDING schedules of the campaigns $1 (uuid[]) lie before $2 (timestamptz[]), or at or behind
-- $3 (timestamptz[]). Returns campaign_id and outside; locks nothing. OFFSET 0 as in campaign_facts.
SELECT g.campaign_id, (
         SELECT count(*) FROM posts p CROSS JOIN LATERAL (
           SELECT FROM schedules s
            WHERE s.post_id = p.post_id AND s.finished_at IS NULL AND s.status = 'PENDING'
              AND (s.publish_time < g.begins OR s.publish_time >= g.over) OFFSET 0) s
          WHERE p.campaign_id = g.campaign_id) AS outside
  FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS g(campaign_id, begins, over)
