-- Insert posts, one or ten thousand: eight arrays of one length, an element for each post. The order of the arrays is
-- the order in which positions are given out; rows are inserted in the order of their ids, so that two who insert the
-- same ones wait instead of blocking each other. Returns the ids of those that were not there already.
INSERT INTO posts (post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at, position)
OVERRIDING SYSTEM VALUE
SELECT post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at, position
  FROM (SELECT given.*, nextval('posts_position_seq') AS position
          FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                      $8::timestamptz[]) WITH ORDINALITY
            AS given(post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at, nth)
         ORDER BY nth) placed
 ORDER BY post_id
ON CONFLICT (post_id) DO NOTHING
RETURNING post_id
