"""Settles every name in FROM: a WITH entry (renamed to a fresh name) or a base table of the catalog.

After this pass a name in the tree is either ours or fresh, so a disagreement with the engine about
scoping ends in an error there and never in a raw read.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import Code, NameRefused, StatementRefused
from lucky_mcp.model.names import TableName
from lucky_mcp.sql.ctes import drop_unread_below, expanded_scans, meant_cte, refuse_repeated
from lucky_mcp.sql.dialects import Grammar, folded
from lucky_mcp.sql.nodes import Nodes
from lucky_mcp.sql.parse import Statement
from lucky_mcp.sql.places import place_of_node
from lucky_mcp.sql.qualified_columns import settle_qualified_columns
from lucky_mcp.sql.resolved import ResolvedQuery, Scan, UnknownTable

SCANS_MAX = 100
EXPANDED_MAX = 300
Readable = Callable[[TableName], bool]


def resolve(
    statement: Statement,
    grammar: Grammar,
    catalog: Catalog,
    default_schema: str | None,
    readable: Readable = lambda table: True,
) -> ResolvedQuery:
    """Return the tree with its scans; a table that is not `readable` counts as unknown from here on.

    Unknown tables are listed, not raised, so that one text answers for unknown and denied alike.
    The tree is changed in place. Raises NameRefused for names that no engine would place alike.
    """
    resolver = _Resolver(statement, grammar, catalog, default_schema, readable)
    return resolver.resolve()


class _Resolver:
    def __init__(
        self,
        statement: Statement,
        grammar: Grammar,
        catalog: Catalog,
        default_schema: str | None,
        readable: Readable,
    ) -> None:
        self.readable = readable
        self.tree = statement.tree
        self.nodes = Nodes(statement.tree)
        self.root_names = statement.root_names
        self.grammar = grammar
        self.catalog = catalog
        self.default_schema = default_schema

    def resolve(self) -> ResolvedQuery:
        refuse_repeated(self.nodes.of(exp.With), self._same)
        meant = self._meant()
        if drop_unread_below(self.nodes, meant, self.grammar):
            self.nodes = Nodes(self.tree)
            meant = self._meant()
        nodes = self.nodes
        tables = nodes.of(exp.Table)
        bases = [table for table in tables if meant[id(table)] is None]
        scans, unknown = self._bind(bases)
        of_views = {id(scan.node): self.catalog.weight(scan.table) for scan in scans}
        expanded = expanded_scans(tables, meant, of_views)
        _refuse_too_many(len(scans), expanded)
        names, whole_rows = _columns_used(nodes)
        if not unknown:
            if any(column.args.get("db") is not None for column in nodes.of(exp.Column)):
                settle_qualified_columns(self.tree, scans, self.grammar, self.catalog)
            _refuse_twins(scans)
        prefix = self._rename_ctes(tables, meant)
        for scan in scans:
            _alias_as_written(scan.node)
        return ResolvedQuery(
            tree=self.tree,
            grammar=self.grammar,
            root_names=self.root_names,
            scans=tuple(scans),
            unknown=tuple(unknown),
            cte_prefix=prefix,
            column_names=names,
            reads_whole_rows=whole_rows,
            expanded=expanded,
        )

    def _same(self, left: exp.Identifier, right: exp.Identifier) -> bool:
        return self.catalog.key(folded(left, self.grammar)) == self.catalog.key(folded(right, self.grammar))

    def _meant(self) -> dict[int, exp.CTE | None]:
        return {id(table): self._cte_of(table) for table in self.nodes.of(exp.Table)}

    def _cte_of(self, table: exp.Table) -> exp.CTE | None:
        if table.args.get("db") or not self.nodes.of(exp.With):
            return None
        return meant_cte(table, self.grammar, self._same)

    def _bind(self, tables: list[exp.Table]) -> tuple[list[Scan], list[UnknownTable]]:
        scans, unknown = [], []
        for node in tables:
            found = self._find(node)
            if found is None or not self.readable(found):
                schema = node.args["db"].name if node.args.get("db") else ""
                place = place_of_node(node)
                unknown.append(UnknownTable(schema=schema, table=node.name, place=place, denied=found))
            else:
                scans.append(Scan(table=found, node=node))
        return scans, unknown

    def _find(self, node: exp.Table) -> TableName | None:
        schema = node.args.get("db")
        name = folded(node.this, self.grammar)
        if schema is not None:
            return self.catalog.find(folded(schema, self.grammar), name)
        return self.catalog.find(self.default_schema, name) if self.default_schema else None

    def _rename_ctes(self, tables: list[exp.Table], meant: dict[int, exp.CTE | None]) -> str:
        """Give every WITH entry a fresh name; references keep the agent's name as their alias."""
        prefix = _fresh_prefix(self.nodes)
        entries = self.nodes.of(exp.CTE)
        fresh: dict[int, str] = {}
        for number, entry in enumerate(entries, start=1):
            fresh[id(entry)] = f"{prefix}{number}"
        for table in tables:
            target = meant[id(table)]
            if target is not None:
                _alias_as_written(table)
                table.set("this", exp.to_identifier(fresh[id(target)]))
        for entry in entries:
            entry.args["alias"].set("this", exp.to_identifier(fresh[id(entry)]))
        return prefix


