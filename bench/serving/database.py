"""The database behind every server that is measured, and policies that say where it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.fleet import LAST_DAY, ROOT
from lucky_mcp.demo.generate import generate
from tests.live.fleet import PASSWORD, READER, make_mariadb_reader, schemas_of
from tests.support.server_tables import load_mariadb
from tests.support.servers import MariaDB

SALES, STORES = "aws-luckyus-salesorder-rw", "aws-luckyus-opshop-rw"
SCHEMA = "luckyus_sales_order"
CONNECTIONS = 16
WITHOUT_QUOTAS = {
    "calls_per_minute": 10_000_000,
    "reads_at_once": 1000,
    "rows_per_hour": 10**10,
    "bytes_per_hour": 10**13,
}


@dataclass(frozen=True, kw_only=True)
class Database:
    """Where the database is, for whom, and the orders that it has for an analyst: key and number of each."""

    port: int
    orders: tuple[tuple[int, str], ...]
    user: str = READER
    password: str = PASSWORD
    schema: str = SCHEMA


def loaded(running: MariaDB, scale: str = "small") -> Database:
    """Fill the server with the demo's orders and stores, and make the account that can read them and no more."""
    fleet = generate(seed=7, end=LAST_DAY, scale=scale)
    tables = [table for table in fleet.tables if table.source in (SALES, STORES)]
    with running.connect() as connection:
        load_mariadb(connection, tables)
    make_mariadb_reader(running, schemas_of(tables))
    with running.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT order_id, order_no FROM t_sales_order_m WHERE currency_code = 'USD'"
            " AND shop_id IN (SELECT id FROM luckyus_opshop.t_shop_info WHERE is_test = 0) ORDER BY order_id"
        )
        found = tuple((int(row[0]), str(row[1])) for row in cursor.fetchall())
    # The last hundred begin no page of a hundred rows.
    return Database(port=running.port, orders=found[:-200])


def policies_for(database: Database, folder: Path) -> Path:
    """Write the project's policies with both sources on the server and without quotas; return where."""
    shutil.copytree(ROOT / "policies", folder)
    address: Mapping[str, Any] = {
        "kind": "mysql",
        "host": "127.0.0.1",
        "port": database.port,
        "user": database.user,
        "password": "env:BENCH_PASSWORD",
        "tls": False,
        "connections_max": CONNECTIONS,
    }

    def on_server(content: Any) -> None:
        for name in (SALES, STORES):
            entry = content["sources"][name]
            del entry["url"]
            entry.update(address)

    _edited(folder / "sources.yaml", on_server)
    _edited(folder / "bounds.yaml", lambda content: content["quotas"]["default"].update(WITHOUT_QUOTAS))
    return folder


def _edited(path: Path, change: Any) -> None:
    yaml = YAML()
    content = yaml.load(path.read_text(encoding="utf-8"))
    change(content)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
