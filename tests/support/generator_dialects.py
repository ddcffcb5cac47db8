"""What each dialect has, for the queries written in it: constructs, type names, quotes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Features:
    """One dialect's constructs (names of `seen`) and the words that it has for types."""

    quote: str
    constructs: frozenset[str]
    text: str = "TEXT"
    whole: str = "INT"
    big: str = "BIGINT"
    time: str = "TIMESTAMP"
    decimal: str = "NUMERIC"


COMMON = frozenset(
    {
        *("join", "inner", "left", "right", "cross", "comma", "self", "using", "parenthesised", "star"),
        *("nest", "exists", "in_subquery", "scalar_subquery", "correlated", "derived", "own_rows"),
        *("cte", "cte_read", "cte_nested", "shadow", "shadow_cte", "column_list"),
        *("set", "UNION", "UNION ALL", "EXCEPT", "INTERSECT", "set_nested", "set_arm_limit"),
        *(
            "window",
            "frame",
            "row_frame",
            "neighbour_row",
            "group",
            "group_alias",
            "group_position",
            "having",
        ),
        *("distinct", "aggregate_distinct", "order_position", "order_alias", "order_expression", "limit"),
        *(
            "like",
            "in_list",
            "between",
            "case",
            "coalesce",
            "nullif",
            "cast",
            "is_null",
            "quoted",
            "odd_case",
        ),
        *("order_subquery", "having_subquery", "on_subquery", "case_subquery", "argument_subquery"),
        *(
            "date",
            "interval",
            "text",
            "number",
            "schema_column",
            "correlated_exists",
            "risky",
            "probe",
            "json",
        ),
    }
)
ORDINARY = frozenset({"natural", "row_in_subquery", "quantified", "recursive", "regexp"})
MODERN = frozenset({"lateral", "named_window", "EXCEPT ALL", "INTERSECT ALL"})
SETS = frozenset({"grouping_sets", "rollup", "cube"})

FEATURES: Mapping[str, Features] = {
    "mysql": Features(
        quote="`",
        constructs=COMMON | ORDINARY | MODERN | {"rollup", "having_alias", "concat_aggregate"},
        text="CHAR",
        whole="SIGNED",
        big="SIGNED",
        time="DATETIME",
        decimal="DECIMAL",
    ),
    "postgres": Features(
        quote='"',
        constructs=COMMON
        | ORDINARY
        | MODERN
        | SETS
        | {"full", "distinct_on", "filter", "groups_frame", "concat_aggregate", "values"},
    ),
    "redshift": Features(
        quote='"', constructs=COMMON | ORDINARY | SETS | {"full"}, text="VARCHAR", whole="INTEGER"
    ),
    "duckdb": Features(
        quote='"',
        constructs=COMMON
        | ORDINARY
        | MODERN
        | SETS
        | {"full", "distinct_on", "filter", "groups_frame", "having_alias", "concat_aggregate", "values"},
    ),
    "doris": Features(
        quote="`",
        constructs=(COMMON - {"shadow_cte"}) | SETS | {"full", "having_alias", "regexp", "shadow_cte"},
        text="VARCHAR",
        time="DATETIME",
        decimal="DECIMAL",
    ),
}
