-- The role that the service runs with; it owns nothing. `marketmind-scheduler migrate` grants what it needs.
\set ON_ERROR_STOP on
\getenv role SERVICE_USER
\getenv password SERVICE_PASSWORD
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password';
