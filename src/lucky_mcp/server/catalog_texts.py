"""Sources and tables in words, as one caller sees them."""

from __future__ import annotations

from collections.abc import Sequence

from lucky_mcp.model.visible import ShownColumn, ShownJoin, ShownRequirement, VisibleSource, VisibleTable
from lucky_mcp.server import layouts
from lucky_mcp.server.cells import one_line

COLUMNS_SHOWN_MAX = 40
_SOURCE_COLUMNS = (
    "name",
    "short_name",
    "kind",
    "dialect",
    "domain",
    "status",
    "tables",
    "time_zone",
    "description",
)


def sources_text(sources: Sequence[VisibleSource]) -> str:
    """A heading and one CSV line per source."""
    rows = [[one_line(str(getattr(source, column))) for column in _SOURCE_COLUMNS] for source in sources]
    heading = f"OK {_counted(len(rows), 'source')} · write SQL in the dialect named"
    return heading + "\n" + layouts.csv(("source", *_SOURCE_COLUMNS[1:]), rows, None)


def matches_text(tables: Sequence[VisibleTable]) -> str:
    """Ranked tables, each with what is needed to write a first query."""
    if not tables:
        return (
            "OK 0 tables match · try other words (English business terms or column names), leave domain out,"
            " or see list_sources"
        )
    heading = f"OK {_counted(len(tables), 'table')} · best match first · no rows were read"
    return "\n\n".join([heading, *(_match(rank, table) for rank, table in enumerate(tables, start=1))])


def table_text(table: VisibleTable, *, size: str, fresh: str, example: str) -> str:
    """Everything about one table that its caller may know."""
    heading = [
        f"OK {table.schema}.{table.table}",
        table.source,
        f"dialect {table.dialect}",
        f"domain {table.domain}",
        "kind: view" if table.kind == "view" else "",
        f"dataset {table.dataset}" if table.dataset else "",
        _counted(len(table.columns), "column"),
    ]
    facts = [
        one_line(table.description),
        *_keys(table),
        f"size: {size}",
        f"freshness: {fresh}",
        *map(_required, table.requires),
        *_rules(table),
        *map(_join, table.joins),
        f"further tables with the same keys: {table.joins_left_out}" if table.joins_left_out else "",
        f"example: {one_line(example)}" if example else "",
    ]
    columns = layouts.csv(("name", "type", "mask", "tags", "comment"), map(_column_row, table.columns), None)
    first = " · ".join(one_line(part) for part in heading if part)
    return "\n".join([first, *(fact for fact in facts if fact), "", columns])


def _keys(table: VisibleTable) -> list[str]:
    """A view has none."""
    if table.kind == "view":
        return []
    indexes = "; ".join(", ".join(index) for index in table.indexes)
    return [
        "primary key: " + (", ".join(table.primary_key) or "none among the columns shown"),
        "indexes: " + (indexes or "none on the columns shown"),
    ]


def _match(rank: int, table: VisibleTable) -> str:
    shown = table.columns[:COLUMNS_SHOWN_MAX]
    more = len(table.columns) - len(shown)
    columns = ", ".join(_brief(column) for column in shown)
    lines = [
        f"{rank}. {table.schema}.{table.table} in source {table.source} (dialect {table.dialect},"
        f" domain {table.domain}{', kind: view' if table.kind == 'view' else ''})",
        one_line(table.description),
        f"columns: {columns}" + (f", and {more} more (see describe_table)" if more else ""),
        *_rules(table),
        *map(_join, table.joins),
    ]
    return "\n   ".join(line for line in lines if line)


def _rules(table: VisibleTable) -> list[str]:
    """One line per rule, however many conditions it has on this table."""
    conditions: dict[tuple[str, str, str], list[str]] = {}
    for shown in table.filters:
        conditions.setdefault((shown.rule_id, shown.why, shown.owner), []).append(shown.condition)
    lines = [
        _rule(rule_id, why, owner, " AND ".join(parts)) for (rule_id, why, owner), parts in conditions.items()
    ]
    if table.not_filtered:
        lines.append(f"not filtered by market: {one_line(table.not_filtered)}")
    lines += [one_line(f"for you alone: {each}") for each in table.waivers]
    return lines


def _rule(rule_id: str, why: str, owner: str, condition: str) -> str:
    because = f"; {why}" if why else ""
    whose = f" (owner {owner})" if owner else ""
    return one_line(f"filter: {rule_id}: {condition}{because}{whose}")


def _required(shown: ShownRequirement) -> str:
    because = f"; {shown.why}" if shown.why else ""
    whose = f" (owner {shown.owner})" if shown.owner else ""
    return one_line(f"required in WHERE of each SELECT: {shown.condition}; {shown.rule_id}{because}{whose}")


def _join(join: ShownJoin) -> str:
    """A clause to copy; values of another source have to be fetched by a query of their own."""
    if join.join:
        return one_line(f"join: {join.join}")
    return one_line(f"same key in another source, {join.source}: {join.condition} ({join.table})")


def _brief(column: ShownColumn) -> str:
    mask = f" masked {column.mask}" if column.mask else ""
    return one_line(f"{column.name} {column.type}{mask}")


def _column_row(column: ShownColumn) -> tuple[object, ...]:
    return (
        column.name,
        column.type,
        column.mask or None,
        " ".join(column.tags) or None,
        one_line(column.comment) or None,
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
