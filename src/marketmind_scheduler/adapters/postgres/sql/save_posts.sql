-- As add_posts, but a post that is there already gets its new campaign, title and URL. What would not change is not
-- touched, nor what is deleted or another brand's; and brand, platform, position and the time of creation stay.
INSERT INTO posts (post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at, position)
OVERRIDING SYSTEM VALUE
SELECT post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at, position
  FROM (SELECT given.*, nextval('posts_position_seq') AS position
          FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                      $8::timestamptz[]) WITH ORDINALITY
            AS given(post_id, brand_id, campaign_id, title, s3_url, platform, created_at, updated_at, nth)
         ORDER BY nth) placed
 ORDER BY post_id
ON CONFLICT (post_id) DO UPDATE
   SET campaign_id = excluded.campaign_id, title = excluded.title, s3_url = excluded.s3_url,
       updated_at = excluded.updated_at
 WHERE posts.brand_id = excluded.brand_id AND posts.deleted_at IS NULL AND (posts.campaign_id, posts.title, posts.s3_url)
       IS DISTINCT FROM (excluded.campaign_id, excluded.title, excluded.s3_url)
