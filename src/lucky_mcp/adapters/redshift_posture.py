"""Whether an account of Redshift can do more than read."""

from __future__ import annotations

# What PostgreSQL's own catalog tells, on the leader node. What is worst comes first: a server has more
# schemas than a message has room for. The functions take what Amazon documents: a table by its name, and one
# privilege a time; a name in a schema that the account may not use is an error to them.
QUESTION = """
WITH me AS (SELECT usename, usesuper, usecreatedb FROM pg_catalog.pg_user WHERE usename = current_user),
named AS (SELECT oid, nspname FROM pg_catalog.pg_namespace
          WHERE nspname NOT LIKE 'pg!_%' ESCAPE '!' AND nspname <> 'information_schema'),
stored AS (SELECT nspname, QUOTE_IDENT(nspname) || '.' || QUOTE_IDENT(relname) AS name
           FROM pg_catalog.pg_class JOIN named ON named.oid = relnamespace WHERE relkind IN ('r', 'v'))
SELECT what FROM (SELECT 'SUPERUSER' AS what FROM me WHERE usesuper
UNION SELECT 'CREATEDB' FROM me WHERE usecreatedb
UNION SELECT 'CREATE in the database' FROM me
    WHERE has_database_privilege(usename, current_database(), 'CREATE')
UNION SELECT 'CREATE in schema ' || nspname FROM named
    WHERE has_schema_privilege(current_user, nspname, 'CREATE')
UNION SELECT 'writing in schema ' || nspname FROM stored
    WHERE CASE WHEN has_schema_privilege(current_user, nspname, 'USAGE')
          THEN has_table_privilege(current_user, name, 'INSERT')
            OR has_table_privilege(current_user, name, 'UPDATE')
            OR has_table_privilege(current_user, name, 'DELETE')
            OR has_table_privilege(current_user, name, 'REFERENCES') ELSE FALSE END
) AS found ORDER BY CASE WHEN what LIKE '%schema%' THEN 1 ELSE 0 END, what LIMIT 20
"""
# What only Redshift's own catalog tells: roles, whose privileges stand elsewhere, and grants that PostgreSQL
# does not have. An account sees what was granted to itself. A catalog without the view has no such grants.
OWN_VIEWS = {
    "svv_user_grants": "SELECT DISTINCT 'a role: ' || role_name FROM pg_catalog.svv_user_grants"
    " WHERE user_name = current_user ORDER BY 1 LIMIT 8",
    "svv_relation_privileges": "SELECT DISTINCT privilege_type || ' in schema ' || namespace_name"
    " FROM pg_catalog.svv_relation_privileges WHERE privilege_type <> 'SELECT'"
    " AND (identity_name = current_user OR identity_type = 'public')"
    " AND namespace_name NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 LIMIT 8",
    "svv_column_privileges": "SELECT DISTINCT privilege_type || ' of columns in schema ' || namespace_name"
    " FROM pg_catalog.svv_column_privileges WHERE privilege_type <> 'SELECT'"
    " AND (identity_name = current_user OR identity_type = 'public') ORDER BY 1 LIMIT 8",
}
HAS_VIEW = "SELECT 1 FROM pg_catalog.pg_class WHERE relname = '{name}' LIMIT 1"
