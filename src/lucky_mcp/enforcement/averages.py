"""Columns that are read in aggregates alone: which statements may, and what their scans then show.

A scan does not have such a column, so whatever is not recognised here names a column that does not exist. In
a statement that reads it as a direct argument of AVG, SUM or COUNT, every scan of the table shows the mean of
each row's group in its place (`mean_form.py`), and of the other columns only those that tell groups apart: it
averages over whole groups then. What a statement can find out does not rest on its form: that is asked for
so that an average is never taken for anybody's value (docs/decisions/0038).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from lucky_mcp.decision.averaged import averaged_in_words
from lucky_mcp.errors import AggregateOnly
from lucky_mcp.model.decision import MaskName, Permit, TableDecision, VisibleColumn
from lucky_mcp.sql.places import place_of_node
from lucky_mcp.sql.quoting import quoted
from lucky_mcp.sql.resolved import ResolvedQuery

AGGREGATES = (exp.Avg, exp.Sum, exp.Count)


def settle_averages(query: ResolvedQuery, permit: Permit) -> Permit:
    """Return the decision with the columns that the statement reads in aggregates; AggregateOnly otherwise.

    A statement that names none of them gets its decision as it is, and with it scans that lack them.
    """
    if not any(decided.averaged for decided in permit.tables):
        return permit
    tables = tuple(_settled(query, decided) if decided.averaged else decided for decided in permit.tables)
    return replace(permit, tables=tables)


def _settled(query: ResolvedQuery, decided: TableDecision) -> TableDecision:
    aliases = {scan.node.alias_or_name.lower() for scan in query.scans if scan.table == decided.table}
    named = {column.name.lower(): column for column in decided.averaged}
    used: dict[str, VisibleColumn] = {}
    for node in query.tree.find_all(exp.Column):
        column = named.get(node.name.lower())
        if column is None or (node.table and node.table.lower() not in aliases):
            continue
        _refuse_listed(node, column, decided, query)
        used[column.name] = column
    if not used:
        return decided
    first = next(iter(used.values()))
    if query.reads_whole_rows:
        raise _refused(
            f"{first.name} of {decided.table} cannot be read beside *, whole rows or renamed columns",
            decided,
            first,
            query,
        )
    for join in query.tree.find_all(exp.Join):
        if any(each.name.lower() in named for each in join.args.get("using") or ()):
            raise _refused(f"{first.name} of {decided.table} is not joined by", decided, first, query)
    shown = _shown(decided, used)
    _refuse_beside(query, decided, shown, first, aliases)
    return shown


def _shown(decided: TableDecision, used: dict[str, VisibleColumn]) -> TableDecision:
    """What every scan of the table shows: the means, and the columns that tell all of their groups apart."""
    rules = [column.averaged for column in used.values() if column.averaged is not None]
    by = frozenset(rules[0].by).intersection(*(rule.by for rule in rules))
    beside = tuple(column for column in decided.columns if column.name in by)
    return replace(decided, columns=(*beside, *used.values()), averaged=())


def _refuse_listed(
    node: exp.Column, column: VisibleColumn, decided: TableDecision, query: ResolvedQuery
) -> None:
    call = node.parent
    around = call.parent if call is not None else None
    if isinstance(around, exp.Filter):
        around = around.parent
    if isinstance(call, AGGREGATES) and call.this is node and not isinstance(around, exp.Window):
        if isinstance(call, exp.Count) and call.expressions:
            raise _refused(f"COUNT of several columns with {column.name}", decided, column, query, node)
        return
    raise _refused(
        f"{column.name} of {decided.table} may be averaged and never listed, compared, grouped or ordered by",
        decided,
        column,
        query,
        node,
    )


def _refuse_beside(
    query: ResolvedQuery,
    decided: TableDecision,
    shown: TableDecision,
    column: VisibleColumn,
    aliases: Iterable[str],
) -> None:
    """Say why a column that tells people apart is missing; where a name is in doubt the engine does."""
    missing = {each.name.lower() for each in decided.columns} - {each.name.lower() for each in shown.columns}
    alone = {scan.table for scan in query.scans} == {decided.table}
    for node in query.tree.find_all(exp.Column):
        own = node.table.lower() in set(aliases) if node.table else alone
        if own and node.name.lower() in missing:
            raise _refused(
                f"{node.name} of {decided.table} would choose whom the average of {column.name} is of",
                decided,
                column,
                query,
                node,
            )


def _refused(
    what: str,
    decided: TableDecision,
    column: VisibleColumn,
    query: ResolvedQuery,
    node: exp.Column | None = None,
) -> AggregateOnly:
    averaged = column.averaged
    if averaged is None or column.mask is not MaskName.MEAN:
        raise ValueError(f"{column.name} is not read in aggregates alone")
    by = [each.name for each in decided.columns if each.name in averaged.by]
    why = f" ({column.rule.why})" if column.rule is not None and column.rule.why else ""
    beside = f"beside it only {', '.join(by)} may be named" if by else "no other column may be named"
    return AggregateOnly(
        f"{what}{why}",
        place=place_of_node(node) if node is not None else None,
        next_step=f"write {averaged_in_words(averaged, column.name)}; {beside}, and no alias {column.name}",
        rewrite=_instead(decided, column, by, query),
        audit_detail=f"{decided.table}.{column.name}: {column.rule.id if column.rule else ''}",
    )


def _instead(decided: TableDecision, column: VisibleColumn, by: list[str], query: ResolvedQuery) -> str:
    """Return the averages of all groups: a text that runs, whatever was asked."""
    dialect = query.grammar.name
    keys = [quoted(each, dialect) for each in by]
    table = f"{quoted(decided.table.schema, dialect)}.{quoted(decided.table.table, dialect)}"
    value, name = quoted(column.name, dialect), quoted(f"average_{column.name}", dialect)
    group = f" GROUP BY {', '.join(keys)}" if keys else ""
    # Names come from the reviewed catalog; the text is prepared before anybody sees it.
    return f"SELECT {', '.join([*keys, f'AVG({value}) AS {name}'])} FROM {table}{group}"  # noqa: S608
