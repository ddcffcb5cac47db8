"""What a caller hears when a read would cost its server too much: what narrows it, and a text that may run.

No estimate is repeated: it counts rows that the caller does not see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from lucky_mcp.catalog.column_types import key_family
from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import MissingCondition, ReadError, TooExpensive
from lucky_mcp.gateway.execute import ExecutionFailed, Executor
from lucky_mcp.gateway.prepare import Prepared, catalog_for, prepare
from lucky_mcp.gateway.view import View
from lucky_mcp.gateway.weight import ScanWeight
from lucky_mcp.model.decision import VisibleColumn
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.sql.alternatives import alternatives

DAYS = 7
NAMES_MAX = 4


async def too_costly(
    executor: Executor,
    view: View,
    principal: Principal,
    prepared: Prepared,
    request: SqlRead,
    failure: ExecutionFailed,
) -> TooExpensive:
    """Return the refusal, with a narrower text where one can be made that the server can bear."""
    catalog = catalog_for(view, principal, prepared.source)
    sizes = await executor.rows_of(prepared.guarded, prepared.weight)
    scans = _heaviest_first(prepared, sizes)
    refusal = TooExpensive(
        f"{prepared.source.name} expects to read far more rows for this than one read may",
        missing=tuple(_latest(prepared, scans, catalog, view)),
        next_step=_advice(prepared, scans, catalog),
        audit_detail=failure.detail,
    )
    for text in alternatives(request.sql, refusal, prepared.source.dialect):
        try:
            narrower = prepare(view, principal, prepared.source, replace(request, sql=text))
        except (ReadError, RecursionError):
            continue
        if await executor.is_affordable(narrower.guarded, narrower.weight):
            refusal.rewrite = text
            refusal.audit_detail += f"; offered: {text}"
            break
    return refusal


def _heaviest_first(prepared: Prepared, sizes: Mapping[str, float]) -> list[ScanWeight]:
    scans = [scan for scan in prepared.weight.scans if not scan.by_key]
    return sorted(scans, key=lambda scan: -sizes.get(str(scan.table), 0.0))


def _advice(prepared: Prepared, scans: list[ScanWeight], catalog: Catalog) -> str:
    """Name the columns by which an index would narrow the largest table; else say that there is none."""
    for scan in scans:
        indexed = [name for name in _indexed(catalog, scan) if name in _plain(prepared, scan)]
        wider = [name for name in indexed if name not in scan.narrowed]
        if wider:
            names = " or ".join(wider[:NAMES_MAX])
            return (
                f"narrow {scan.table} where it is read by a condition on {names}, which an index begins with,"
                " or aggregate less"
            )
    for scan in scans:
        missing = sorted(scan.narrowed - set(_indexed(catalog, scan)))
        if missing:
            return (
                f"no index of {scan.table} begins with {', '.join(missing)}: ask its owner for one,"
                " or read a shorter period"
            )
    return "read fewer tables at once, or a shorter period of each"


def _latest(
    prepared: Prepared, scans: list[ScanWeight], catalog: Catalog, view: View
) -> Iterator[MissingCondition]:
    """The last days of each table by a column of its own that says when, an indexed one if there is any."""
    now = view.now.astimezone(ZoneInfo(prepared.source.time_zone))
    for scan in scans:
        plain = _plain(prepared, scan)
        times = [name for name, column in plain.items() if key_family(column.type) in {"date", "time"}]
        indexed = [name for name in _indexed(catalog, scan) if name in times]
        if times and scan.place is not None and not scan.narrowed & set(times):
            column = (indexed or times)[0]
            since = (now - timedelta(days=DAYS)).date()
            yield MissingCondition(place=scan.place, column=column, since=since)


def _indexed(catalog: Catalog, scan: ScanWeight) -> list[str]:
    """The columns that a key or an index begins with, each once."""
    table = catalog.tables.get(scan.table)
    if table is None:
        return []
    return list(dict.fromkeys(index[0] for index in (table.primary_key, *table.indexes) if index))


def _plain(prepared: Prepared, scan: ScanWeight) -> dict[str, VisibleColumn]:
    """The columns that the caller sees as they are: a condition on a masked one reads no index."""
    columns = prepared.permit.for_table(scan.table).columns
    return {each.name: each for each in columns if each.mask is None and not each.masks_below}
