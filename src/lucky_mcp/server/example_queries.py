"""A first query on a table, shown only after the gateway has said that it would run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lucky_mcp.errors import ReadError
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.visible import VisibleTable
from lucky_mcp.sql.quoting import quoted

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

COLUMNS_MAX = 6
ROWS = 10


async def example_query(gateway: Gateway, principal: Principal, table: VisibleTable) -> str:
    """Return a SELECT on the table that this caller may run, or "" when none of those tried is permitted.

    Where policy demands more than a plain SELECT has, the text that the refusal proposes is taken.
    """
    for sql in _candidates(table):
        try:
            await gateway.explain(principal, SqlRead(source=table.source, sql=sql))
        except ReadError as refusal:
            if refusal.rewrite:
                return refusal.rewrite  # prepared by the gateway before it was offered
            continue
        return sql
    return ""


def _candidates(table: VisibleTable) -> Iterator[str]:
    """Yield the text with names as people write them, then with quoted names: some are reserved words."""
    columns = [column.name for column in table.columns[:COLUMNS_MAX]]
    names = [table.schema, table.table]
    yield _select(columns, names)
    dialect = table.dialect
    yield _select([quoted(each, dialect) for each in columns], [quoted(each, dialect) for each in names])


def _select(columns: list[str], names: list[str]) -> str:
    # Names come from the reviewed catalog; the text is checked by the gateway before anybody sees it.
    return f"SELECT {', '.join(columns)} FROM {'.'.join(names)} LIMIT {ROWS}"  # noqa: S608
