"""Which WITH entry a name in FROM means, by SQL's own scoping.

The search goes up from the name, so it holds in every position a query can stand in (EXISTS, CASE,
ORDER BY, LATERAL): nothing has to be visited on the way down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlglot import exp

from lucky_mcp.errors import Code, NameRefused
from lucky_mcp.sql.dialects import Grammar

SameName = Callable[[exp.Identifier, exp.Identifier], bool]


def meant_cte(table: exp.Table, grammar: Grammar, same: SameName) -> exp.CTE | None:
    """Return the WITH entry that an unqualified name refers to, or None when it is a base table."""
    name = table.this
    came_from: exp.Expr = table
    entry: exp.CTE | None = None
    node = table.parent
    while node is not None:
        if isinstance(node, exp.CTE):
            entry = node
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            inside = entry if came_from is with_ else None
            for candidate in reversed(_in_scope(with_, inside, grammar)):
                if same(candidate.args["alias"].this, name):
                    return candidate
        came_from, node = node, node.parent
    return None


def refuse_repeated(withs: Iterable[exp.With], same: SameName) -> None:
    """Raise NameRefused when one WITH names two entries alike: engines differ in which one they take."""
    for with_ in withs:
        names = [entry.args["alias"].this for entry in with_.expressions]
        for index, name in enumerate(names):
            if any(same(name, other) for other in names[:index]):
                raise NameRefused(
                    f"two WITH entries are named {name.name!r}",
                    code=Code.COLUMN_AMBIGUOUS,
                    next_step="give each WITH entry its own name",
                )


def expanded_scans(
    tables: Sequence[exp.Table], meant: Mapping[int, exp.CTE | None], of_views: Mapping[int, int]
) -> int:
    """Return how many tables are read once every reference to a WITH entry or view is written out.

    `of_views` says by the node's id how many a view comes to; a table counts 1. A chain of entries that each
    read the one before twice doubles at every step, and engines write it out.
    """
    if not any(meant.values()):
        return sum(of_views.get(id(table), 1) for table in tables)
    inside: dict[int, list[exp.Table]] = {}
    outside: list[exp.Table] = []
    for table in tables:
        entry = table.find_ancestor(exp.CTE)
        if entry is None:
            outside.append(table)
        else:
            inside.setdefault(id(entry), []).append(table)
    weights: dict[int, int] = {}

    def weight(of: Sequence[exp.Table], under: frozenset[int]) -> int:
        total = 0
        for table in of:
            entry = meant[id(table)]
            if entry is None or id(entry) in under:  # a base table, or the entry's own recursion
                total += of_views.get(id(table), 1)
                continue
            if id(entry) not in weights:
                weights[id(entry)] = weight(inside.get(id(entry), []), under | {id(entry)})
            total += weights[id(entry)]
        return total

    bodies = sum(weight(group, frozenset({key})) for key, group in inside.items())
    return weight(outside, frozenset()) + bodies


def _in_scope(with_: exp.With, inside: exp.CTE | None, grammar: Grammar) -> list[exp.CTE]:
    """Return the visible entries, given the entry that the name stands inside of (None: the body)."""
    entries: list[exp.CTE] = list(with_.expressions)
    if inside is None:
        return entries
    index = next(position for position, each in enumerate(entries) if each is inside)
    if not with_.args.get("recursive"):
        return entries[:index]
    return entries if grammar.recursive_sees_siblings else entries[: index + 1]
