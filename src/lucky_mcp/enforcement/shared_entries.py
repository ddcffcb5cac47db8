"""Gives each reader of a WITH entry an entry of its own, where MySQL would keep one table for all of them.

When one reader looks such a table up by a key, MySQL 9.7 takes another reader's rows for sorted by that key:
groups come twice, ORDER BY sorts nothing; and a table of EXCEPT or INTERSECT fails, or is empty, when it is
read twice (decision 0049). Which plan it is depends on how many rows are expected, hidden ones among them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlglot import exp

from lucky_mcp.enforcement.guard_scans import FENCE_ROWS
from lucky_mcp.sql.ctes import IN_FROM

# With any of these, or with such a part in what it shows, the server makes a table of an entry. Others are
# put into their readers' places.
MAKING = ("group", "having", "distinct", "limit", "offset", "windows")
MAKING_PARTS = (exp.AggFunc, exp.Window, exp.Query)


def separate_readers(tree: exp.Expr) -> None:
    """Put an entry, in place, between each reader and an entry that is made once and read more than once."""
    entries = list(tree.find_all(exp.CTE))
    if len({entry.alias for entry in entries}) == len(entries):  # always, but in the bodies of views
        _Entries(tree, entries).separate()


class _Entries:
    """Who reads which entry; what an entry reads of itself, recursively, is not counted."""

    def __init__(self, tree: exp.Expr, entries: list[exp.CTE]) -> None:
        self._entries = {entry.alias: entry for entry in entries}
        self._made = {name for name, entry in self._entries.items() if _is_made(entry.this)}
        self._readers: dict[str, list[exp.Table]] = defaultdict(list)
        for table in tree.find_all(exp.Table) if self._made else ():
            entry = None if table.args.get("db") else self._entries.get(table.name)
            if entry is not None and not _is_within(table, entry):
                self._readers[table.name].append(table)

    def separate(self) -> None:
        self._make_what_repeats_a_read()
        shared = {name for name in self._made if len(self._readers[name]) > 1}
        for group in {id(group): group for group in map(self._group, shared)}.values():
            entries: list[exp.Expr] = []
            for entry in group.expressions:
                entries += [entry, *(self._own_entries(entry) if entry.alias in shared else ())]
            group.set("expressions", entries)

    def _group(self, name: str) -> exp.Expr:
        group = self._entries[name].parent
        if group is None:
            raise ValueError(f"the entry {name} stands in no WITH")
        return group

    def _make_what_repeats_a_read(self) -> None:
        """An entry that is put into several places would read there, each time, what is made."""
        found, seen = list(self._made), set(self._made)
        while found:
            for table in self._readers[found.pop()]:
                around = table.find_ancestor(exp.CTE)
                if around is None or around.alias in seen:
                    continue
                seen.add(around.alias)
                found.append(around.alias)
                if len(self._readers[around.alias]) > 1:
                    self._made.add(around.alias)
                    _put_barrier(around.this)

    def _own_entries(self, entry: exp.Expr) -> Iterator[exp.CTE]:
        name = entry.args["alias"].this
        if entry.this.unnest().find(
            exp.Except, exp.Intersect
        ):  # its table cannot be read twice in some plans
            yield _reading(name, name := _numbered(name, 0))
        numbers: dict[object, int] = {}
        readers = self._readers[entry.alias]
        for table, place in zip(readers, list(_places(readers)), strict=True):
            if not table.alias:
                table.set("alias", exp.TableAlias(this=table.this.copy()))
            own = _numbered(entry.args["alias"].this, numbers.setdefault(place, len(numbers) + 1))
            table.set("this", own)
        for number in numbers.values():
            yield _reading(name, _numbered(entry.args["alias"].this, number))


def _places(readers: list[exp.Table]) -> Iterator[object]:
    """Yield the same for names at one place of two equal queries in expressions of one SELECT.

    The server takes such expressions for one, in SELECT and GROUP BY say, while they read one entry.
    """
    texts: dict[int, str] = {}
    counts: Counter[int] = Counter()
    for table in readers:
        query = _query_in_expression(table)
        if query is None:
            yield id(table)
            continue
        if id(query) not in texts:
            texts[id(query)] = query.sql(dialect="mysql", comments=False).lower()
        counts[id(query)] += 1
        yield id(query.find_ancestor(exp.Select)), texts[id(query)], counts[id(query)]


def _query_in_expression(table: exp.Table) -> exp.Expr | None:
    """Return the outermost query around a name that stands in an expression of the same entry's body."""
    found: exp.Expr | None = None
    node: exp.Expr = table
    while node.parent is not None and not isinstance(node, exp.CTE):
        if isinstance(node, exp.Query) and not isinstance(node.parent, (*IN_FROM, exp.Lateral)):
            found = node
        node = node.parent
    return found


def _numbered(name: exp.Identifier, number: int) -> exp.Identifier:
    return exp.to_identifier(f"{name.name}_{number}", quoted=name.quoted)


def _reading(name: exp.Identifier, own: exp.Identifier) -> exp.CTE:
    read = exp.Select(expressions=[exp.Star()], from_=exp.From(this=exp.Table(this=name.copy())))
    _put_barrier(read)
    return exp.CTE(this=read, alias=exp.TableAlias(this=own.copy()))


def _is_within(table: exp.Table, entry: exp.CTE) -> bool:
    around = table.find_ancestor(exp.CTE)
    while around is not None and around is not entry:
        around = around.find_ancestor(exp.CTE)
    return around is entry


def _is_made(body: exp.Expr) -> bool:
    select = body.unnest()
    if not isinstance(select, exp.Select) or select.args.get("from_") is None:
        return True
    if any(select.args.get(part) for part in MAKING):
        return True
    return any(each.find(*MAKING_PARTS) for each in select.expressions)


def _put_barrier(body: exp.Expr) -> None:
    body.unnest().set("limit", exp.Limit(expression=exp.Literal.number(FENCE_ROWS)))
