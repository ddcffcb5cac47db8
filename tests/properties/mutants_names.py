"""Defects in settling names: which table a name in FROM means."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from lucky_mcp.catalog import snapshot
from lucky_mcp.model.names import TableName
from lucky_mcp.sql import ctes, parse, resolve
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.resolved import Scan, UnknownTable
from tests.properties.injection import Injection
from tests.properties.mutation import Mutant

Resolver = resolve._Resolver
Bound = tuple[list[Scan], list[UnknownTable]]


def _not_walked(name: str, kind: type[exp.Expr], part: str = "") -> Callable[[Injection], None]:
    """Return the defect that tables below a node, or below one part of it, are not seen."""

    def defect(patch: Injection) -> None:
        _without_tables_below(patch, kind, part)

    defect.__name__ = f"{name}_not_walked"
    return defect


def _stands_below(table: exp.Table, kind: type[exp.Expr], part: str) -> bool:
    node: exp.Expr = table
    while node.parent is not None:
        if isinstance(node.parent, kind) and part in {"", node.arg_key}:
            return True
        node = node.parent
    return False


def _without_tables_below(patch: Injection, kind: type[exp.Expr], part: str) -> None:
    """Leave tables out of what is found; the raw name is qualified, so that the engine finds it."""
    original = Resolver._bind

    def mutated(self: Resolver, tables: list[exp.Table]) -> Bound:
        below = [table for table in tables if _stands_below(table, kind, part)]
        for table in below:
            found = self._find(table)
            if found is not None:
                table.set("db", exp.to_identifier(found.schema))
        return original(self, [table for table in tables if table not in below])

    patch.setattr(Resolver, "_bind", mutated)


def renaming_dropped(patch: Injection) -> None:
    """WITH entries keep the agent's names."""
    patch.setattr(Resolver, "_rename_ctes", lambda self, tables, meant: "lucky0_cte_")


def scope_is_global(patch: Injection) -> None:
    """Any entry anywhere in the statement shields a table of its name."""

    def mutated(table: exp.Table, grammar: Grammar, same: ctes.SameName) -> exp.CTE | None:
        found = [each for each in table.root().find_all(exp.CTE) if same(each.args["alias"].this, table.this)]
        return found[0] if found else None

    patch.setattr(resolve, "meant_cte", mutated)


def qualified_names_shielded(patch: Injection) -> None:
    """An entry shields even a name with a schema."""

    def mutated(self: Resolver, table: exp.Table) -> exp.CTE | None:
        found = ctes.meant_cte(table, self.grammar, self._same)
        if found is not None:
            table.set("db", None)
        return found

    patch.setattr(Resolver, "_cte_of", mutated)


def entry_sees_itself(patch: Injection) -> None:
    """An entry of a plain WITH sees itself, as if it were recursive."""

    def mutated(with_: exp.With, inside: exp.CTE | None, grammar: Grammar) -> list[exp.CTE]:
        entries = list(with_.expressions)
        return entries if inside is None else entries[: entries.index(inside) + 1]

    patch.setattr(ctes, "_in_scope", mutated)


def recursion_forgotten(patch: Injection) -> None:
    """An entry of WITH RECURSIVE does not see itself."""

    def mutated(with_: exp.With, inside: exp.CTE | None, grammar: Grammar) -> list[exp.CTE]:
        entries = list(with_.expressions)
        return entries if inside is None else entries[: entries.index(inside)]

    patch.setattr(ctes, "_in_scope", mutated)


def outer_entry_wins(patch: Injection) -> None:
    """Of two entries of one name the outer is taken, not the nearer."""
    original = ctes.meant_cte

    def mutated(table: exp.Table, grammar: Grammar, same: ctes.SameName) -> exp.CTE | None:
        found = original(table, grammar, same)
        if found is None:
            return None
        outer = found.find_ancestor(exp.With)
        around = original(_named(table, outer.parent), grammar, same) if outer is not None else None
        return around or found

    patch.setattr(resolve, "meant_cte", mutated)


def _named(table: exp.Table, place: exp.Expr | None) -> exp.Table:
    stand_in = exp.Table(this=table.this.copy())
    stand_in.parent = place.parent if place is not None else None
    return stand_in


def schema_ignored(patch: Injection) -> None:
    """A name with a schema is looked up without it."""

    def mutated(self: Resolver, node: exp.Table) -> TableName | None:
        return self.catalog.find("", resolve.folded(node.this, self.grammar))

    patch.setattr(Resolver, "_find", mutated)


def qualifiers_left(patch: Injection) -> None:
    """`schema.table.column` keeps its qualifier although the table was replaced."""
    patch.setattr(resolve, "settle_qualified_columns", lambda tree, scans, grammar, catalog: None)


def alias_forgotten(patch: Injection) -> None:
    """A replaced table without alias gets a name of ours."""

    def mutated(table: exp.Table) -> None:
        if table.args.get("alias") is None:
            table.set("alias", exp.TableAlias(this=exp.to_identifier("lucky_table")))

    patch.setattr(resolve, "_alias_as_written", mutated)


def bare_joins_left(patch: Injection) -> None:
    """A bare JOIN is parsed as the looser comma join."""
    patch.setattr(parse, "settle_bare_joins", lambda text, tokens, grammar: text)


def case_forgotten(patch: Injection) -> None:
    """Table names are looked up exactly as written where the server ignores case."""
    patch.setattr(snapshot.Catalog, "key", lambda self, name: name)


POSITIONS = (
    ("exists", exp.Exists, "", "exists"),
    ("case", exp.Case, "", "case_subquery"),
    ("having", exp.Having, "", "having_subquery"),
    ("joined", exp.Join, "this", "join"),
    ("condition_of_join", exp.Join, "on", "on_subquery"),
    ("where", exp.Where, "", "in_subquery"),
    ("in", exp.In, "", "in_subquery"),
    ("any", exp.Any, "", "quantified"),
    ("order", exp.Order, "", "order_subquery"),
    ("lateral", exp.Lateral, "", "lateral"),
    ("right_arm", exp.SetOperation, "expression", "set"),
    ("entry", exp.CTE, "", "cte"),
    ("argument", exp.Func, "", "argument_subquery"),
    ("column", exp.Select, "expressions", "scalar_subquery"),
    ("derived", exp.From, "", "derived"),
)
NAME_MUTANTS = (
    *(
        Mutant(_not_walked(name, kind, part), by="verify", holding=holding, without="schema_column")
        for name, kind, part, holding in POSITIONS
    ),
    Mutant(_not_walked("exists", exp.Exists), by="properties", is_verified=False, holding="exists"),
    Mutant(renaming_dropped, by="verify"),
    Mutant(scope_is_global, by="properties", holding="shadow"),
    Mutant(qualified_names_shielded, by="properties", holding="shadow"),
    Mutant(entry_sees_itself, by="properties", holding="shadow"),
    Mutant(recursion_forgotten, by="properties", holding="recursive"),
    Mutant(outer_entry_wins, by="properties", holding="shadow_cte"),
    Mutant(schema_ignored, by="properties"),
    Mutant(qualifiers_left, by="properties", holding="schema_column"),
    Mutant(alias_forgotten, by="properties"),
    Mutant(bare_joins_left, by="properties", holding="bare_join"),
    Mutant(case_forgotten, by="properties", holding="odd_case"),
)
