"""Gives each reader of a WITH entry an entry of its own, where MySQL would keep one table for all of them.

When one reader looks such a table up by a key, MySQL 9.7 takes another reader's rows for sorted by that key:
groups come twice, ORDER BY sorts nothing; and a key on EXCEPT fails (decision 0049). Whether a plan has the
key depends on how many rows are expected, hidden ones among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlglot import exp

from lucky_mcp.enforcement.guard_scans import FENCE_ROWS

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
        for number, table in enumerate(self._readers[entry.alias], 1):
            own = exp.to_identifier(f"{name.name}_{number}", quoted=name.quoted)
            if not table.alias:
                table.set("alias", exp.TableAlias(this=table.this.copy()))
            table.set("this", own)
            read = exp.From(this=exp.Table(this=name.copy()))
            made = exp.Select(expressions=[exp.Star()], from_=read)
            _put_barrier(made)
            yield exp.CTE(this=made, alias=exp.TableAlias(this=own.copy()))


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
