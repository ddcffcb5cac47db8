"""Whether an account of PostgreSQL can do more than read, by itself or as a role that it may become."""

from __future__ import annotations

# A temporary table is left out: a read-only transaction refuses to make one. What is worst comes first:
# a server has more schemas than a message has room for.
QUESTION = """
WITH me AS (SELECT oid, rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
            FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(current_user, oid, 'MEMBER')),
named AS (SELECT oid, nspname FROM pg_catalog.pg_namespace
          WHERE pg_catalog.left(nspname, 3) <> 'pg_' AND nspname <> 'information_schema')
SELECT what FROM (SELECT 'SUPERUSER' AS what FROM me WHERE rolsuper
UNION SELECT 'CREATEROLE' FROM me WHERE rolcreaterole
UNION SELECT 'CREATEDB' FROM me WHERE rolcreatedb
UNION SELECT 'REPLICATION' FROM me WHERE rolreplication
UNION SELECT 'BYPASSRLS' FROM me WHERE rolbypassrls
UNION SELECT 'member of ' || rolname FROM me WHERE rolname IN ('pg_write_all_data', 'pg_write_server_files',
    'pg_read_server_files', 'pg_execute_server_program', 'pg_signal_backend', 'pg_checkpoint', 'pg_maintain')
UNION SELECT 'CREATE in the database' FROM me
    WHERE pg_catalog.has_database_privilege(me.oid, pg_catalog.current_database(), 'CREATE')
UNION SELECT 'CREATE in schema ' || named.nspname FROM me, named
    WHERE pg_catalog.has_schema_privilege(me.oid, named.oid, 'CREATE')
UNION SELECT 'writing in schema ' || named.nspname FROM me, named
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = named.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    WHERE pg_catalog.has_table_privilege(me.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
       OR pg_catalog.has_any_column_privilege(me.oid, c.oid, 'INSERT, UPDATE, REFERENCES')
UNION SELECT 'sequences in schema ' || named.nspname FROM me, named
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = named.oid AND c.relkind = 'S'
    WHERE pg_catalog.has_sequence_privilege(me.oid, c.oid, 'USAGE, UPDATE')
) AS found ORDER BY what LIKE '%schema%', what LIMIT 20
"""
