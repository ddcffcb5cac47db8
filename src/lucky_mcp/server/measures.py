"""How big and how fresh a table is, measured as the caller: guarded reads, never unfiltered statistics.

A row count taken past the filters would tell how much the caller is not shown, so both numbers come
through the gateway like any query of the caller's, and the count is given as a power of ten only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lucky_mcp.errors import Code, ReadError
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.visible import ShownColumn, VisibleTable
from lucky_mcp.server.cells import as_text, zone_of
from lucky_mcp.sql.quoting import quoted

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

_TIME_TYPES = ("date", "timestamp", "time with", "datetime")


async def size_class(gateway: Gateway, principal: Principal, table: VisibleTable) -> str:
    """The number of rows this caller can reach, as a power of ten, or why it is not known."""
    try:
        measured = await _measure(gateway, principal, table, "COUNT(*)")
    except ReadError as error:
        return _not_measured(error)
    if not isinstance(measured.value, int):
        return "not known"
    return magnitude(measured.value) + measured.where


async def freshness(gateway: Gateway, principal: Principal, table: VisibleTable, time_zone: str) -> str:
    """The latest value of the first unmasked time column, or why it is not known."""
    column = next((column for column in table.columns if _is_time(column)), None)
    if column is None:
        return "not known: no time column that is shown as it is"
    try:
        measured = await _measure(gateway, principal, table, f"MAX({quoted(column.name, table.dialect)})")
    except ReadError as error:
        return _not_measured(error)
    if measured.value is None:
        return f"no row has a value in {column.name}{measured.where}"
    return f"latest {column.name} is {as_text(measured.value, zone_of(time_zone))} ({time_zone})"


def magnitude(count: int) -> str:
    """`count` as a power of ten: `10,000 to 99,999 rows`."""
    if count < 10:
        return "no rows" if count == 0 else "1 to 9 rows"
    low = 10 ** (len(str(count)) - 1)
    return f"{low:,} to {low * 10 - 1:,} rows"


@dataclass(frozen=True, kw_only=True)
class _Measured:
    value: object
    where: str = ""


async def _measure(gateway: Gateway, principal: Principal, table: VisibleTable, expression: str) -> _Measured:
    """Measure the whole table, or where policy demands a range, the range that the refusal proposes."""
    name = f"{quoted(table.schema, table.dialect)}.{quoted(table.table, table.dialect)}"
    # Names come from the catalog and are quoted; the text passes the guard like every other.
    sql = f"SELECT {expression} AS measured FROM {name}"  # noqa: S608
    try:
        return _Measured(value=await _value(gateway, principal, table, sql))
    except ReadError as error:
        if error.code is not Code.PREDICATE_REQUIRED or not error.rewrite:
            raise
        value = await _value(gateway, principal, table, error.rewrite)
        return _Measured(value=value, where=" in the latest range that one query may cover")


async def _value(gateway: Gateway, principal: Principal, table: VisibleTable, sql: str) -> object:
    result = await gateway.read(principal, SqlRead(source=table.source, sql=sql, rows_max=1))
    return result.rows[0][0] if result.rows else None


def _is_time(column: ShownColumn) -> bool:
    return not column.mask and column.type.lower().startswith(_TIME_TYPES)


def _not_measured(error: ReadError) -> str:
    return f"not measured ({error.code}: {error.what})"
