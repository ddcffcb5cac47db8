"""View definitions: read behind the same checks as an agent's text, resolved in the view's own schema."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from lucky_mcp.catalog.snapshot import Catalog, Table
from lucky_mcp.errors import ConstructRefused, NameRefused, ReadError
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind
from lucky_mcp.sql.allow import allow
from lucky_mcp.sql.dialects import ENGINE_DIALECTS, GRAMMARS
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery


def resolved_definition(view: Table, catalog: Catalog, dialect: Dialect) -> ResolvedQuery:
    """Return the definition with its scans, its columns named as the catalog names them.

    ReadError for what an agent could not have written, an unknown table, or columns that are not certain.
    """
    grammar = GRAMMARS[dialect]
    statement = parse(view.definition, grammar)
    allow(statement.tree, dialect)
    _name_columns(statement.tree, view)
    query = resolve(statement, grammar, catalog, view.name.schema)
    if query.unknown:
        raise NameRefused(f"{view.name} reads {query.unknown[0]}, which is not in the catalog")
    return query


def accepted_view(view: Table, catalog: Catalog, kind: Kind, dialect: Dialect) -> Table | None:
    """Return a crawled view with its definition in the agents' dialect and what it reads, or None.

    None when the definition is outside the lists or names something unknown: then there is no such view.
    """
    try:
        text = _in_dialect(view.definition, kind, dialect)
        named = replace(view, definition=text)
        return replace(named, reads=_columns_read(named, catalog, dialect))
    except (ReadError, SqlglotError, RecursionError, ValueError):
        return None


def _name_columns(tree: exp.Expr, view: Table) -> None:
    first = tree
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    stars = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
    if stars or not isinstance(first, exp.Select) or len(first.expressions) != len(view.columns):
        raise ConstructRefused(f"the columns of {view.name} are not certain")
    named = []
    for node, column in zip(first.expressions, view.columns, strict=True):
        same = node.alias_or_name.lower() == column.name.lower()
        inner = node.this if isinstance(node, exp.Alias) else node
        named.append(node if same else exp.alias_(inner, exp.to_identifier(column.name, quoted=True)))
    first.set("expressions", named)


def _in_dialect(definition: str, kind: Kind, dialect: Dialect) -> str:
    """Engines keep a definition as they read it, in their own words and with the statement that made it."""
    engine = SqlglotDialect.get_or_raise(ENGINE_DIALECTS[kind])
    statements = [each for each in engine.parse(definition, error_level=ErrorLevel.RAISE) if each is not None]
    if len(statements) != 1:
        raise ValueError("a definition is one statement")
    tree = statements[0]
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if not isinstance(query, exp.Query):
        raise ValueError("a definition is a query")
    for call in list(query.find_all(exp.Anonymous)):
        if call.name.lower() == "count_star" and not call.expressions:
            call.replace(exp.Count(this=exp.Star()))
    return query.sql(dialect=dialect.value, comments=False, unsupported_level=ErrorLevel.RAISE)


def _columns_read(
    view: Table, catalog: Catalog, dialect: Dialect
) -> tuple[tuple[TableName, tuple[str, ...]], ...]:
    """Return the columns that the definition uses of each table; ReadError or SqlglotError when in doubt."""
    query = resolved_definition(view, catalog, dialect)
    found: dict[TableName, set[str]] = {scan.table: set() for scan in query.scans}
    schema: dict[str, object] = {}
    for name in found:
        columns = {column.name: column.type for column in catalog.tables[name].columns}
        tables = schema.setdefault(name.schema, {})
        if isinstance(tables, dict):
            tables[name.table] = columns
    for scan in query.scans:
        scan.node.set("this", exp.to_identifier(scan.table.table, quoted=True))
        scan.node.set("db", exp.to_identifier(scan.table.schema, quoted=True))
    tree = qualify(query.tree.copy(), schema=schema, dialect=dialect.value, expand_stars=False)
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if not isinstance(source, exp.Table) or not source.args.get("db"):
                continue
            name = catalog.find(source.db, source.name)
            if name is not None:
                own = [each.name for each in catalog.tables[name].columns]
                found[name].add(next(each for each in own if each.lower() == column.name.lower()))
    return tuple((name, tuple(sorted(columns))) for name, columns in sorted(found.items()))
