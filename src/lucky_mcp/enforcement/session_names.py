"""Names, quoted or not, that the embedded engine takes for functions of its session if no column has them."""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.errors import NameRefused
from lucky_mcp.model.decision import Permit
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.places import place_of_node

SESSION_NAMES = frozenset(
    {
        *("user", "current_user", "session_user", "current_role", "current_schema", "current_catalog"),
        *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"),
    }
)


def refuse_session_names(nodes: Nodes, permit: Permit) -> None:
    """Raise NameRefused for a column that only the engine's session could mean."""
    meant = [node for node in nodes.of(exp.Column) if node.name.lower() in SESSION_NAMES]
    if not meant:
        return
    known = {column.name.lower() for table in permit.tables for column in table.columns}
    known |= {node.alias.lower() for node in nodes.of(exp.Alias)}
    for alias in nodes.of(exp.TableAlias):
        known |= {column.name.lower() for column in alias.args.get("columns") or []}
    for node in meant:
        if node.name.lower() not in known and not node.args.get("table"):
            raise NameRefused(f"there is no column {node.name!r} here for you", place=place_of_node(node))
