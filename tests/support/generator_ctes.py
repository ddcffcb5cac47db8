"""WITH clauses: entries that shadow base tables, read each other, read themselves, or repeat a few times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.support.generator_context import Context, Cte, Scope, Written
from tests.support.generator_schema import Field, Kind

Writer = Callable[[Context, Scope, Sequence[Kind] | None], Written]


def with_clause(context: Context, outer: Scope, write: Writer) -> tuple[str, tuple[Cte, ...]]:
    """Return `WITH … ` and the entries in scope behind it, the nearest first.

    Entries of WITH RECURSIVE have fresh names: in PostgreSQL each sees all its siblings, later ones too,
    and the embedded engine does not.
    """
    context.count("cte")
    context.count("nest")
    if outer.outer is not None or outer.ctes:
        context.count("cte_nested")
    entries: list[str] = []
    ctes = outer.ctes
    own: list[Cte] = []
    is_recursive = context.has("recursive") and context.chance(20)
    for _ in range(context.pick((1, 1, 2, 2, 3))):
        name = context.fresh("w") if is_recursive else _name(context, outer, [each.name for each in own])
        text, cte = _entry(context, replace(outer, ctes=ctes), name, write, is_recursive=is_recursive)
        entries.append(text)
        own.append(cte)
        ctes = (cte, *(each for each in ctes if each.name.lower() != name.lower()))
    return f"WITH {'RECURSIVE ' if is_recursive else ''}{', '.join(entries)} ", ctes


def _name(context: Context, outer: Scope, taken: Sequence[str]) -> str:
    """Return a name for an entry: often one that means something else outside."""
    around = [cte.name for cte in outer.ctes if cte.name not in taken]
    if around and context.has("shadow_cte") and context.chance(65):
        context.count("shadow_cte")
        return context.pick(around)
    shadowing = [table.name for table in context.world.tables if table.name not in taken]
    if shadowing and context.has("shadow") and context.chance(50):
        context.count("shadow")
        return context.pick(shadowing)
    return context.fresh_quoted() if context.chance(10) else context.fresh("w")


def _entry(
    context: Context, scope: Scope, name: str, write: Writer, *, is_recursive: bool
) -> tuple[str, Cte]:
    inside = Scope(outer=scope.outer, ctes=scope.ctes)
    if is_recursive and context.chance(50):
        return _recursive(context, inside, name)
    written = write(context, inside, None)
    fields, columns = written.fields, ""
    if written.is_sized and context.chance(20):
        context.count("column_list")
        fields = tuple(replace(each, name=context.fresh("k")) for each in written.fields)
        columns = f"({', '.join(each.name for each in fields)})"
    kept = ""
    if context.has("materialized") and context.chance(15):
        kept = context.count("materialized", context.pick((" MATERIALIZED", " NOT MATERIALIZED")))
    return f"{context.spelt(name)}{columns} AS{kept} ({written.text})", Cte(name, fields)


def _recursive(context: Context, scope: Scope, name: str) -> tuple[str, Cte]:
    """Count up along a base table, three steps at most."""
    context.count("recursive")
    table = context.pick(context.world.tables)
    key = next((f for f in table.fields if f.kind is Kind.INT), table.fields[0])
    full = f"{table.schema}.{table.name}"
    start = f"SELECT b.{key.name} AS k, 1 AS n FROM {full} AS b WHERE b.{key.name} <= {context.pick(key.literals)}"
    step = (
        f"SELECT b.{key.name}, r.n + 1 FROM {name} AS r JOIN {full} AS b ON b.{key.name} = r.k WHERE r.n < 3"
    )
    fields = (Field("k", key.kind, key.literals), Field("n", Kind.INT, ("1", "2", "3")))
    union = "UNION ALL"
    if context.has("recursive_union") and context.chance(30):
        union = context.count("recursive_union", "UNION")
    return f"{name} AS ({start} {union} {step})", Cte(name, fields)
