"""What the gateway's own roles may read of rows that a contract hides: counters of them, and no row.

`system:quality` counts what is wrong in the data. An exemption shows it the hidden rows, so its statements
are held to one row of COUNT, SUM and AVG: no value of a hidden row stands in such an answer.
"""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.errors import AggregateOnly
from lucky_mcp.model.decision import Permit, WaiverKind
from lucky_mcp.sql.resolved import ResolvedQuery

AGGREGATES = (exp.Count, exp.Sum, exp.Avg)


def refuse_listing_exempt(query: ResolvedQuery, permit: Permit) -> None:
    """Raise AggregateOnly for a statement over exempt rows that is not one row of COUNT, SUM and AVG."""
    decided = (*permit.tables, *permit.below_views)
    exempt = any(waiver.kind is WaiverKind.EXEMPTION for each in decided for waiver in each.waivers)
    if exempt and not _is_one_row_of_aggregates(query.tree):
        raise AggregateOnly(
            "rows that a contract hides are counted here, and never listed",
            next_step="select COUNT, SUM or AVG without GROUP BY, with a condition for what is counted",
        )


def _is_one_row_of_aggregates(tree: exp.Expr) -> bool:
    if not isinstance(tree, exp.Select) or tree.args.get("group"):
        return False
    return all(isinstance(each.unalias(), AGGREGATES) for each in tree.expressions)
