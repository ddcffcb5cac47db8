"""What a plan of MySQL or MariaDB reads and how, from EXPLAIN FORMAT=JSON, without a condition or number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lucky_mcp.model.probe import Access, Step

# The `access_type` of EXPLAIN, by the manuals of MySQL 8.4 and MariaDB 11.
ACCESS: Final = {
    "system": Access.KEY,
    "const": Access.KEY,
    "eq_ref": Access.KEY,
    "unique_subquery": Access.KEY,
    "ref": Access.LOOKUP,
    "ref_or_null": Access.LOOKUP,
    "index_subquery": Access.LOOKUP,
    "fulltext": Access.LOOKUP,
    "range": Access.RANGE,
    "index_merge": Access.RANGE,
    "index": Access.WHOLE_INDEX,
    "ALL": Access.WHOLE_TABLE,
}


def steps_of(plan: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the steps that read something, in the order of the plan; NOTHING where none does.

    A block without a table, but with a message, reads no row: MySQL's say which of two reasons it has, and
    one of them is a row that is filtered.
    """
    return tuple(_steps(plan)) or (Step(table="", access=Access.NOTHING),)


def _steps(part: Any) -> Iterator[Step]:
    if isinstance(part, list):
        for each in part:
            yield from _steps(each)
    elif isinstance(part, Mapping):
        if "message" in part and "table_name" not in part:
            yield Step(table="", access=Access.NOTHING)
        for key, each in part.items():
            if key == "table" and isinstance(each, Mapping) and "access_type" in each:
                yield _step(each)
            yield from _steps(each)


def _step(table: Mapping[str, Any]) -> Step:
    name = str(table.get("table_name", ""))
    if name.startswith("<") or "materialized_from_subquery" in table:  # MySQL gives it the alias
        return Step(table="", access=Access.DERIVED)
    access = ACCESS.get(str(table["access_type"]), Access.OTHER)
    # A key that found nothing is not named as one that did, so that of unique keys none is.
    index = "" if access is Access.KEY else str(table.get("key", ""))
    return Step(table=name, access=access, index=index)
