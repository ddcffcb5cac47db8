"""Which columns of visible tables hold the same key, and how to write the join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lucky_mcp.catalog.snapshot import Column, TypeFamily
from lucky_mcp.model.visible import ShownColumn, ShownJoin, VisibleTable

KEY_ENDS = ("_id", "_no", "_key", "_mark", "_mid")
JOINS_PER_COLUMN = 4
# What makes text of a number, by the dialect in which it is written.
TEXT_TYPES = {"mysql": "CHAR", "doris": "VARCHAR"}


@dataclass(frozen=True)
class _Key:
    table: VisibleTable
    column: ShownColumn

    @property
    def is_home(self) -> bool:
        """Whether the key is what identifies a row here."""
        return self.table.primary_key == (self.column.name,)


class JoinHints:
    """The keys of a fixed sequence of tables; what is not among them is never hinted at."""

    def __init__(self, tables: Sequence[VisibleTable]) -> None:
        self._word_of_name = _words_of_names(tables)
        keys: dict[str, list[_Key]] = defaultdict(list)
        for table in tables:
            for column in table.columns:
                if word := self._word(column):
                    keys[word].append(_Key(table, column))
        self._keys = {
            word: sorted(found, key=lambda key: (not key.is_home, _full_name(key.table)))
            for word, found in keys.items()
        }
        self._by_source: dict[tuple[str, str], list[_Key]] = defaultdict(list)
        for word, found in self._keys.items():
            for key in found:
                self._by_source[word, key.table.source].append(key)

    def nearest(self, table: VisibleTable) -> tuple[tuple[ShownJoin, ...], int]:
        """Return the joins worth knowing, those of the same source first, and how many are left out."""
        shown: list[ShownJoin] = []
        left_out = 0
        for column in table.columns:
            if not (word := self._word(column)):
                continue
            own = _Key(table, column)
            chosen: list[ShownJoin] = []
            for other in self._near_first(word, table):
                if len(chosen) == JOINS_PER_COLUMN:
                    break
                if (join := _join(own, other)) is not None:
                    chosen.append(join)
            shown += chosen
            left_out += max(0, len(self._keys[word]) - 1 - len(chosen))
        shown.sort(key=lambda join: join.source != table.source)
        return tuple(shown), left_out

    def among(self, tables: Sequence[VisibleTable]) -> tuple[tuple[ShownJoin, ...], ...]:
        """Return for each table its joins with the tables after it, so that each pair is told once."""
        found = []
        for at, table in enumerate(tables):
            joins = [
                _join(_Key(table, column), _Key(other, its))
                for other in tables[at + 1 :]
                for column in table.columns
                if (word := self._word(column))
                for its in other.columns
                if self._word(its) == word
            ]
            found.append(tuple(join for join in joins if join is not None))
        return tuple(found)

    def _near_first(self, word: str, table: VisibleTable) -> Iterator[_Key]:
        yield from self._by_source[word, table.source]
        yield from (key for key in self._keys[word] if key.table.source != table.source)

    def _word(self, column: ShownColumn) -> str:
        """The key a column holds; "" when it is none, or a mask shows something else in its place."""
        if column.mask not in {"", "token"}:
            return ""
        if column.joins:
            return column.joins
        if column.name in self._word_of_name:
            return self._word_of_name[column.name]
        return column.name if column.name.endswith(KEY_ENDS) else ""


def _words_of_names(tables: Sequence[VisibleTable]) -> dict[str, str]:
    """What reviewers call a key in one table holds for columns of the same telling name in others."""
    words: dict[str, set[str]] = defaultdict(set)
    for table in tables:
        for column in table.columns:
            if column.joins and column.name.endswith(KEY_ENDS):
                words[column.name].add(column.joins)
    return {name: found.copy().pop() for name, found in words.items() if len(found) == 1}


def _join(own: _Key, other: _Key) -> ShownJoin | None:
    """Return the join of two columns; None for the same table and for types that cannot be compared."""
    if (own.table.source, _full_name(own.table)) == (other.table.source, _full_name(other.table)):
        return None
    if own.column.mask != other.column.mask:
        return None
    families = (_family(own.column), _family(other.column))
    if families[0] is not families[1] and set(families) != {TypeFamily.TEXT, TypeFamily.NUMBER}:
        return None
    alias = _alias(own.table, other.table)
    left = _side(own, own.table.table, as_text=families == (TypeFamily.NUMBER, TypeFamily.TEXT))
    right = _side(other, alias, as_text=families == (TypeFamily.TEXT, TypeFamily.NUMBER))
    condition = f"{left} = {right}"
    named = "" if alias == other.table.table else f" AS {alias}"
    join = f"JOIN {_full_name(other.table)}{named} ON {condition}"
    return ShownJoin(
        source=other.table.source,
        table=_full_name(other.table),
        condition=condition,
        join=join if own.table.source == other.table.source else "",
    )


def _alias(own: VisibleTable, other: VisibleTable) -> str:
    """Two tables of one name need different ones in a query."""
    return other.table if other.table != own.table else f"{other.schema}_{other.table}"


def _side(key: _Key, name: str, *, as_text: bool) -> str:
    column = f"{name}.{key.column.name}"
    # A number always becomes text; text that is no number would fail the query the other way round.
    return f"CAST({column} AS {TEXT_TYPES.get(key.table.dialect, 'VARCHAR')})" if as_text else column


def _family(column: ShownColumn) -> TypeFamily:
    return Column(name=column.name, type=column.type).family


def _full_name(table: VisibleTable) -> str:
    return f"{table.schema}.{table.table}"
