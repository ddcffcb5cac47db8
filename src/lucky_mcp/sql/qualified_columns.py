"""`schema.table.column`: the qualifier goes where the scan it names is replaced, everything else is refused.

A left-over qualifier would name a base table that is no longer there; over a NATURAL JOIN it even
kills one server version.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import NameRefused
from lucky_mcp.sql.dialects import Grammar, folded
from lucky_mcp.sql.places import place_of_node
from lucky_mcp.sql.resolved import Scan

ITEMS = (exp.Table, exp.Subquery, exp.Values, exp.Lateral)


def settle_qualified_columns(
    tree: exp.Expr, scans: Sequence[Scan], grammar: Grammar, catalog: Catalog
) -> None:
    """Strip the schema from column names in place; NameRefused where it names no scan in reach."""
    for column in list(tree.find_all(exp.Column)):
        if column.args.get("db") is None:
            continue
        if not _names_a_scan(column, scans, grammar, catalog):
            raise NameRefused(
                f"there is no column {column.sql(dialect=grammar.dialect)} here",
                place=place_of_node(column),
                next_step="write alias.column, with the alias given in FROM",
            )
        column.set("db", None)


def _names_a_scan(column: exp.Column, scans: Sequence[Scan], grammar: Grammar, catalog: Catalog) -> bool:
    """Whether the nearest item of FROM with the table's name is a scan of it, under no other name.

    A derived table of that name on the way would take the column once the schema is gone.
    """
    schema, table = folded(column.args["db"], grammar), folded(column.args["table"], grammar)
    meant = catalog.find(schema, table)
    select = column.parent_select
    while select is not None:
        for node in select.find_all(*ITEMS):
            if node.parent_select is not select or node.arg_key == "expressions":
                continue  # of another FROM, or a value
            if _exposed(node, grammar, catalog) != catalog.key(table):
                continue
            scan = next((each for each in scans if each.node is node), None)
            return scan is not None and scan.table == meant and not node.args.get("alias")
        select = select.parent_select
    return False


def _exposed(node: exp.Expr, grammar: Grammar, catalog: Catalog) -> str:
    """Return the name by which columns may refer to an item of FROM; "" for one without a name."""
    alias = node.args.get("alias")
    named = isinstance(alias, exp.TableAlias) and alias.this is not None
    identifier = alias.this if isinstance(alias, exp.TableAlias) and named else node.this
    return catalog.key(folded(identifier, grammar)) if isinstance(identifier, exp.Identifier) else ""
