"""View definitions: read behind the same checks as an agent's text, and settled once when they are crawled.

A settled definition names every table with its schema and every column with its table, so that nothing around
the place where it is written out can lend it a name, and nobody has to look names up again.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import ErrorLevel, OptimizeError, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from lucky_mcp.catalog.snapshot import VIEWS_NESTED_MAX, Catalog, Table, View, ViewRead
from lucky_mcp.errors import Code, ConstructRefused, NameRefused, StatementRefused
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import EMBEDDED, Dialect, Kind
from lucky_mcp.sql.allow import allow
from lucky_mcp.sql.dialects import ENGINES, GRAMMARS, Grammar
from lucky_mcp.sql.parse import parse
from lucky_mcp.sql.resolve import resolve
from lucky_mcp.sql.resolved import ResolvedQuery
from lucky_mcp.sql.view_columns import column_uses, leftmost, origins

ENTRY_PREFIX = "lucky_view_"
# Names of columns compare without case in these; the parser has to be told so for one of them.
OPTIMIZER_DIALECTS = {
    Dialect.MYSQL: "mysql, normalization_strategy=case_insensitive",
    Dialect.DORIS: "doris, normalization_strategy=case_insensitive",
}


def accepted_view(
    table: Table,
    definition: str,
    catalog: Catalog,
    kind: Kind,
    dialect: Dialect,
    unsettled: frozenset[TableName] = frozenset(),
) -> View | None:
    """Return the settled view of a table whose `definition` is as the engine told it.

    None when it reads one of the `unsettled` views of the catalog.

    Raises ReadError for what an agent could not have written either, for an unknown table, for columns that
    are not certain, and for a view that is too large written out.
    """
    try:
        text = in_dialect(definition, kind, dialect)
        return _settled(table, text, catalog, dialect, unsettled)
    except (OptimizeError, SqlglotError, ValueError, KeyError, RecursionError) as failure:
        raise ConstructRefused(
            "its definition cannot be followed column by column", audit_detail=repr(failure)
        ) from None


def definition_tree(definition: str, dialect: Dialect) -> exp.Expr:
    """Return the tree of a settled definition; ReadError when it is none that an agent could have written."""
    tree = parse(definition, GRAMMARS[dialect]).tree
    allow(tree, dialect)
    return tree


def in_dialect(definition: str, kind: Kind, dialect: Dialect) -> str:
    """Return the query of a definition in the agents' dialect; ValueError or SqlglotError when there is none.

    Engines keep a definition in their own words, with the statement that made it. The embedded engine divides
    as the dialect's server does, so its `/` is that of the dialect.
    """
    tree, *others = filter(None, ENGINES[kind].parse(definition, error_level=ErrorLevel.RAISE))
    if others:
        raise ValueError("a definition is one statement")
    query = tree.expression if isinstance(tree, exp.Create) else tree
    if not isinstance(query, exp.Query):
        raise ValueError("a definition is a query")
    for call in list(query.find_all(exp.Anonymous)):
        if call.name.lower() == "count_star" and not call.expressions:
            call.replace(exp.Count(this=exp.Star()))
    if kind in EMBEDDED:
        server = GRAMMARS[dialect].dialect
        for division in query.find_all(exp.Div):
            division.set("typed", server.TYPED_DIVISION)
            division.set("safe", server.SAFE_DIVISION)
    return query.sql(dialect=dialect.value, comments=False, unsupported_level=ErrorLevel.RAISE)


def _settled(
    table: Table, text: str, catalog: Catalog, dialect: Dialect, unsettled: frozenset[TableName]
) -> View | None:
    grammar = GRAMMARS[dialect]
    statement = parse(text, grammar)
    allow(statement.tree, dialect)
    _refuse_uncertain(statement.tree)
    query = resolve(statement, grammar, catalog, table.name.schema)
    if query.unknown:
        raise NameRefused(f"it reads {query.unknown[0]}, which is not in the catalog")
    if unsettled & set(query.tables):
        return None
    for name in query.tables:
        read = catalog.tables[name]
        if read.view is not None and read.view.unavailable:
            raise NameRefused(f"it reads the view {name}, which is not available itself")
    if max((_nesting(name, catalog) for name in query.tables), default=0) >= VIEWS_NESTED_MAX:
        raise StatementRefused("it reads views over views too many levels deep", code=Code.TOO_LARGE)
    tree = _qualified(query, catalog, grammar, dialect)
    _name_columns(tree, table)
    uses = column_uses(tree)
    needed = {(use.table, use.column.name) for use in uses if use.is_needed}
    return View(
        definition=tree.sql(dialect=dialect.value, comments=False),
        scans=query.expanded,
        reads=tuple(
            ViewRead(
                table=name,
                needed=tuple(sorted(column for read, column in needed if read == name)),
            )
            for name in sorted(query.tables)
        ),
        origins=tuple(
            (column.name, found) for column, found in zip(table.columns, origins(tree), strict=True)
        ),
    )


def _nesting(name: TableName, catalog: Catalog) -> int:
    """Return how many views stand one over the other, 0 for a table."""
    table = catalog.tables.get(name)
    if table is None or table.view is None:
        return 0
    return 1 + max((_nesting(read.table, catalog) for read in table.view.reads), default=0)


def _refuse_uncertain(tree: exp.Expr) -> None:
    """What would mean something else once a column below is hidden, or is known only when it runs."""
    for join in tree.find_all(exp.Join):
        if join.args.get("method"):
            raise ConstructRefused(f"it has a {join.args['method']} join, whose columns are not written down")


def _qualified(query: ResolvedQuery, catalog: Catalog, grammar: Grammar, dialect: Dialect) -> exp.Expr:
    """Return the tree with every column under its table's alias, spelled as the catalog spells it."""
    exact = dialect is Dialect.POSTGRES
    known: dict[str, dict[str, object]] = {}
    read: dict[str, TableName] = {}
    for scan in query.scans:
        name = scan.table
        columns = {c.name if exact else c.name.lower(): c.type for c in catalog.tables[name].columns}
        schema, leaf = (name.schema, name.table) if exact else (name.schema.lower(), name.table.lower())
        known.setdefault(schema, {})[leaf] = columns
        if read.setdefault(str(name).lower(), name) != name:
            raise ValueError(f"{name} is not told from another table by its letters alone")
        scan.node.set("this", exp.to_identifier(name.table, quoted=True))
        scan.node.set("db", exp.to_identifier(name.schema, quoted=True))
    for identifier in query.tree.find_all(exp.Identifier):
        if identifier.name.startswith(query.cte_prefix):
            identifier.set("this", ENTRY_PREFIX + identifier.name.removeprefix(query.cte_prefix))
    spoken = OPTIMIZER_DIALECTS.get(dialect, dialect.value)
    tree = qualify(
        query.tree,
        schema=MappingSchema(dict(known), dialect=spoken, normalize=False),
        dialect=spoken,
        validate_qualify_columns=True,
    )
    if tree.find(exp.TableColumn):
        raise ValueError("a whole row has no columns of its own")
    _spell(tree, catalog, read)
    return tree


