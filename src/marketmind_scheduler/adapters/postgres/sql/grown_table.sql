-- The name of the largest of the tables $1 (text[]) that has at least $3 (bigint) rows and $2 (int) times as many as the
-- planner was last told of, or was never told what is in it; but for the tables $4 (text[]), those that our role may not
-- analyse, and those that somebody vacuums, analyses or changes. The counters of the server say so, no row is read; locks
-- nothing.
--
-- The counters know of what is committed alone: to count while much of it is not would tell the planner that there is
-- nothing. Who may analyse a table besides its owner is a right of its own from 17 on.
SELECT c.relname
  FROM unnest($1::text[]) AS ours(name) JOIN pg_class c ON c.oid = to_regclass(quote_ident(ours.name))
  JOIN pg_stat_user_tables u ON u.relid = c.oid
 WHERE c.relname <> ALL($4::text[])
   AND CASE WHEN current_setting('server_version_num')::int >= 170000 THEN has_table_privilege(c.oid, 'MAINTAIN')
            ELSE pg_has_role(c.relowner, 'USAGE') END
   AND c.oid <> ALL(ARRAY(SELECT l.relation FROM pg_locks l WHERE l.relation IS NOT NULL AND l.granted
                             AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')))
   AND u.n_live_tup >= $3::bigint
   AND (u.n_live_tup >= $2::int * c.reltuples OR (u.last_analyze IS NULL AND u.last_autoanalyze IS NULL))
 ORDER BY u.n_live_tup DESC LIMIT 1
