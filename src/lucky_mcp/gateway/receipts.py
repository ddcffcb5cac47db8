"""What was done to a read, in the forms that callers and the audit keep."""

from __future__ import annotations

from lucky_mcp.gateway.prepare import Prepared
from lucky_mcp.gateway.references import digest_of
from lucky_mcp.gateway.view import View
from lucky_mcp.model.decision import Permit, RowFilter, VisibleColumn
from lucky_mcp.model.predicate import Compare, Either, Every, Known, Member, Predicate
from lucky_mcp.model.result import AppliedRule, Digests


def digests(view: View, catalog_digest: str) -> Digests:
    """Return the digests of the snapshots a read was made under."""
    return Digests(policy=view.policies.digest, catalog=catalog_digest, references=digest_of(view.references))


def filters_applied(permit: Permit) -> tuple[str, ...]:
    """Return the distinct rule ids of the row filters in force."""
    return tuple(dict.fromkeys(each.rule.id for table in permit.tables for each in table.filters))


def masks_applied(prepared: Prepared) -> tuple[tuple[str, str], ...]:
    """Return (column, mask) for the masked columns that the statement may read."""
    read = set(prepared.columns)
    found = [
        (column.name, str(column.mask))
        for table in prepared.permit.tables
        for column in table.columns
        if column.mask is not None and f"{table.table}.{column.name}" in read
    ]
    return tuple(dict.fromkeys(found))


def masks_by_column(prepared: Prepared) -> tuple[str, ...]:
    """Return `schema.table.column:mask` for the audit."""
    read = set(prepared.columns)
    return tuple(
        f"{table.table}.{column.name}:{column.mask}"
        for table in prepared.permit.tables
        for column in table.columns
        if column.mask is not None and f"{table.table}.{column.name}" in read
    )


def not_filtered(permit: Permit) -> tuple[tuple[str, str], ...]:
    """Return (table, why) for tables that no contract reaches."""
    return tuple((str(table.table), table.not_filtered) for table in permit.tables if table.not_filtered)


def rules_applied(permit: Permit) -> tuple[AppliedRule, ...]:
    """Return every filter and mask with the rule that caused it."""
    rules: list[AppliedRule] = []
    for table in permit.tables:
        rules += [_filter_rule(str(table.table), each) for each in table.filters]
        rules += [_mask_rule(str(table.table), column) for column in table.columns if column.mask is not None]
    return tuple(rules)


def _filter_rule(table: str, row_filter: RowFilter) -> AppliedRule:
    rule = row_filter.rule
    return AppliedRule(
        table=table,
        effect=f"rows where {condition(row_filter.predicate)}",
        rule_id=rule.id,
        place=rule.place,
        why=rule.why,
        owner=rule.owner,
    )


def _mask_rule(table: str, column: VisibleColumn) -> AppliedRule:
    rule = column.rule
    return AppliedRule(
        table=table,
        effect=f"{column.name} shown as {column.mask}",
        rule_id=rule.id if rule else "",
        place=rule.place if rule else "",
        why=rule.why if rule else "",
        owner=rule.owner if rule else "",
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
