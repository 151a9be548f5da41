-- Let the status of the campaigns $1 (uuid[]) be what domain.campaign.status_of says of their schedules as they are
-- now. Locks the campaigns whose status changes; returns nothing.
--
-- OFFSET 0 keeps each look at the schedules of a post from becoming a join: while the planner does not know yet how
-- much has been loaded, it would read the whole table for that.
UPDATE campaigns c
   SET status = n.status, updated_at = now()
  FROM (SELECT k.campaign_id,
               CASE WHEN k.paused_at IS NOT NULL THEN 'PAUSED'
                    WHEN EXISTS (SELECT FROM posts p WHERE p.campaign_id = k.campaign_id AND EXISTS (
                           SELECT FROM schedules s
                            WHERE s.post_id = p.post_id AND s.status IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED')
                           OFFSET 0))
                    THEN CASE WHEN EXISTS (SELECT FROM posts p WHERE p.campaign_id = k.campaign_id AND EXISTS (
                                     SELECT FROM schedules s
                                      WHERE s.post_id = p.post_id AND s.status = 'COMPLETED'
                                     OFFSET 0))
                              THEN 'ACTIVE' ELSE 'SCHEDULED' END
                    WHEN EXISTS (SELECT FROM posts p WHERE p.campaign_id = k.campaign_id AND EXISTS (
                           SELECT FROM schedules s
                            WHERE s.post_id = p.post_id AND s.status IN ('COMPLETED', 'FAILED', 'MISSED')
                           OFFSET 0))
                    THEN 'COMPLETED'
                    ELSE 'DRAFT' END AS status
          FROM campaigns k WHERE k.campaign_id = ANY($1::uuid[])) n
 WHERE c.campaign_id = n.campaign_id AND c.status <> n.status
