"""What FROM reads: base tables under every spelling, WITH entries, derived tables, rows of the query's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.support.generator_context import Context, Relation, Scope
from tests.support.generator_schema import Field, Kind, TableShape

TRAP_ALIASES = ("t_order_item", "t_user", "t_user_profile", "order_id", "T_Sales_Order_M", "user_no")


def item(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    """Return one thing to read from, under a name that is not taken in this FROM."""
    if outer.ctes and context.chance(60):
        return _cte(context, outer, taken)
    if context.may_nest and context.chance(9):
        return _derived(context, outer, taken)
    return base(context, outer, taken)


def base(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    """Return a base table under one of its spellings."""
    table = context.pick(context.world.tables)
    text, _ = _table_text(context, outer, table)
    alias = _alias(context, taken, table.name)
    if table.needs_schema:
        context.count("view")
    if any(each.key == table.key and each.fields == table.fields for each in taken):
        context.count("self")
    if alias is None:
        return text, Relation(table.name, table.fields, schema=table.schema, key=table.key)
    if context.has("values") and context.chance(8):
        return _with_column_list(context, f"{text} AS {context.spelt(alias)}", Relation(alias, table.fields))
    word = context.pick((" AS ", " "))
    return f"{text}{word}{context.spelt(alias)}", Relation(alias, table.fields, key=table.key)


def _table_text(context: Context, outer: Scope, table: TableShape) -> tuple[str, bool]:
    if table.needs_schema or outer.shadows(table.name) or context.chance(35):
        quoted = context.world.quoted
        if context.chance(20):
            context.count("quoted")
            return f"{quoted(table.schema)}.{quoted(table.name)}", True
        return f"{table.schema}.{table.name}", True
    if context.chance(20):
        spelt = context.pick((("odd_case", table.name.upper()), ("quoted", context.world.quoted(table.name))))
        return context.count(*spelt), False
    return table.name, False


def _alias(context: Context, taken: Sequence[Relation], name: str) -> str | None:
    """Return None where the table's own name will do."""
    names = {relation.name.lower() for relation in taken}
    if name.lower() not in names and context.chance(35):
        return None
    traps = [trap for trap in TRAP_ALIASES if trap.lower() not in names]
    if context.chance(4):
        return context.fresh_quoted()
    return context.pick(traps) if context.chance(15) else context.fresh("t")


def _with_column_list(context: Context, text: str, relation: Relation) -> tuple[str, Relation]:
    """Rename columns by position, which slides if the guard shows another column order."""
    context.count("column_list")
    fields = tuple(replace(each, name=context.fresh("p")) for each in relation.fields)
    return f"{text}({', '.join(each.name for each in fields)})", replace(relation, fields=fields, schema="")


def _cte(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    cte = context.pick(outer.ctes)
    context.count("cte_read")
    name = next(each for each in outer.ctes if each.name.lower() == cte.name.lower())
    alias = _alias(context, taken, name.name)
    is_odd = context.chance(8) and " " not in name.name
    spelt = name.name.upper() if is_odd else context.spelt(name.name)
    if alias is None:
        return spelt, Relation(name.name, name.fields)
    return f"{spelt} AS {context.spelt(alias)}", Relation(alias, name.fields)


def _derived(context: Context, outer: Scope, taken: Sequence[Relation]) -> tuple[str, Relation]:
    context.count("derived")
    around = Scope(outer=outer.outer, ctes=outer.ctes)
    written = context.subquery(context, around, None)
    relation = Relation(context.fresh("d"), written.fields)
    text = f"({written.text}) AS {relation.name}"
    if written.is_sized and context.chance(12):
        return _with_column_list(context, text, relation)
    return text, relation


def own_rows(context: Context) -> tuple[str, Relation]:
    """Return a few rows of the query's own."""
    context.count("own_rows")
    name = context.fresh("v")
    fields = (Field("k", Kind.INT, ("1", "90")), Field("s", Kind.TEXT, ("'USD'", "'2'")))
    if not context.has("values"):
        return f"(SELECT 90 AS k, 'USD' AS s UNION ALL SELECT 1, '2') AS {name}", Relation(name, fields)
    context.count("values")
    return f"(VALUES (90, 'USD'), (1, '2')) AS {name}(k, s)", Relation(name, fields)
