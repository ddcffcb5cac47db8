"""Row filters as SQL, every column qualified by the scan's own alias so that nothing can capture it."""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from lucky_mcp.model.names import TableName
from lucky_mcp.model.predicate import Compare, Either, Every, Known, Member, Predicate, Scalar, Through

PARENT_ALIAS = "lucky_parent"

COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def predicate_expression(predicate: Predicate, alias: str) -> exp.Expr:
    """Return the predicate over the columns of `alias`."""
    if isinstance(predicate, Compare):
        left = qualified(predicate.column, alias)
        return COMPARISONS[predicate.operator](this=left, expression=literal(predicate.value))
    if isinstance(predicate, Member):
        values = [literal(value) for value in predicate.values]
        return exp.In(this=qualified(predicate.column, alias), expressions=values)
    if isinstance(predicate, Known):
        return exp.Not(this=exp.Is(this=qualified(predicate.column, alias), expression=exp.null()))
    if isinstance(predicate, Every | Either):
        parts = [exp.paren(predicate_expression(part, alias)) for part in predicate.parts]
        return exp.and_(*parts) if isinstance(predicate, Every) else exp.or_(*parts)
    return _semi_join(predicate, alias)


def _semi_join(through: Through, alias: str) -> exp.Expr:
    inner = f"{PARENT_ALIAS}{_depth(alias) + 1}"
    parents = (
        exp.Select()
        .select(qualified(through.parent_column, inner))
        .from_(table_expression(through.parent, inner))
        .where(predicate_expression(through.filter, inner))
    )
    return exp.In(this=qualified(through.column, alias), query=exp.Subquery(this=parents))


def _depth(alias: str) -> int:
    return int(alias.removeprefix(PARENT_ALIAS)) if alias.startswith(PARENT_ALIAS) else 0


def qualified(column: str, alias: str) -> exp.Column:
    """Return `alias.column`, quoted, since the catalog's spelling is exact."""
    return exp.column(exp.to_identifier(column, quoted=True), table=exp.to_identifier(alias))


def table_expression(table: TableName, alias: str) -> exp.Table:
    """Return `schema.table AS alias`, quoted as the catalog spells it."""
    return exp.Table(
        this=exp.to_identifier(table.table, quoted=True),
        db=exp.to_identifier(table.schema, quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier(alias)),
    )


def literal(value: Scalar) -> exp.Expr:
    """Return a literal; text is escaped by the generator of the dialect."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), exp.DataType.build("DATE"))
    if isinstance(value, str):
        return exp.Literal.string(value)
    return exp.Literal.number(str(value)) if value >= 0 else exp.Neg(this=exp.Literal.number(str(-value)))