def _spell(tree: exp.Expr, catalog: Catalog, read: Mapping[str, TableName]) -> None:
    """Spell names as the catalog does; the parser has written those of tables in small letters."""
    for node in tree.find_all(exp.Table):
        if node.args.get("db"):
            found = read.get(f"{node.db}.{node.name}".lower())
            if found is None:
                raise ValueError(f"{node.db}.{node.name} is not in the catalog")
            node.set("this", exp.to_identifier(found.table, quoted=True))
            node.set("db", exp.to_identifier(found.schema, quoted=True))
    for use in column_uses(tree):
        own = [column.name for column in catalog.tables[use.table].columns]
        near = [name for name in own if name.lower() == use.column.name.lower()]
        spelled = use.column.name if use.column.name in own else near[0] if len(near) == 1 else ""
        if not spelled:
            raise ValueError(f"{use.table} has no column {use.column.name}")
        use.column.set("this", exp.to_identifier(spelled, quoted=True))


def _name_columns(tree: exp.Expr, table: Table) -> None:
    """Give the columns the names that the view has for them, which may stand in CREATE VIEW alone."""
    first = leftmost(tree)
    if len(first.expressions) != len(table.columns) or any(each.is_star for each in first.expressions):
        raise ValueError("the columns are not those of the view")
    named = []
    for node, column in zip(first.expressions, table.columns, strict=True):
        same = node.alias_or_name.lower() == column.name.lower()
        if not same and tree.args.get("order"):
            raise ConstructRefused("it is ordered, and names its columns apart from its query")
        inner = node.this if isinstance(node, exp.Alias) else node
        named.append(exp.alias_(inner, exp.to_identifier(column.name, quoted=True), copy=False))
    first.set("expressions", named)
