"""Demo tables on a real server: the same rows under the same names, with the indexes its fleet has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import psycopg
import pymysql
from psycopg import sql

from lucky_mcp.demo.tables import Column, Table

ROWS_PER_INSERT = 1000
INDEXES = {
    "t_sales_order_m": ("order_time", "shop_id"),
    "t_order_item": ("order_id",),
    "t_user_profile": ("user_no",),
}
MARIADB_TYPES = {"VARCHAR": "VARCHAR(255)", "TIMESTAMP": "DATETIME", "DOUBLE": "DOUBLE"}
POSTGRES_TYPES = {"DOUBLE": "DOUBLE PRECISION"}


def load_mariadb(connection: pymysql.Connection[pymysql.cursors.Cursor], tables: Sequence[Table]) -> None:
    """Create the tables, replacing what was there, and fill them."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{table.schema}`")
            cursor.execute(f"DROP TABLE IF EXISTS `{table.schema}`.`{table.name}`")
            parts = [f"`{each.name}` {MARIADB_TYPES.get(each.type, each.type)}" for each in table.columns]
            parts.append("PRIMARY KEY (" + ", ".join(f"`{key}`" for key in table.primary_key) + ")")
            parts += [f"INDEX (`{column}`)" for column in INDEXES.get(table.name, ())]
            cursor.execute(f"CREATE TABLE `{table.schema}`.`{table.name}` ({', '.join(parts)})")
            places = ", ".join(["%s"] * len(table.columns))
            for batch in _batches(table):
                cursor.executemany(f"INSERT INTO `{table.schema}`.`{table.name}` VALUES ({places})", batch)
            cursor.execute(f"ANALYZE TABLE `{table.schema}`.`{table.name}`")


def load_postgres(connection: psycopg.Connection, tables: Sequence[Table]) -> None:
    """Create the tables, replacing what was there, and fill them."""
    for table in tables:
        name = sql.Identifier(table.schema, table.name)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(table.schema)))
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        parts = [_postgres_column(each) for each in table.columns]
        keys = sql.SQL(", ").join(map(sql.Identifier, table.primary_key))
        parts.append(sql.SQL("PRIMARY KEY ({})").format(keys))
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(parts)))
        with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
            for row in table.rows:
                copy.write_row(row)
        for column in INDEXES.get(table.name, ()):
            connection.execute(sql.SQL("CREATE INDEX ON {} ({})").format(name, sql.Identifier(column)))
        connection.execute(sql.SQL("ANALYZE {}").format(name))


def _postgres_column(column: Column) -> sql.Composable:
    kind = POSTGRES_TYPES.get(column.type, column.type)
    return sql.SQL("{} " + kind).format(sql.Identifier(column.name))


def _batches(table: Table) -> Iterator[list[tuple[object, ...]]]:
    rows = iter(table.rows)
    while batch := list(islice(rows, ROWS_PER_INSERT)):
        yield batch