def _refuse_too_many(scans: int, expanded: int) -> None:
    if scans > SCANS_MAX or expanded > EXPANDED_MAX:
        raise StatementRefused(
            f"the statement reads {max(scans, expanded)} tables once WITH entries and views are written out; "
            f"at most {EXPANDED_MAX} are accepted, {SCANS_MAX} of them base tables as written",
            code=Code.TOO_LARGE,
            next_step="join fewer times, and read each table once",
        )


def _alias_as_written(table: exp.Table) -> None:
    """Keep `t.column` working once `t` has been replaced, by making the name an alias."""
    alias = table.args.get("alias")
    if alias is None:
        table.set("alias", exp.TableAlias(this=exp.Identifier(**table.this.args)))
    elif alias.args.get("this") is None:
        alias.set("this", exp.Identifier(**table.this.args))


def _fresh_prefix(nodes: Nodes) -> str:
    """Return a name beginning that no name of the agent's has, so that none can capture or be captured."""
    names = [identifier.name.lower() for identifier in nodes.of(exp.Identifier)]
    number = 0
    while any(name.startswith(f"lucky{number}_cte_") for name in names):
        number += 1
    return f"lucky{number}_cte_"


def _refuse_twins(scans: list[Scan]) -> None:
    """Two schemas' tables of one name, both unaliased in one FROM, would share an alias."""
    unnamed = [scan for scan in scans if not scan.node.args.get("alias")]
    if len(unnamed) < 2:
        return
    bare = [(scan, _from_and_name(scan.node)) for scan in unnamed]
    tables: dict[tuple[int, str], set[TableName]] = {}
    for scan, key in bare:
        tables.setdefault(key, set()).add(scan.table)
    for scan, key in bare:
        if len(tables[key]) > 1:
            raise NameRefused(
                f"two tables named {scan.node.name!r} are read without an alias",
                place=place_of_node(scan.node),
                next_step=f"give each an alias, such as FROM {scan.table} AS a",
            )


def _from_and_name(node: exp.Table) -> tuple[int, str]:
    return id(node.parent_select), node.name.lower()


def _columns_used(nodes: Nodes) -> tuple[frozenset[str], bool]:
    names = {column.name.lower() for column in nodes.of(exp.Column)}
    aliases = {alias.name.lower() for alias in nodes.of(exp.TableAlias)}
    aliases |= {table.name.lower() for table in nodes.of(exp.Table)}
    natural = False
    for join in nodes.of(exp.Join):
        names |= {identifier.name.lower() for identifier in join.args.get("using") or []}
        natural = natural or join.args.get("method") == "NATURAL"
    stars = any(not isinstance(star.parent, exp.Count) for star in nodes.of(exp.Star))
    whole_rows = natural or stars or bool(names & aliases) or _has_column_list(nodes)
    return frozenset(names), whole_rows


def _has_column_list(nodes: Nodes) -> bool:
    """`t AS x(a, b)` renames by position, so any visible column may be behind a name."""
    return any(alias.args.get("columns") for alias in nodes.of(exp.TableAlias))
