"""What a guard must look like in the engine's text, worked out from the decision alone.

It is put together from single leaves that went through the engine's own parser, and not by the rewrite
that it is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ErrorLevel

from lucky_mcp.enforcement.guard_scans import SCAN_ALIAS
from lucky_mcp.enforcement.mask_forms import mask_expression
from lucky_mcp.enforcement.predicates import predicate_expression, qualified
from lucky_mcp.enforcement.render import render_engine
from lucky_mcp.model.decision import TableDecision, VisibleColumn
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.dialects import ENGINES
from lucky_mcp.sql.places import forget_places
from lucky_mcp.sql.scan_conditions import conjuncts

SHAPES_KEPT = 512


@dataclass(frozen=True, kw_only=True)
class GuardShape:
    """The columns as (name, SQL) in order, and the conjuncts as SQL, in the engine's canonical text."""

    columns: tuple[tuple[str, str], ...]
    conjuncts: tuple[str, ...]


@lru_cache(maxsize=SHAPES_KEPT)
def guard_shape(decided: TableDecision, dialect: Dialect, kind: Kind) -> GuardShape:
    """Return what the guard of one table must show and filter."""
    engine = ENGINES[kind]
    columns = []
    for column in decided.columns:
        leaf = _through_engine(_shown(column, dialect), dialect, kind)
        columns.append((column.name, leaf.sql(dialect=engine)))
    filters = []
    for row_filter in decided.filters:
        leaf = _through_engine(predicate_expression(row_filter.predicate, SCAN_ALIAS), dialect, kind)
        filters += [each.unnest().sql(dialect=engine) for each in conjuncts(leaf)]
    return GuardShape(columns=tuple(columns), conjuncts=tuple(filters))


def _shown(column: VisibleColumn, dialect: Dialect) -> exp.Expr:
    value = qualified(column.name, SCAN_ALIAS)
    return value if column.mask is None else mask_expression(column, value, dialect)


def _through_engine(leaf: exp.Expr, dialect: Dialect, kind: Kind) -> exp.Expr:
    """Return the leaf as it reads after rendering and parsing, the way it stands in the text."""
    return _parsed(render_engine(leaf, dialect, kind), ENGINES[kind])


def _parsed(text: str, engine: SqlglotDialect) -> exp.Expr:
    parsed = engine.parse(f"SELECT {text}", error_level=ErrorLevel.RAISE)[0]
    if not isinstance(parsed, exp.Select):
        raise ValueError(f"{text!r} is not an expression")
    leaf: exp.Expr = parsed.expressions[0]
    forget_places(leaf.walk())
    return leaf
