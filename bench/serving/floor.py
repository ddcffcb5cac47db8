"""The floor: the same server library and driver, running the text as it comes. No guard, policy or audit.

Run as `python -m bench.serving.floor PORT DATABASE_PORT USER SCHEMA`, with the password in BENCH_PASSWORD.
"""

from __future__ import annotations

import csv
import io
import os
import queue
import sys

import pymysql
import uvicorn
from fastmcp import FastMCP
from fastmcp.tools.base import ToolResult

CONNECTIONS = 16


def main() -> None:
    """Serve one tool until killed."""
    port, database_port, user, schema = sys.argv[1:]
    pool: queue.LifoQueue[pymysql.Connection[pymysql.cursors.Cursor]] = queue.LifoQueue()
    for _ in range(CONNECTIONS):
        pool.put(
            pymysql.connect(
                host="127.0.0.1",
                port=int(database_port),
                user=user,
                password=os.environ["BENCH_PASSWORD"],
                database=schema,
                autocommit=True,
            )
        )
    server: FastMCP = FastMCP("floor")

    @server.tool(output_schema=None)
    def run_query(sql: str) -> ToolResult:
        connection = pool.get()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                rows = cursor.fetchall()
                names = [each[0] for each in cursor.description or ()]
        finally:
            pool.put(connection)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(names)
        writer.writerows(rows)
        return ToolResult(content=text.getvalue())

    app = server.http_app(path="/mcp", transport="http", stateless_http=True)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
