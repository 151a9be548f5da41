-- How many PENDING schedules of the campaigns $1 (uuid[]) lie before $2 (timestamptz[]), or at or behind
-- $3 (timestamptz[]). Returns campaign_id and outside; locks nothing. OFFSET 0 as in campaign_facts.
SELECT g.campaign_id, (
         SELECT count(*) FROM posts p CROSS JOIN LATERAL (
           SELECT o.status, o.publish_time FROM queue o
            WHERE o.post_id BETWEEN p.post_id AND p.post_id ORDER BY o.post_id LIMIT 1) s
          WHERE p.campaign_id = g.campaign_id AND s.status = 'PENDING'
            AND (s.publish_time < g.begins OR s.publish_time >= g.over)) AS outside
  FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS g(campaign_id, begins, over)
