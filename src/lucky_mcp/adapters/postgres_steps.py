"""What a plan of PostgreSQL reads and how, from EXPLAIN (FORMAT JSON): no condition and no number of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lucky_mcp.model.probe import Access, Step


def steps_of(plan: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the nodes that read something, in the order of the plan; NOTHING where none does."""
    return tuple(_steps(plan)) or (Step(table="", access=Access.NOTHING),)


def _steps(node: Mapping[str, Any]) -> Iterator[Step]:
    kind = str(node.get("Node Type", ""))
    if "Relation Name" in node:
        yield _of_relation(node, kind)
    elif kind in ("CTE Scan", "WorkTable Scan", "Subquery Scan", "Materialize", "Values Scan"):
        yield Step(table="", access=Access.DERIVED)
    if kind != "Bitmap Heap Scan":
        for below in node.get("Plans", ()):
            yield from _steps(below)


def _of_relation(node: Mapping[str, Any], kind: str) -> Step:
    table = str(node["Relation Name"])
    match kind:
        case "Seq Scan":
            return Step(table=table, access=Access.WHOLE_TABLE)
        case "Index Scan" | "Index Only Scan":
            access = Access.RANGE if "Index Cond" in node else Access.WHOLE_INDEX
            return Step(table=table, access=access, index=str(node.get("Index Name", "")))
        case "Bitmap Heap Scan":
            names = sorted(set(_indexes(node)))
            return Step(table=table, access=Access.RANGE, index=", ".join(names))
    return Step(table=table, access=Access.OTHER)


def _indexes(node: Mapping[str, Any]) -> Iterator[str]:
    """The indexes that a bitmap is made of."""
    if "Index Name" in node:
        yield str(node["Index Name"])
    for below in node.get("Plans", ()):
        yield from _indexes(below)
