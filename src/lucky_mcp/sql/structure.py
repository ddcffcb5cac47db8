"""The closed list of node types that a statement may be made of, and which parts each may have.

A node type or a part that is not here is refused, so what a newer parser can read stays refused
until somebody decides about it.
"""

from __future__ import annotations

from sqlglot import exp

from lucky_mcp.model.source import Dialect

QUERY_PARTS = frozenset({"with_", "order", "limit", "offset"})

PARTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: QUERY_PARTS
    | {"expressions", "from_", "joins", "laterals", "where", "group", "having", "windows", "distinct"},
    exp.Union: QUERY_PARTS | {"this", "expression", "distinct"},
    exp.Except: QUERY_PARTS | {"this", "expression", "distinct"},
    exp.Intersect: QUERY_PARTS | {"this", "expression", "distinct"},
    exp.Subquery: QUERY_PARTS | {"this", "alias", "joins", "laterals"},
    exp.With: frozenset({"expressions", "recursive"}),
    exp.CTE: frozenset({"this", "alias", "materialized"}),
    exp.Values: frozenset({"expressions", "alias"}),
    exp.From: frozenset({"this"}),
    exp.Table: frozenset({"this", "db", "alias", "joins", "laterals"}),
    exp.TableAlias: frozenset({"this", "columns"}),
    exp.Join: frozenset({"this", "side", "kind", "method", "on", "using"}),
    exp.Lateral: frozenset({"this", "alias", "view", "outer"}),
    exp.Where: frozenset({"this"}),
    exp.Having: frozenset({"this"}),
    exp.Group: frozenset({"expressions", "grouping_sets", "cube", "rollup"}),
    exp.GroupingSets: frozenset({"expressions"}),
    exp.Cube: frozenset({"expressions"}),
    exp.Rollup: frozenset({"expressions"}),
    exp.Order: frozenset({"this", "expressions"}),  # `this` is the aggregated value in GROUP_CONCAT
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression", "offset"}),
    exp.Offset: frozenset({"expression"}),
    exp.Fetch: frozenset({"direction", "count", "limit_options"}),
    exp.LimitOptions: frozenset({"rows"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "alias", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Star: frozenset(),
    exp.Identifier: frozenset({"this", "quoted", "global_", "temporary"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.DataType: frozenset({"this", "expressions", "nested"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.Dot: frozenset({"this", "expression"}),
    exp.Cast: frozenset({"this", "to"}),
}

OPERATORS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.And, exp.Or, exp.Xor, exp.Not, exp.Paren, exp.Tuple, exp.Alias),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        *(
            exp.Between,
            exp.Is,
            exp.Like,
            exp.ILike,
            exp.SimilarTo,
            exp.Escape,
            exp.RegexpLike,
            exp.RegexpILike,
        ),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe),
        *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot),
        *(exp.BitwiseLeftShift, exp.BitwiseRightShift),
        *(exp.Any, exp.All, exp.Exists, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls),
        *(exp.Case, exp.If, exp.Literal, exp.Null, exp.Boolean, exp.Var, exp.HexString),
        *(exp.DataTypeParam, exp.AtTimeZone, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey),
        *(exp.JSONPathSubscript, exp.JSONPathWildcard, exp.JSONKeyValue),
        *(exp.IntervalSpan, exp.Bracket),
    }
)

# What single dialects have besides. A star keeps its meaning over a guarded scan: it is all visible columns.
_QUALIFY: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset({"qualify"}),
    exp.Qualify: frozenset({"this"}),
}
# Elsewhere the generator writes DISTINCT ON as a subquery: that loses ORDER BY and gives `*` one more column.
_DISTINCT_ON: dict[type[exp.Expr], frozenset[str]] = {exp.Distinct: frozenset({"on"})}
_EXCLUDE: dict[type[exp.Expr], frozenset[str]] = {exp.WindowSpec: frozenset({"exclude"})}
MORE_PARTS: dict[Dialect, dict[type[exp.Expr], frozenset[str]]] = {
    Dialect.MYSQL: {exp.JSONValue: frozenset({"this", "path"})},
    Dialect.POSTGRES: {**_DISTINCT_ON, **_EXCLUDE, exp.Overlaps: frozenset({"this", "expression"})},
    Dialect.REDSHIFT: {
        **_QUALIFY,
        exp.Star: frozenset({"except_"}),
        exp.Group: frozenset({"all"}),
    },
    Dialect.DUCKDB: {
        **_QUALIFY,
        **_DISTINCT_ON,
        **_EXCLUDE,
        exp.Star: frozenset({"except_", "replace", "rename"}),
        exp.Group: frozenset({"all"}),
        exp.Union: frozenset({"by_name"}),
        exp.Glob: frozenset({"this", "expression"}),
    },
    Dialect.DORIS: {exp.Star: frozenset({"except_"})},
}

