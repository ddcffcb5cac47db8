"""Names in place of values: what a decision would be, when no reference set is read and no token is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from lucky_mcp.gateway.references import ReferenceSnapshot
from lucky_mcp.model.predicate import Scalar
from lucky_mcp.policy.expressions import Filter
from lucky_mcp.policy.policy_set import PolicySet

# Attributes of tokens may have to be numbers; an obligation shows where they come from, never this value.
ATTRIBUTE = "0"


def reference_stand_ins(policies: PolicySet) -> Mapping[str, tuple[Scalar, ...]]:
    """Return for each reference set its own name as the one value."""
    return MappingProxyType({name: (f":ref.{name}",) for name in policies.references})


def reference_snapshots(policies: PolicySet, now: datetime) -> Iterator[ReferenceSnapshot]:
    """Yield the same as snapshots that were read just now."""
    for name, values in reference_stand_ins(policies).items():
        yield ReferenceSnapshot(of=policies.references[name], values=values, read_at=now)


def attribute_stand_ins(policies: PolicySet) -> Mapping[str, tuple[str, ...]]:
    """Return a value for every attribute that some filter names."""
    names = {
        part.name for filter_ in _filters(policies) for part in filter_.unbound if part.kind == "principal"
    }
    return MappingProxyType(dict.fromkeys(sorted(names), (ATTRIBUTE,)))


def named_again(sql: str, policies: PolicySet) -> str:
    """Return a guarded text with the names of reference sets as reviewers write them, not as literals."""
    for name in policies.references:
        sql = sql.replace(f"':ref.{name}'", f":ref.{name}")
    return sql


def _filters(policies: PolicySet) -> Iterator[Filter]:
    for tables in policies.tables.values():
        for table in tables.values():
            yield from (entry.filter for entry in table.contracts)
            yield from (grant.filter.filter for grant in table.grants if grant.filter is not None)
