-- The name of the largest of the tables $1 (text[]) that has grown $2 (int) times since the planner was last told of it,
-- or has $3 (bigint) rows and was never told of; but for the tables $4 (text[]), those that our role may not analyse, and those
-- that somebody vacuums, analyses or changes.
-- The sizes of files and the counters of the server say so, no row is read; locks nothing.
--
-- Ten pages are as good as none. Who may analyse a table besides its owner is a right of its own from 17 on.
SELECT c.relname
  FROM unnest($1::text[]) AS ours(name) JOIN pg_class c ON c.oid = to_regclass(quote_ident(ours.name))
  JOIN pg_stat_user_tables u ON u.relid = c.oid
 WHERE c.relname <> ALL($4::text[])
   AND CASE WHEN current_setting('server_version_num')::int >= 170000 THEN has_table_privilege(c.oid, 'MAINTAIN')
            ELSE pg_has_role(c.relowner, 'USAGE') END
   AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.granted AND l.mode NOT IN (
                     'AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))
   AND (pg_relation_size(c.oid) >= $2::int * current_setting('block_size')::bigint * greatest(c.relpages, 10)
        OR (u.last_analyze IS NULL AND u.last_autoanalyze IS NULL AND u.n_live_tup >= $3::bigint))
 ORDER BY pg_relation_size(c.oid) DESC LIMIT 1
