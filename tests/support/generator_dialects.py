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
        # joins
        *("join", "inner", "left", "right", "cross", "comma", "self", "using", "using_several"),
        *("unequal_join", "parenthesised", "own_rows"),
        # names
        *("star", "quoted", "quoted_name", "odd_case", "schema_column", "column_list"),
        # subqueries by where they stand
        *("nest", "derived", "exists", "correlated", "correlated_exists", "in_subquery", "scalar_subquery"),
        *("select_subquery", "on_subquery", "group_subquery", "having_subquery", "order_subquery"),
        *("case_subquery", "argument_subquery", "aggregate_subquery", "window_subquery"),
        # WITH and set operations
        *("cte", "cte_read", "cte_nested", "shadow", "shadow_cte"),
        *("set", "UNION", "UNION ALL", "EXCEPT", "INTERSECT", "set_nested", "set_arm_limit"),
        # groups, windows, order
        *("group", "group_alias", "group_position", "having", "distinct", "aggregate_distinct"),
        *("rollup", "grouping"),
        *("window", "frame", "row_frame", "neighbour_row", "distribution"),
        *("order_position", "order_alias", "order_expression", "limit"),
        # values and conditions
        *("like", "in_list", "between", "is_null", "truth", "regexp"),
        *("case", "simple_case", "coalesce", "nullif", "cast"),
        *("date", "interval", "text", "number", "bits", "json"),
        *("risky", "probe"),
    }
)
ORDINARY = frozenset({"natural", "row_in_subquery", "row_in_list", "quantified", "recursive"})
MODERN = frozenset({"lateral", "named_window", "EXCEPT ALL", "INTERSECT ALL", "range_offset"})
MODERN |= frozenset({"recursive_union"})
OF_POSTGRES = frozenset({"distinct_on", "filter", "window_filter", "groups_frame", "values", "fetch"})
OF_POSTGRES |= frozenset({"materialized", "cast_operator", "ordered_set", "nulls_order", "concat_aggregate"})
OF_REDSHIFT = frozenset({"cast_operator", "ordered_set", "nulls_order", "concat_aggregate", "similar"})
OF_REDSHIFT |= frozenset({"qualify", "group_all", "star_except", "alias_reuse", "ignore_nulls"})
OF_DUCKDB = frozenset({"qualify", "group_all", "star_except", "star_replace", "alias_reuse", "ignore_nulls"})
OF_DUCKDB |= frozenset({"by_name", "semi", "anti", "asof", "having_alias"})
SETS = frozenset({"grouping_sets", "cube"})

FEATURES: Mapping[str, Features] = {
    "mysql": Features(
        quote="`",
        constructs=COMMON
        | ORDINARY
        | MODERN
        | {"having_alias", "concat_aggregate", "straight", "bare_join", "limit_comma", "xor"},
        text="CHAR",
        whole="SIGNED",
        big="SIGNED",
        time="DATETIME",
        decimal="DECIMAL",
    ),
    "postgres": Features(
        quote='"', constructs=COMMON | ORDINARY | MODERN | SETS | OF_POSTGRES | {"full", "similar"}
    ),
    "redshift": Features(
        quote='"',
        constructs=COMMON | ORDINARY | SETS | OF_REDSHIFT | {"full"},
        text="VARCHAR",
        whole="INTEGER",
    ),
    "duckdb": Features(
        quote='"', constructs=COMMON | ORDINARY | MODERN | SETS | OF_POSTGRES | OF_DUCKDB | {"full"}
    ),
    "doris": Features(
        quote="`",
        constructs=COMMON
        | SETS
        | {"full", "having_alias", "semi", "anti", "star_except", "limit_comma", "nulls_order", "xor"},
        text="VARCHAR",
        time="DATETIME",
        decimal="DECIMAL",
    ),
}
