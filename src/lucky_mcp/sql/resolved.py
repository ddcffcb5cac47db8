"""What a statement reads, once every name in FROM is settled."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from lucky_mcp.errors import Place
from lucky_mcp.model.names import TableName
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.projection_names import RootNames


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One place where a table or view is read: the node to be replaced, and the table it means."""

    table: TableName
    node: exp.Table


@dataclass(frozen=True, kw_only=True)
class UnknownTable:
    """A name in FROM that does not exist for the caller, as the agent wrote it.

    `denied` is the table that does exist behind it, for the audit only.
    """

    schema: str
    table: str
    place: Place | None
    denied: TableName | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table


@dataclass(frozen=True, kw_only=True)
class ResolvedQuery:
    """A tree whose tables are all either scans or fresh CTE names.

    `column_names` (lower case) are all names used as columns; with `reads_whole_rows` every visible
    column counts as read. Both over-estimate on purpose: the audit must not miss a column. `expanded` counts
    the base tables once WITH entries and views are written out.
    """

    tree: exp.Expr
    grammar: Grammar
    root_names: RootNames
    scans: tuple[Scan, ...]
    unknown: tuple[UnknownTable, ...]
    cte_prefix: str
    column_names: frozenset[str]
    reads_whole_rows: bool
    expanded: int = 1

    @property
    def tables(self) -> tuple[TableName, ...]:
        """The distinct tables and views, in order of first use."""
        return tuple(dict.fromkeys(scan.table for scan in self.scans))
