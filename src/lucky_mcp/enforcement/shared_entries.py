"""Gives each reader of a WITH entry an entry of its own, where MySQL would keep one table for all of them.

When one reader looks such a table up by a key, MySQL 9.7 takes another reader's rows for sorted by that key:
groups come twice, ORDER BY sorts nothing; and a table of EXCEPT or INTERSECT fails, or is empty, when it is
read twice (decision 0049). Which plan it is depends on how many rows are expected, hidden ones among them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlglot import exp

from lucky_mcp.enforcement.guard_scans import FENCE_ROWS, move_hanging_joins
from lucky_mcp.sql.ctes import has_query_around, is_within, stands_in_from

# With any of these, or with such a part in what it shows, the server makes a table of an entry. Others are
# put into their readers' places.
MAKING = ("group", "having", "distinct", "limit", "offset", "windows")
MAKING_PARTS = (exp.AggFunc, exp.Window, exp.Query)


def separate_readers(tree: exp.Expr) -> None:
    """Put an entry, in place, between each reader and an entry that is made once and read more than once.

    Entries below an expression or LATERAL may name columns from around them: MySQL does not make what reads
    such a one again for the next row, so they stay as they are.
    """
    entries = list(tree.find_all(exp.CTE))
    if len({entry.alias for entry in entries}) == len(entries):  # so they are once names are resolved
        _Entries(tree, entries).separate()


class _Entries:
    """Who reads which entry; what an entry reads of itself, recursively, is not counted."""

    def __init__(self, tree: exp.Expr, entries: list[exp.CTE]) -> None:
        self._entries = {entry.alias: entry for entry in entries}
        self._made = {name for name, entry in self._entries.items() if _is_made(entry.this)}
        self._shared: dict[str, bool] = {}
        self._readers: dict[str, list[exp.Table]] = defaultdict(list)
        for table in tree.find_all(exp.Table) if self._made else ():
            entry = None if table.args.get("db") else self._entries.get(table.name)
            if entry is not None and not is_within(table, entry):
                self._readers[table.name].append(table)

    def separate(self) -> None:
        made = [self._entries[name] for name in self._entries if name in self._made]
        free = [
            each for each in made if isinstance(each.parent, exp.With) and not has_query_around(each.parent)
        ]
        repeated = [(entry, self._repeated(entry)) for entry in free]  # before any of them has another name
        further: dict[int, list[exp.CTE]] = {}
        for entry, tables in repeated:
            again = set(map(id, tables))
            readers = [table for table in self._readers[entry.alias] if id(table) not in again]
            if tables or len(readers) > 1:
                further[id(entry)] = list(_own_entries(entry, readers, tables))
        for group in {id(entry.parent): entry.parent for entry in free}.values():
            if group is not None:
                own = ([entry, *further.get(id(entry), ())] for entry in group.expressions)
                group.set("expressions", [each for several in own for each in several])

    def _repeated(self, entry: exp.CTE) -> list[exp.Table]:
        """Return the names of an entry in bodies that the server puts into the places of several readers."""
        found = []
        for table in self._readers[entry.alias]:
            around = table.find_ancestor(exp.CTE)
            if around is None or around.alias in self._made or around.parent is not entry.parent:
                continue
            if self._is_shared(around.alias):
                found.append(table)
        return found

    def _is_shared(self, name: str) -> bool:
        """Whether several read it, or the one does whose entry is put in several readers' places."""
        asked: list[str] = []
        while name not in self._shared:
            asked.append(name)
            readers = self._readers[name]
            around = readers[0].find_ancestor(exp.CTE) if len(readers) == 1 else None
            if around is None or around.alias in self._made or around.alias in asked:
                self._shared[name] = len(readers) > 1
            else:
                name = around.alias
        self._shared.update(dict.fromkeys(asked, self._shared[name]))
        return self._shared[name]


def _own_entries(entry: exp.CTE, readers: list[exp.Table], repeated: list[exp.Table]) -> Iterator[exp.CTE]:
    name = entry.args["alias"].this
    read = name
    if entry.this.unnest().find(exp.Except, exp.Intersect):  # its table cannot be read twice in some plans
        read = _numbered(name, 0)
        yield exp.CTE(this=_reading(name), alias=exp.TableAlias(this=read.copy()))
    for table in repeated:
        _read_within(table, read)
    numbers: dict[object, int] = {}
    for table, place in zip(readers, list(_places(readers)), strict=True):
        if not table.alias:
            table.set("alias", exp.TableAlias(this=table.this.copy()))
        table.set("this", _numbered(name, numbers.setdefault(place, len(numbers) + 1)))
    for number in numbers.values():
        yield exp.CTE(this=_reading(read), alias=exp.TableAlias(this=_numbered(name, number)))


def _numbered(name: exp.Identifier, number: int) -> exp.Identifier:
    return exp.to_identifier(f"{name.name}_{number}", quoted=name.quoted)


def _reading(name: exp.Identifier) -> exp.Select:
    read = exp.Select(expressions=[exp.Star()], from_=exp.From(this=exp.Table(this=name.copy())))
    read.set("limit", exp.Limit(expression=exp.Literal.number(FENCE_ROWS)))
    return read


def _read_within(table: exp.Table, name: exp.Identifier) -> None:
    """Put the barrier where the name is: it is repeated with the body that it is in."""
    alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
    derived = exp.Subquery(this=_reading(name), alias=alias)
    move_hanging_joins(table, derived)
    table.replace(derived)


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
            texts[id(query)] = _text_without_case(query)
        counts[id(query)] += 1
        yield id(query.find_ancestor(exp.Select)), texts[id(query)], counts[id(query)]


def _text_without_case(query: exp.Expr) -> str:
    """Names have no case here, literals have."""
    lowered = query.copy()
    for identifier in lowered.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    return lowered.sql(dialect="mysql", comments=False)


def _query_in_expression(table: exp.Table) -> exp.Expr | None:
    """Return the outermost query around a name that stands in an expression of the same entry's body."""
    found: exp.Expr | None = None
    node: exp.Expr = table
    while node.parent is not None and not isinstance(node, exp.CTE):
        if isinstance(node, exp.Query) and not (stands_in_from(node) or isinstance(node.parent, exp.Lateral)):
            found = node
        node = node.parent
    return found


def _is_made(body: exp.Expr) -> bool:
    while isinstance(body, exp.Subquery) and not any(body.args.get(part) for part in MAKING):
        body = body.this
    if not isinstance(body, exp.Select) or body.args.get("from_") is None:
        return True
    if any(body.args.get(part) for part in MAKING):
        return True
    return any(each.find(*MAKING_PARTS) for each in body.expressions)
