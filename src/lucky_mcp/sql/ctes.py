"""Which WITH entry a name in FROM means, by SQL's own scoping.

The search goes up from the name, so it holds in every position a query can stand in (EXISTS, CASE,
ORDER BY, LATERAL): nothing has to be visited on the way down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlglot import exp

from lucky_mcp.errors import Code, NameRefused
from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.nodes import Nodes

# Where a query stands for a table, or is an arm of one. Right below a SELECT it is a column that it shows.
IN_FROM = (exp.From, exp.Join, exp.CTE, exp.Subquery, exp.SetOperation)
ON = "on"
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


def drop_unread_below(nodes: Nodes, meant: Mapping[int, exp.CTE | None], grammar: Grammar) -> bool:
    """Take out, in place, entries inside another query that nothing reads and that join on others.

    They mean nothing, and MariaDB 10.11 looks for a column of such a condition in the query around it as
    well, and ends if it is there. Returns whether there was one: then `meant` and `nodes` are out of date.
    """
    if not grammar.unread_entries_end_servers:
        return False
    reads, names = _Reads(nodes, meant), Counter(map(_named, [*nodes.of(exp.Table), *nodes.of(exp.Subquery)]))
    unread = [each for each in nodes.of(exp.CTE) if not reads.of(each) and _may_end_servers(each, names)]
    for entry in unread:  # grows while it is gone through
        unread += [other for other in reads.without(entry) if _may_end_servers(other, names)]
    _take_out(unread)
    return bool(unread)


class _Reads:
    """How many names mean each entry, but for those within it: what it reads of itself, nobody else reads."""

    def __init__(self, nodes: Nodes, meant: Mapping[int, exp.CTE | None]) -> None:
        self._meant: dict[int, exp.CTE] = {}
        for table in nodes.of(exp.Table):
            entry = meant[id(table)]
            if entry is not None and not is_within(table, entry):
                self._meant[id(table)] = entry
        self._counts = Counter(map(id, self._meant.values()))

    def of(self, entry: exp.CTE) -> int:
        return self._counts[id(entry)]

    def without(self, entry: exp.CTE) -> list[exp.CTE]:
        """Take away what an entry reads, once; return what nothing reads any more."""
        found = []
        for table in entry.find_all(exp.Table):
            target = self._meant.pop(id(table), None)
            if target is not None:
                self._counts[id(target)] -= 1
                if not self._counts[id(target)]:
                    found.append(target)
        return found


def is_within(table: exp.Table, entry: exp.CTE) -> bool:
    """Whether a name stands in the body of an entry."""
    around = table.find_ancestor(exp.CTE)
    while around is not None and around is not entry:
        around = around.find_ancestor(exp.CTE)
    return around is entry


def _may_end_servers(entry: exp.CTE, names: Counter[str]) -> bool:
    return (
        isinstance(entry.parent, exp.With)
        and _joins_on_others(entry, names)
        and has_query_around(entry.parent)
    )


def _take_out(unread: list[exp.CTE]) -> None:
    gone = set(map(id, unread))
    for with_ in {id(entry.parent): entry.parent for entry in unread}.values():
        if with_ is not None:
            kept = [entry for entry in with_.expressions if id(entry) not in gone]
            with_.set("expressions", kept) if kept else with_.pop()


def has_query_around(with_: exp.With) -> bool:
    """Whether a query around the statement of a WITH lends it columns: one that it is an operand in."""
    node: exp.Expr = with_
    while node.parent is not None:
        if isinstance(node, exp.Query) and not stands_in_from(node):
            return True
        node = node.parent
    return False


def stands_in_from(query: exp.Query) -> bool:
    """Whether a query stands for a table, or is a part of what does; else it is an operand, or LATERAL."""
    return isinstance(query.parent, IN_FROM) and not (
        isinstance(query.parent, exp.Join) and query.arg_key == ON
    )


def _joins_on_others(entry: exp.CTE, names: Counter[str]) -> bool:
    """Whether a join condition in the entry may name a column from outside of it."""
    conditions = [join.args[ON] for join in entry.find_all(exp.Join) if join.args.get(ON)]
    if not conditions:
        return False
    own = Counter(map(_named, entry.find_all(exp.Table, exp.Subquery)))
    columns = (column.table.lower() for on in conditions for column in on.find_all(exp.Column))
    return any(not qualifier or names[qualifier] > own[qualifier] for qualifier in columns)


def _named(item: exp.Expr) -> str:
    return item.alias_or_name.lower()


def expanded_scans(
    tables: Sequence[exp.Table], meant: Mapping[int, exp.CTE | None], of_views: Mapping[int, int]
) -> int:
    """Return how many tables are read once every reference to a WITH entry or view is written out.

    `of_views` says by the node's id how many a view comes to; a table counts 1, and so does an entry without
    one. A chain of entries that each read the one before twice doubles at every step; engines write it out.
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
                weights[id(entry)] = max(weight(inside.get(id(entry), []), under | {id(entry)}), 1)
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
