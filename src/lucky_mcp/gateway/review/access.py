"""Who sees what: the decision on every table for a set of roles, as a reviewer compares and prints it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lucky_mcp.decision.decide import decide_table
from lucky_mcp.decision.required import in_words
from lucky_mcp.gateway.receipts import condition
from lucky_mcp.gateway.review.stand_ins import attribute_stand_ins, reference_stand_ins
from lucky_mcp.model.decision import (
    Requirement,
    RowFilter,
    Rule,
    TableDecision,
    TableDenied,
    VisibleColumn,
)
from lucky_mcp.model.predicate import Scalar
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet, TablePolicy


@dataclass(frozen=True, kw_only=True)
class TableAccess:
    """What callers with exactly these roles see of one table or view; `denied` is the reason when nothing.

    `below` are the tables and views that a view reads, with what holds there; `definition` is the view's.
    """

    roles: tuple[str, ...]
    source: str
    table: str
    columns: Mapping[str, VisibleColumn]
    filters: tuple[RowFilter, ...]
    requires: tuple[Requirement, ...] = ()
    not_filtered: str = ""
    definition: str = ""
    below: tuple[TableAccess, ...] = ()
    denied: str = ""

    def shown(self, column: str) -> str:
        """How a column is seen: `plain`, the names of its masks, or `absent`."""
        found = self.columns.get(column)
        return "absent" if found is None else shown_as(found)

    @property
    def conditions(self) -> tuple[tuple[str, Rule], ...]:
        """What holds for rows and scans, in words, each with its rule; of a view, also what holds below."""
        own = [(f"rows where {condition(each.predicate)}", each.rule) for each in self.filters]
        own += [(f"each scan needs {in_words(each)}", each.rule) for each in self.requires]
        under = [(f"{text} of {each.table}", rule) for each in self.below for text, rule in each.conditions]
        return tuple(dict.fromkeys((*own, *under)))


def shown_as(column: VisibleColumn) -> str:
    """Return the word for a visible column."""
    masks = dict.fromkeys(mask for mask in (*column.masks_below, column.mask) if mask is not None)
    return " + ".join(masks) or "plain"


def accesses(policies: PolicySet, roles: tuple[str, ...]) -> Iterator[TableAccess]:
    """Yield what callers with exactly these roles see of every table that a dataset file lists.

    Filters hold the names of reference sets and attributes in place of their values.
    """
    is_system = any(role.startswith("system:") for role in roles)
    caller = Principal(
        subject=roles[0] if is_system else "review", roles=roles, attributes=attribute_stand_ins(policies)
    )
    references = reference_stand_ins(policies)
    for name in sorted(policies.tables):
        for table in sorted(policies.tables[name]):
            yield _access(policies, caller, policies.sources[name], policies.tables[name][table], references)


def roles_of_people(policies: PolicySet) -> tuple[str, ...]:
    """Return the roles that tokens can have, in the order of roles.yaml."""
    return tuple(name for name in policies.roles if not name.startswith("system:"))


def _access(
    policies: PolicySet,
    caller: Principal,
    source: Source,
    policy: TablePolicy,
    references: Mapping[str, tuple[Scalar, ...]],
) -> TableAccess:
    decided = decide_table(caller, source, policy.table, policies, references)
    if isinstance(decided, TableDenied):
        return TableAccess(
            roles=caller.roles,
            source=source.name,
            table=str(policy.table),
            columns=MappingProxyType({}),
            filters=(),
            denied=str(decided.reason),
        )
    return _of(decided, caller.roles, source.name, None)


def _of(
    decided: TableDecision, roles: tuple[str, ...], source: str, used: frozenset[str] | None
) -> TableAccess:
    """Return a decision as access; of a table below a view only the columns that its definition uses."""
    view = decided.below
    names = frozenset(view.columns) if view is not None else frozenset[str]()
    return TableAccess(
        roles=roles,
        source=source,
        table=str(decided.table),
        columns=MappingProxyType(
            {
                each.name: each
                for each in decided.columns
                if used is None or f"{decided.table}.{each.name}" in used
            }
        ),
        filters=decided.filters,
        requires=decided.requires,
        not_filtered=decided.not_filtered,
        definition=view.definition if view is not None else "",
        below=tuple(_of(each, roles, source, names) for each in view.tables) if view is not None else (),
    )
