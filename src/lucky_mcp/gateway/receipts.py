"""What was done to a read, in the forms that callers and the audit keep."""

from __future__ import annotations

from dataclasses import replace

from lucky_mcp.decision.averaged import averaged_in_words
from lucky_mcp.decision.rare_rows import merged_in_words
from lucky_mcp.decision.required import in_words
from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.references import digest_of
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import (
    MaskName,
    Merged,
    Permit,
    Requirement,
    RowFilter,
    Rule,
    TableDecision,
    VisibleColumn,
    Waiver,
)
from lucky_mcp.model.predicate import Compare, Either, Every, Known, Member, Predicate
from lucky_mcp.model.result import AppliedRule, Digests
from lucky_mcp.model.source import EMBEDDED, Dialect, Source

ROWS_BELOW = "rows of what it reads"
OF_READ = "of what it reads, "


def digests(view: View, catalog_digest: str) -> Digests:
    """Return the digests of the snapshots a read was made under."""
    return Digests(policy=view.policies.digest, catalog=catalog_digest, references=digest_of(view.references))


def tables_read(permit: Permit) -> tuple[str, ...]:
    """Return the names of the statement's tables and views, and behind them of what its views read."""
    return tuple(dict.fromkeys(str(each.table) for each in (*permit.tables, *permit.below_views)))


def filters_applied(permit: Permit) -> tuple[str, ...]:
    """Return the distinct rule ids of the row filters in force, those on what views read among them."""
    tables = (*permit.tables, *permit.below_views)
    return tuple(dict.fromkeys(each.rule.id for table in tables for each in table.filters))


def masks_applied(prepared: Prepared) -> tuple[tuple[str, str], ...]:
    """Return (column, mask) for the masked columns that the statement may read.

    A view's column has the masks of what it is computed from.
    """
    read = set(prepared.columns)
    found = [
        (column.name, str(mask))
        for table in prepared.permit.tables
        for column in table.columns
        for mask in (column.mask, *column.masks_below)
        if mask is not None and f"{table.table}.{column.name}" in read
    ]
    return tuple(dict.fromkeys(found))


def masks_by_column(prepared: Prepared) -> tuple[str, ...]:
    """Return `schema.table.column:mask` for the audit."""
    read = set(prepared.columns)
    return tuple(
        f"{table.table}.{column.name}:{column.mask}"
        for table in (*prepared.permit.tables, *prepared.permit.below_views)
        for column in table.columns
        if column.mask is not None and f"{table.table}.{column.name}" in read
    )


def tags_by_column(prepared: Prepared) -> tuple[str, ...]:
    """Return `schema.table.column:tag` for the audit, of every column that the statement may read."""
    read = set(prepared.columns)
    return tuple(
        f"{table.table}.{column.name}:{tag}"
        for table in (*prepared.permit.tables, *prepared.permit.below_views)
        for column in table.columns
        for tag in column.tags
        if f"{table.table}.{column.name}" in read
    )


def engine_of(source: Source) -> str:
    """Return the dialect of the text that the source's engine receives."""
    return Dialect.DUCKDB.value if source.kind in EMBEDDED else source.dialect.value


def not_filtered(permit: Permit) -> tuple[tuple[str, str], ...]:
    """Return (table, why) for tables that no contract reaches."""
    return tuple((str(table.table), table.not_filtered) for table in permit.tables if table.not_filtered)


def waivers_of(decided: TableDecision) -> tuple[Waiver, ...]:
    """Return what holds of a table or view for this caller alone, that of what a view reads included."""
    found = list(decided.waivers)
    for each in decided.below.tables if decided.below is not None else ():
        found += [replace(waiver, effect=f"{OF_READ}{waiver.effect}") for waiver in waivers_of(each)]
    return tuple(dict.fromkeys(found))


def waivers_told(permit: Permit) -> tuple[tuple[str, str], ...]:
    """Return (table, what holds of it for this caller alone, until when and why)."""
    return tuple((str(table.table), str(each)) for table in permit.tables for each in waivers_of(table))


def waivers_recorded(permit: Permit) -> tuple[str, ...]:
    """Return the same for the audit, on the very tables: `kind id schema.table until …: why`."""
    tables = (*permit.tables, *permit.below_views)
    return tuple(
        dict.fromkeys(
            f"{each.kind} {each.rule.id} {table.table} until {each.until}: {each.rule.why}"
            for table in tables
            for each in table.waivers
        )
    )


