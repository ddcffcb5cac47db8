"""Constructs that the parser reads in every dialect although some servers do not have them.

Refused here, the agent learns what to write instead; sent on, the server would only say that something does
not fit, and the embedded engine would answer what the server cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from lucky_mcp.errors import Code, ConstructRefused
from lucky_mcp.model.source import Dialect

MYSQL, POSTGRES, REDSHIFT, DUCKDB, DORIS = Dialect


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """One construct: its words, what to write instead, who has no such thing, and which nodes are meant."""

    words: str
    step: str
    missing: frozenset[Dialect]
    meant: Callable[[exp.Expr], bool] = lambda node: True
    code: Code = Code.CONSTRUCT_REFUSED
    verdict: str = "is not part of this dialect"


def is_foreign(kind: type[exp.Expr], dialect: Dialect) -> bool:
    """Whether some node of the type may be refused in the dialect."""
    return any(dialect in foreign.missing for foreign in FOREIGN.get(kind, ()))


def refuse_foreign(node: exp.Expr, dialect: Dialect) -> None:
    """Raise ConstructRefused when the dialect's servers have no such thing as the node."""
    for foreign in FOREIGN.get(type(node), ()):
        if dialect in foreign.missing and foreign.meant(node):
            raise ConstructRefused(
                f"{foreign.words} {foreign.verdict}", code=foreign.code, next_step=foreign.step
            )


def _frame(word: str) -> Callable[[exp.Expr], bool]:
    return lambda node: str(node.args.get("kind") or "").upper() == word


def _has_distinct(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.Func) and isinstance(node.this.this, exp.Distinct)


def _keeps_repeats(node: exp.Expr) -> bool:
    return node.args.get("distinct") is False


def _is_bare_rollup(node: exp.Expr) -> bool:
    return any(not rollup.expressions for rollup in node.args.get("rollup") or [])


def _is_empty_group(node: exp.Expr) -> bool:
    return any(isinstance(each, exp.Tuple) and not each.expressions for each in node.expressions)


def _has_column_list(node: exp.Expr) -> bool:
    alias = node.args.get("alias")
    return alias is not None and bool(alias.args.get("columns"))


def _is_nameless(node: exp.Expr) -> bool:
    """Brackets around a join hold a derived table that has its alias, or joins."""
    reads = isinstance(node.parent, exp.From | exp.Join) and not node.args.get("joins")
    return reads and not node.alias and isinstance(node.this, exp.Select | exp.SetOperation)


def _is_alone(node: exp.Expr) -> bool:
    return node.parent is not None and not node.parent.args.get("limit")


def _is_of_the_session(node: exp.Expr) -> bool:
    """Unquoted, these are functions to the server and columns to the parser."""
    name = node.this
    if not isinstance(name, exp.Identifier) or name.quoted or node.args.get("table"):
        return False
    return name.name.lower() in SESSION_NAMES


SESSION_NAMES = frozenset({"user", "current_role", "current_schema", "current_catalog", "system_user"})
_EXISTS = "write EXISTS, or a join with a grouped subquery"
FOREIGN: dict[type[exp.Expr], tuple[Foreign, ...]] = {
    exp.Column: (
        Foreign(
            words="a name of the server's session, such as USER,",
            step='leave it out; a column of this name is written in quotes, "like this"',
            missing=frozenset({POSTGRES, REDSHIFT}),
            meant=_is_of_the_session,
            code=Code.FUNCTION_REFUSED,
            verdict="is not accepted",
        ),
    ),
    exp.Filter: (
        Foreign(
            words="FILTER (WHERE …)",
            step="write SUM(CASE WHEN … THEN … END), or COUNT(CASE WHEN … THEN 1 END)",
            missing=frozenset({MYSQL, REDSHIFT, DORIS}),
        ),
    ),
    exp.GroupingSets: (
        Foreign(words="GROUPING SETS", step="join the groupings by UNION ALL", missing=frozenset({MYSQL})),
    ),
    exp.Cube: (Foreign(words="CUBE", step="join the groupings by UNION ALL", missing=frozenset({MYSQL})),),
    exp.Group: (
        Foreign(
            words="WITH ROLLUP",
            step="write GROUP BY ROLLUP (…)",
            missing=frozenset({POSTGRES, REDSHIFT, DUCKDB}),
            meant=_is_bare_rollup,
        ),
        Foreign(
            words="GROUP BY ()",
            step="leave GROUP BY out",
            missing=frozenset({MYSQL, DORIS}),
            meant=_is_empty_group,
        ),
    ),
    exp.CTE: (
        Foreign(
            words="MATERIALIZED",
            step="leave it out",
            missing=frozenset({MYSQL, REDSHIFT, DORIS}),
            meant=lambda node: node.args.get("materialized") is not None,
        ),
    ),
    exp.WindowSpec: (
        Foreign(
            words="a GROUPS frame",
            step="write a ROWS frame",
            missing=frozenset({MYSQL, REDSHIFT, DORIS}),
            meant=_frame("GROUPS"),
        ),
    ),
    exp.Window: (
        Foreign(
            words="DISTINCT in a window",
            step="count the distinct values in a grouped subquery and join it",
            missing=frozenset({MYSQL, POSTGRES, REDSHIFT}),
            meant=_has_distinct,
        ),
    ),
    exp.IgnoreNulls: (
        Foreign(
            words="IGNORE NULLS",
            step="number the rows that have a value in a subquery",
            missing=frozenset({POSTGRES}),
        ),
    ),
    exp.Fetch: (
        Foreign(words="FETCH FIRST", step="write LIMIT", missing=frozenset({MYSQL, REDSHIFT, DORIS})),
    ),
    exp.Offset: (
        Foreign(
            words="OFFSET without LIMIT",
            step="write LIMIT as well",
            missing=frozenset({MYSQL, DORIS}),
            meant=_is_alone,
        ),
    ),
    exp.ILike: (
        Foreign(
            words="ILIKE",
            step="write LOWER(…) LIKE a pattern in small letters",
            missing=frozenset({MYSQL, DORIS}),
        ),
    ),
    exp.Between: (
        Foreign(
            words="BETWEEN SYMMETRIC",
            step="put the smaller bound first",
            missing=frozenset({MYSQL, REDSHIFT, DUCKDB, DORIS}),
            meant=lambda node: bool(node.args.get("symmetric")),
        ),
    ),
    exp.Lateral: (Foreign(words="LATERAL (…)", step=_EXISTS, missing=frozenset({REDSHIFT, DORIS})),),
    exp.Intersect: (
        Foreign(
            words="INTERSECT ALL",
            step="write INTERSECT",
            missing=frozenset({REDSHIFT, DORIS}),
            meant=_keeps_repeats,
        ),
    ),
    exp.Except: (
        Foreign(
            words="EXCEPT ALL",
            step="write EXCEPT",
            missing=frozenset({REDSHIFT, DORIS}),
            meant=_keeps_repeats,
        ),
    ),
    exp.Table: (
        Foreign(
            words="a column list behind a table's alias",
            step="name the columns in a subquery",
            missing=frozenset({MYSQL, DORIS}),
            meant=_has_column_list,
        ),
    ),
    exp.Subquery: (
        Foreign(
            words="a derived table without an alias",
            step="write an alias behind it: (SELECT …) AS x",
            missing=frozenset({MYSQL}),
            meant=_is_nameless,
        ),
    ),
}
