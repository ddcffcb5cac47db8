"""Refuses a statement whose scans lack the conditions that policy requires of them.

It is part of enforcement, so that no way to a sealed statement can leave it out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lucky_mcp.catalog.column_types import key_family
from lucky_mcp.decision.required import in_words, judge
from lucky_mcp.errors import MissingCondition, PredicateMissing
from lucky_mcp.model.decision import Permit, Requirement, TableDecision
from lucky_mcp.model.requirement import Equals, Range
from lucky_mcp.model.source import Source
from lucky_mcp.sql.places import place_of_node
from lucky_mcp.sql.resolved import ResolvedQuery, Scan
from lucky_mcp.sql.scan_facts import scan_facts

HOW = (
    "add it to the WHERE of the SELECT that reads the table, ANDed at its top, with values written out; "
    "it does not count under OR, NOT or CASE, or on a function of the column"
)


def refuse_unmet(query: ResolvedQuery, permit: Permit, source: Source, now: datetime) -> bool:
    """Raise PredicateMissing unless every scan meets what its table requires.

    Returns whether the answer leans on `now` (time zone aware). Call it while the scans still stand in the
    statement and its places are known.
    """
    if not any(decided.requires for decided in permit.tables):
        return False
    local = now.astimezone(ZoneInfo(source.time_zone)).replace(tzinfo=None)
    decided = [permit.for_table(scan.table) for scan in query.scans]
    columns = {each.table: each.columns for each in permit.tables}
    judged = judge(decided, scan_facts(query.scans, query.grammar, columns, local), local)
    if not judged.unmet:
        return judged.moves
    first, requirement = judged.unmet[0]
    table = query.scans[first].table
    because = f" ({requirement.rule.why})" if requirement.rule.why else ""
    raise PredicateMissing(
        f"{table} may not be read without a condition: {in_words(requirement)}{because}",
        missing=tuple(
            _missing(query.scans[at], decided[at], each, local)
            for at, each in judged.unmet
            if any(isinstance(option, Equals | Range) for option in each.options)
        ),
        place=place_of_node(query.scans[first].node),
        next_step=HOW,
        audit_detail=f"{table}: {requirement.rule.id} at {requirement.rule.place} is not met",
    )


def _missing(
    scan: Scan, decided: TableDecision, requirement: Requirement, local: datetime
) -> MissingCondition:
    """The condition that is easiest to add: the latest range, else a value."""
    place = place_of_node(scan.node)
    for option in requirement.options:
        if isinstance(option, Range):
            column = next(each for each in decided.columns if each.name == option.column)
            return MissingCondition(
                place=place,
                column=option.column,
                since=(local - timedelta(days=option.days_max)).date(),
                as_number=key_family(column.type) == "whole",
            )
    key = next(option for option in requirement.options if isinstance(option, Equals))
    return MissingCondition(place=place, column=key.column)
