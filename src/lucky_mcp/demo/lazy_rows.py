"""Rows that are made again at each pass: a table of nine million rows is never held, only described."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeAlias, overload

Row: TypeAlias = tuple[object, ...]


class LazyRows(Sequence[Row]):
    """A sequence over a generator function, which must draw from a stream of its own to yield equal passes.

    Counting and indexing walk from the start, so use them on what a test has made small.
    """

    def __init__(self, make: Callable[[], Iterator[Row]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Row]:
        return self._make()

    def __len__(self) -> int:
        return sum(1 for _ in self._make())

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return tuple(self._make())[place]
        if place < 0:
            return tuple(self._make())[place]
        try:
            return next(islice(self._make(), place, None))
        except StopIteration:
            raise IndexError(place) from None

    def __repr__(self) -> str:
        return f"LazyRows({self._make!r})"
