"""Who sees what: the decision on every table for a set of roles, as a reviewer compares and prints it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from lucky_mcp.decision.averaged import averaged_in_words
from lucky_mcp.decision.decide import decide_table
from lucky_mcp.decision.required import in_words
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.gateway.review.stand_ins import attribute_stand_ins, reference_stand_ins
from lucky_mcp.model.decision import (
    MaskName,
    Requirement,
    RowFilter,
    Rule,
    TableDecision,
    TableDenied,
    VisibleColumn,
    Waiver,
)
from lucky_mcp.model.predicate import Scalar
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet, TablePolicy

AVERAGED = "averaged"


@dataclass(frozen=True, kw_only=True)
class TableAccess:
    """What a person with exactly these roles sees of one table or view; `denied` is the reason when nothing.

    `below` are the tables and views that a view reads, with what holds there; `definition` is the view's.
    Keys of Redis have the form of their names in place of a table, and `rule`, by which they are seen.
    """

    roles: tuple[str, ...]
    person: str
    source: str
    table: str
    columns: Mapping[str, VisibleColumn]
    filters: tuple[RowFilter, ...]
    requires: tuple[Requirement, ...] = ()
    not_filtered: str = ""
    definition: str = ""
    below: tuple[TableAccess, ...] = ()
    denied: str = ""
    waivers: tuple[Waiver, ...] = ()
    rule: str = ""

    def shown(self, column: str) -> str:
        """How a column is seen: `plain`, the names of its masks, `averaged`, or `absent`."""
        found = self.columns.get(column)
        return "absent" if found is None else shown_as(found)

    @property
    def conditions(self) -> tuple[tuple[str, Rule], ...]:
        """What holds for rows and scans, in words, each with its rule; of a view, also what holds below."""
        own = [(f"rows where {condition(each.predicate)}", each.rule) for each in self.filters]
        own += [(f"each scan needs {in_words(each)}", each.rule) for each in self.requires]
        own += [
            (f"{each.name} as {averaged_in_words(each.averaged)}", each.rule)
            for each in self.columns.values()
            if each.averaged is not None and each.rule is not None
        ]
        under = [(f"{text} of {each.table}", rule) for each in self.below for text, rule in each.conditions]
        return tuple(dict.fromkeys((*own, *under)))


def shown_as(column: VisibleColumn) -> str:
    """Return the word for a visible column."""
    if column.averaged is not None:
        return AVERAGED
    masks = dict.fromkeys(mask for mask in (*column.masks_below, column.mask) if mask is not None)
    masks |= dict.fromkeys([MaskName.RARE] if column.merged else [])
    return " + ".join(masks) or "plain"


def accesses(
    policies: PolicySet, roles: tuple[str, ...], now: datetime | None = None, person: str = ""
) -> Iterator[TableAccess]:
    """Yield what callers with exactly these roles see of every table that a dataset file lists.

    Filters hold the names of reference sets and attributes in place of their values. Rules for a `person`
    count when one is given, and those that end by themselves if they have not ended `now`.
    """
    is_system = any(role.startswith("system:") for role in roles)
    subject = person or (roles[0] if is_system else "review:nobody")
    caller = Principal(subject=subject, roles=roles, attributes=attribute_stand_ins(policies))
    references = reference_stand_ins(policies)
    for name in sorted(policies.tables):
        for table in sorted(policies.tables[name]):
            policy = policies.tables[name][table]
            yield _access(policies, caller, policies.sources[name], policy, references, now)


def roles_of_people(policies: PolicySet) -> tuple[str, ...]:
    """Return the roles that tokens can have, in the order of roles.yaml."""
    return tuple(name for name in policies.roles if not name.startswith("system:"))


def _access(
    policies: PolicySet,
    caller: Principal,
    source: Source,
    policy: TablePolicy,
    references: Mapping[str, tuple[Scalar, ...]],
    now: datetime | None,
) -> TableAccess:
    decided = decide_table(caller, source, policy.table, policies, references, now)
    if isinstance(decided, TableDenied):
        return TableAccess(
            roles=caller.roles,
            person=caller.subject,
            source=source.name,
            table=str(policy.table),
            columns=MappingProxyType({}),
            filters=(),
            denied=str(decided.reason),
        )
    return _of(decided, caller, source.name, None)


def _of(decided: TableDecision, caller: Principal, source: str, used: frozenset[str] | None) -> TableAccess:
    """Return a decision as access; of a table below a view only the columns that its definition uses."""
    view = decided.below
    names = frozenset(view.columns) if view is not None else frozenset[str]()
    return TableAccess(
        roles=caller.roles,
        person=caller.subject,
        source=source,
        table=str(decided.table),
        columns=MappingProxyType(
            {
                each.name: each
                for each in (*decided.columns, *decided.averaged)
                if used is None or f"{decided.table}.{each.name}" in used
            }
        ),
        filters=decided.filters,
        requires=decided.requires,
        not_filtered=decided.not_filtered,
        waivers=decided.waivers,
        definition=view.definition if view is not None else "",
        below=tuple(_of(each, caller, source, names) for each in view.tables) if view is not None else (),
    )
