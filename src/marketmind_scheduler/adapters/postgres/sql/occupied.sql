-- What stands on the platforms $2 of the brand $1 from $3 to $4, besides the schedules $5, with what is held for
-- plans, under their ids, but for those of the campaigns $5; and the brand's latest policy and cap of its own. One row at
-- least: without a schedule where nothing stands there. Where no platform is asked for, nothing is looked at.
--
-- NOT IN, because it is answered by a hash whatever the planner thinks: $5 may have as many as the brand has schedules.
SELECT r.version, r.revision, s.schedule_id, s.platform, s.publish_time
  FROM (SELECT coalesce((SELECT max(version) FROM policies WHERE brand_id = $1), 0) AS version,
               coalesce((SELECT max(revision) FROM platform_cap_overrides WHERE brand_id = $1), 0) AS revision) r
  LEFT JOIN LATERAL (
    SELECT schedule_id, platform, publish_time FROM schedules o
     WHERE cardinality($2::text[]) > 0 AND o.brand_id = $1
       AND (o.brand_id, o.publish_time) >= ($1, $3) AND (o.brand_id, o.publish_time) <= ($1, $4)
       AND o.platform || '' = ANY($2::text[])
       AND (o.finished_at IS NULL OR o.status = 'COMPLETED') AND o.schedule_id NOT IN (SELECT unnest($5::uuid[]))
     UNION ALL
    SELECT plan_id, platform, publish_time FROM reservations h
     WHERE cardinality($2::text[]) > 0 AND h.brand_id = $1 AND h.platform = ANY($2::text[])
       AND h.publish_time BETWEEN $3 AND $4 AND h.expires_at > now()
       AND coalesce((SELECT p.campaign_id FROM previews p WHERE p.plan_id = h.plan_id), h.plan_id)
           NOT IN (SELECT unnest($5::uuid[]))) s ON true
