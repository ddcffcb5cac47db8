"""One walk over a tree for all who ask it for nodes of some type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import TypeVar

from sqlglot import exp

Kind = TypeVar("Kind", bound=exp.Expr)


class Nodes:
    """The nodes of a tree by type, as they are now: what is put in or taken out later is not seen."""

    def __init__(self, tree: exp.Expr) -> None:
        self.tree = tree
        by_type: defaultdict[type[exp.Expr], list[exp.Expr]] = defaultdict(list)
        for node in tree.walk():
            by_type[type(node)].append(node)
        self._by_type = dict(by_type)

    def __len__(self) -> int:
        return sum(map(len, self._by_type.values()))

    def __iter__(self) -> Iterator[exp.Expr]:
        return chain.from_iterable(self._by_type.values())

    def types(self) -> Iterable[tuple[type[exp.Expr], list[exp.Expr]]]:
        """Return each type that occurs, with its nodes."""
        return self._by_type.items()

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return the nodes of a type or of one derived from it, in the order of `walk` within each type."""
        family, found = _family(kind), list[Kind]()
        # A tree has some twenty types; of functions there are hundreds.
        kinds: Iterable[type[exp.Expr]] = family
        if len(family) > len(self._by_type):
            kinds = sorted(self._by_type.keys() & family.keys(), key=family.__getitem__)
        for each in kinds:
            found += self._by_type.get(each, ())  # type: ignore[arg-type]
        return found


_families: dict[type[exp.Expr], Mapping[type[exp.Expr], int]] = {}


def _family(kind: type[exp.Expr]) -> Mapping[type[exp.Expr], int]:
    """Return the type and every type derived from it, each with its place among them; nobody changes it."""
    known = _families.get(kind)
    if known is None:
        below = [each for derived in kind.__subclasses__() for each in _family(derived)]
        places = {each: place for place, each in enumerate(dict.fromkeys((kind, *below)))}
        known = _families[kind] = MappingProxyType(places)
    return known