_JOIN_WORDS = frozenset({"", "NATURAL", "LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS"})
# Elsewhere FULL, SEMI and ASOF would be the alias of the table before. A positional join depends on the
# order on disk.
JOIN_WORDS: dict[Dialect, frozenset[str]] = {
    Dialect.MYSQL: _JOIN_WORDS - {"FULL"},
    Dialect.POSTGRES: _JOIN_WORDS,
    Dialect.REDSHIFT: _JOIN_WORDS,
    Dialect.DUCKDB: _JOIN_WORDS | {"SEMI", "ANTI", "ASOF"},
    Dialect.DORIS: (_JOIN_WORDS - {"NATURAL"}) | {"SEMI", "ANTI"},
}


_PARTS_IN: dict[Dialect, dict[type[exp.Expr], frozenset[str]]] = {
    dialect: PARTS | {kind: PARTS.get(kind, frozenset()) | more for kind, more in kinds.items()}
    for dialect, kinds in MORE_PARTS.items()
}


def parts_of(kind: type[exp.Expr], dialect: Dialect) -> frozenset[str] | None:
    """Return the parts that a node may have in a dialect; None for a type without a list of parts."""
    return _PARTS_IN[dialect].get(kind)


def listed_parts(dialect: Dialect) -> frozenset[type[exp.Expr]]:
    """Return the types of a dialect that have a list of parts."""
    return frozenset(_PARTS_IN[dialect])


REPLACEMENTS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.Lock: (
        "a locking clause (FOR UPDATE, LOCK IN SHARE MODE)",
        "leave the locking clause out; reads need no lock",
    ),
    exp.Into: ("SELECT … INTO", "leave INTO out; the rows come back as the result"),
    exp.TableSample: ("TABLESAMPLE", "use WHERE on a key, or LIMIT"),
    exp.Pivot: ("PIVOT", "write SUM(CASE WHEN … THEN … END) per column"),
    exp.Parameter: ("a variable or parameter", "write the value as a literal"),
    exp.Placeholder: ("a placeholder", "write the value as a literal"),
    exp.Partition: ("PARTITION (…)", "filter on the partitioning column instead"),
    exp.Version: ("a system-time read", "read the current rows"),
    exp.Qualify: ("QUALIFY", "wrap the window function in a subquery and filter outside"),
    exp.Collate: ("COLLATE", "use LOWER() on both sides, or leave it out"),
    exp.ByteString: ("an E'…' string", "write a plain '…' string"),
    exp.RawString: ("a $$…$$ string", "write a plain '…' string"),
    exp.PositionalColumn: ("a column by position (#1)", "name the column"),
    exp.Summarize: ("SUMMARIZE", "write COUNT, MIN, MAX and AVG of the columns you need"),
    exp.Comprehension: ("a list comprehension", "compute on rows instead of lists"),
    exp.Lambda: ("a lambda", "compute on rows instead of lists"),
    exp.Slice: ("a slice [a:b]", "use SUBSTRING for text"),
    exp.PropertyEQ: ("a struct literal {…}", "select the values as columns"),
    exp.Struct: ("a struct literal {…}", "select the values as columns"),
    exp.ToMap: ("a map literal", "select the values as columns"),
    exp.Columns: ("COLUMNS(…)", "name the columns"),
    exp.HistoricalData: ("a system-time read", "read the current rows"),
    exp.Unnest: ("a function in FROM", "read from a table or a subquery"),
}
