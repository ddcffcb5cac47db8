"""How many rows a plan of MySQL or MariaDB examines, from EXPLAIN FORMAT=JSON (the older form of MySQL's)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

# What is made once, whatever stands around it, unless the server says that it depends on that.
MADE_ONCE = ("materialized", "materialized_from_subquery")
ROWS = ("rows_examined_per_scan", "rows")
Block = Mapping[str, Any]


def rows_examined(plan: Block, repeated: Collection[int] = ()) -> float | None:
    """Return the rows of all steps together, each as often as it is done; None when no step tells any.

    `repeated` are the numbers of subqueries that depend on what is around them, if the plan does not say so.
    """
    counted = _Count(repeated)
    counted.block(plan, 1.0)
    return counted.examined if counted.steps else None


class _Count:
    def __init__(self, repeated: Collection[int]) -> None:
        self._repeated = repeated
        self.examined = 0.0
        self.steps = 0

    def block(self, block: Block, times: float) -> float:
        """Count a block that is done so many times; return how many rows leave it, all times together."""
        leaving = times
        for key, part in block.items():
            if key == "nested_loop":
                for step in part:
                    leaving = self.block(step, leaving)
            elif key == "table":
                leaving = self.table(part, leaving)
            elif isinstance(part, Mapping) and not _is_subquery(key) and key not in MADE_ONCE:
                leaving = self.block(part, leaving)
        for key, part in block.items():
            if key in MADE_ONCE:
                self.block(part, leaving if part.get("dependent") else 1.0)
            elif _is_subquery(key) or key == "query_specifications":
                for each in _blocks(part):
                    self.block(each, leaving if self._depends(each) else times)
        return leaving

    def table(self, table: Block, times: float) -> float:
        rows = next((float(table[key]) for key in ROWS if key in table), None)
        if rows is not None or "message" in table:
            self.steps += 1
        examined = times * (rows or 0.0)
        self.examined += examined
        leaving = examined * float(table.get("filtered", 100)) / 100
        for key, part in table.items():
            if key in MADE_ONCE:
                self.block(part, times if part.get("dependent") else 1.0)
            elif _is_subquery(key):
                for each in _blocks(part):
                    self.block(each, examined if self._depends(each) else 1.0)
        return leaving

    def _depends(self, block: Block) -> bool:
        """MySQL says so; MariaDB keeps results by what it depends on, or says so in its other form alone."""
        number = block.get("query_block", {}).get("select_id")
        return bool(block.get("dependent")) or "expression_cache" in block or number in self._repeated


def _is_subquery(key: str) -> bool:
    return key.endswith("subqueries")


def _blocks(part: Any) -> Iterator[Block]:
    for each in part if isinstance(part, list) else [part]:
        if isinstance(each, Mapping):
            yield each
