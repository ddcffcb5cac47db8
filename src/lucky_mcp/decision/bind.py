"""Gives a filter its values: reference sets and the principal's attributes, as they are now."""

from __future__ import annotations

from collections.abc import Mapping

from lucky_mcp.model.predicate import Every, Member, Predicate, Scalar
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.expressions import Filter, Unbound

ReferenceValues = Mapping[str, tuple[Scalar, ...]]


class Unbindable(Exception):
    """A filter names a set that has no values now; `reference` is empty for a principal's attribute."""

    def __init__(self, origin: str, reference: str) -> None:
        super().__init__(origin)
        self.origin = origin
        self.reference = reference


def bind(filter_: Filter, principal: Principal, references: ReferenceValues) -> Predicate:
    """Return the filter with every value known; Unbindable when a set is missing or empty."""
    members = [_member(part, principal, references) for part in filter_.unbound]
    parts = (*filter_.fixed, *members)
    return parts[0] if len(parts) == 1 else Every(parts=parts)


def _member(part: Unbound, principal: Principal, references: ReferenceValues) -> Member:
    if part.kind == "ref":
        values: tuple[Scalar, ...] = references.get(part.name, ())
        missing = part.name
    else:
        values = _typed(part, principal.attributes.get(part.name, ()))
        missing = ""
    if not values:
        raise Unbindable(part.origin, missing)
    return Member(column=part.column, values=values, origin=part.origin)


def _typed(part: Unbound, values: tuple[str, ...]) -> tuple[Scalar, ...]:
    """Attributes are text; for a column of numbers what is no number counts as missing, never as a guess."""
    if not part.numeric:
        return values
    if not all(value.isascii() and value.isdigit() for value in values):
        raise Unbindable(part.origin, "")
    return tuple(int(value) for value in values)
