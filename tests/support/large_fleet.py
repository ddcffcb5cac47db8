"""A fleet of the real one's size: 62 databases with 1,426 tables, and a policy directory of 145 sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lucky_mcp.catalog.loader import accept, propose
from lucky_mcp.catalog.snapshot import Catalog, Column, Table
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.new_directory import make_directory

DATABASES = 62
SOURCES = 145
TABLES_EACH = 23
COLUMNS = {
    "id": "bigint(20)",
    "order_no": "varchar(64)",
    "shop_id": "bigint(20)",
    "user_no": "varchar(32)",
    "phone": "varchar(20)",
    "amount": "decimal(12,2)",
    "status": "int(11)",
    "remark": "varchar(512)",
    "created_at": "datetime",
    "updated_at": "datetime(3)",
    "extra": "longtext",
    "is_deleted": "tinyint(1)",
}
SOURCE = """
  {name}:
    kind: mysql
    dialect: mysql
    host: ${{FLEET_HOST}}
    port: ${{FLEET_PORT}}
    user: lucky_reader
    password: env:FLEET_PASSWORD
    tls: false
    database: {name}
    domain: main
    time_zone: UTC
    owner: somebody
    description: database number {number}
"""
DATASET = """
dataset: {name}
owner: somebody
classification: internal
source: {name}
tables:
{tables}
grants:
  - {{id: {name}-read, roles: [analyst], why: reports}}
"""
LISTED = "{id: {}, order_no: {}, phone: {}, amount: {}, created_at: {}}"


def database(number: int) -> str:
    """Return the name of a database, which is that of its source as well."""
    return f"fleet-{number:03}"


def table_names(number: int) -> list[str]:
    """Return the names of a database's tables."""
    return [f"t_fact_{number:03}_{table:02}" for table in range(TABLES_EACH)]


def create_statements(number: int) -> list[str]:
    """Return what makes a database, on MySQL."""
    columns = ", ".join(f"`{name}` {type_}" for name, type_ in COLUMNS.items())
    keys = "PRIMARY KEY (id), KEY (shop_id, created_at), KEY (order_no)"
    return [
        f"CREATE DATABASE `{database(number)}`",
        *(
            f"CREATE TABLE `{database(number)}`.`{table}` ({columns}, {keys})"
            for table in table_names(number)
        ),
    ]


def snapshot(number: int) -> Catalog:
    """Return what a crawl of the database finds, nearly."""
    columns = tuple(Column(name=name, type=type_) for name, type_ in COLUMNS.items())
    names = [TableName(schema=database(number), table=table) for table in table_names(number)]
    return Catalog(
        source=database(number),
        tables={name: Table(name=name, columns=columns, primary_key=("id",)) for name in names},
        case_sensitive=True,
    )


def make_fleet(
    directory: Path, *, sources: int = SOURCES, catalogs: Mapping[str, Catalog], with_datasets: bool = True
) -> None:
    """Write a directory of so many sources, with the catalogs that are given and a dataset for each."""
    make_directory(directory, name="starter", kind=Kind.MYSQL)
    entries = "".join(SOURCE.format(name=database(number), number=number) for number in range(sources))
    (directory / "sources.yaml").write_text("sources:" + entries, encoding="utf-8")
    for name, catalog in catalogs.items():
        propose(directory / "catalog", catalog)
        accept(directory / "catalog", name)
        if with_datasets:
            listed = "\n".join(
                f"  {table}: {{description: rows, columns: {LISTED}}}" for table in catalog.tables
            )
            text = DATASET.format(name=name, tables=listed)
            (directory / "datasets" / f"{name}.yaml").write_text(text, encoding="utf-8")