def left_out(permit: Permit) -> tuple[str, ...]:
    """Return in words which columns the scans lack because they are read in aggregates alone."""
    return tuple(
        f"{table.table}.{column.name} is left out: it is read as {averaged_in_words(column.averaged)}"
        for table in permit.tables
        for column in table.averaged
        if column.averaged is not None
    )


def rules_applied(permit: Permit) -> tuple[AppliedRule, ...]:
    """Return every requirement, filter, exemption and mask with the rule that caused it.

    Of what a view reads, which the caller need not know, only that a rule applies there.
    """
    rules: list[AppliedRule] = []
    for table in permit.tables:
        rules += [_required_rule(str(table.table), each) for each in table.requires]
        rules += [_filter_rule(str(table.table), each) for each in table.filters]
        rules += [_waiver_rule(str(table.table), each) for each in waivers_of(table)]
        rules += [_mask_rule(str(table.table), column) for column in table.columns if column.mask is not None]
        rules += [
            _merged_rule(str(table.table), column, merged)
            for column in table.columns
            for merged in column.merged[column.mask is MaskName.RARE :]
        ]
        rules += [_rule_below(str(table.table), rule) for rule in filters_below(table)]
        rules += [
            _mask_below(str(table.table), column, mask)
            for column in table.columns
            for mask in column.masks_below
        ]
    return tuple(rules)


def filters_below(view: TableDecision) -> tuple[Rule, ...]:
    """Return the rules that filter what a view reads, each once; none for a table."""
    found: dict[str, Rule] = {}
    for each in view.below.tables if view.below is not None else ():
        for rule in (*(row_filter.rule for row_filter in each.filters), *filters_below(each)):
            found.setdefault(rule.id, rule)
    return tuple(found.values())


def _rule_below(view: str, rule: Rule) -> AppliedRule:
    return _applied(view, f"{ROWS_BELOW} are filtered", rule)


def _mask_below(view: str, column: VisibleColumn, mask: MaskName) -> AppliedRule:
    return _applied(view, f"{column.name} computed from what is shown as {mask}", None)


def _filter_rule(table: str, row_filter: RowFilter) -> AppliedRule:
    return _applied(table, f"rows where {condition(row_filter.predicate)}", row_filter.rule)


def _required_rule(table: str, requirement: Requirement) -> AppliedRule:
    return _applied(table, f"each scan needs {in_words(requirement)}", requirement.rule)


def _waiver_rule(table: str, waiver: Waiver) -> AppliedRule:
    return _applied(table, f"{waiver.effect} until {waiver.until}", waiver.rule)


def _mask_rule(table: str, column: VisibleColumn) -> AppliedRule:
    if column.averaged is not None:
        return _applied(table, f"{column.name} as {averaged_in_words(column.averaged)}", column.rule)
    if column.mask is MaskName.RARE:
        return _merged_rule(table, column, column.merged[0])
    return _applied(table, f"{column.name} shown as {column.mask}", column.rule)


def _merged_rule(table: str, column: VisibleColumn, merged: Merged) -> AppliedRule:
    return _applied(table, f"{column.name} is {merged_in_words(merged)}", merged.rule)


def _applied(table: str, effect: str, rule: Rule | None) -> AppliedRule:
    """Return what a rule did to a table; an effect that no rule of the policy is behind names none."""
    if rule is None:
        return AppliedRule(table=table, effect=effect, rule_id="", place="", why="", owner="")
    return AppliedRule(
        table=table, effect=effect, rule_id=rule.id, place=rule.place, why=rule.why, owner=rule.owner
    )


def condition(predicate: Predicate) -> str:
    """Return a filter in words; a set is shown by its name and size, since its values are policy data."""
    if isinstance(predicate, Compare):
        return f"{predicate.column} {predicate.operator} {_shown(predicate.value)}"
    if isinstance(predicate, Member):
        values = predicate.origin or f"({', '.join(_shown(value) for value in predicate.values)})"
        return f"{predicate.column} in {values}"
    if isinstance(predicate, Known):
        return f"{predicate.column} is known"
    if isinstance(predicate, Every | Either):
        word = " and " if isinstance(predicate, Every) else " or "
        return word.join(condition(part) for part in predicate.parts)
    return f"{predicate.column} is that of a {predicate.parent.table} row where {condition(predicate.filter)}"


def _shown(value: object) -> str:
    return (
        f"'{value}'"
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
