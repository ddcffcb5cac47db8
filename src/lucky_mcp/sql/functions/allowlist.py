"""The functions each dialect may call, learnt from the sample calls in the data files."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from lucky_mcp.model.source import Dialect
from lucky_mcp.sql.dialects import GRAMMARS

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Allowlist:
    """Node types of typed functions, and lower-case names of functions the parser has no type for."""

    types: frozenset[type[exp.Expr]]
    names: frozenset[str]

    def allows(self, node: exp.Expr) -> bool:
        """Whether a function node is on the list."""
        if isinstance(node, exp.Anonymous):
            return str(node.this).lower() in self.names
        return type(node) in self.types

    def near(self, name: str) -> tuple[str, ...]:
        """Return allowed names that share the first letters with `name`, for messages."""
        known = self.names | {alias.lower() for kind in self.types for alias in _sql_names(kind)}
        return tuple(sorted(each.upper() for each in known if each[:3] == name.lower()[:3]))[:5]


def _sql_names(kind: type[exp.Expr]) -> list[str]:
    return kind.sql_names() if issubclass(kind, exp.Func) else []


@cache
def allowlist(dialect: Dialect) -> Allowlist:
    """Return the functions agents may call in a dialect."""
    parser = GRAMMARS[dialect].dialect
    trees = []
    for call in sample_calls(dialect):
        trees += parser.parse(f"SELECT {call}", error_level=ErrorLevel.RAISE)
    return learnt([tree for tree in trees if tree is not None])


@cache
def sample_calls(dialect: Dialect) -> tuple[str, ...]:
    """Return every sample call of a dialect's data file, in file order."""
    groups = tomllib.loads((FOLDER / f"{dialect}.toml").read_text(encoding="utf-8"))
    return tuple(call for group in groups.values() for call in group["calls"])


def learnt(trees: Iterable[exp.Expr], *, every_type: bool = False) -> Allowlist:
    """Return the functions that occur in the trees; with `every_type` all their other node types too."""
    types: set[type[exp.Expr]] = set()
    names: set[str] = set()
    for tree in trees:
        for node in tree.walk():
            if isinstance(node, exp.Anonymous):
                names.add(str(node.this).lower())
            elif every_type or isinstance(node, exp.Func):
                types.add(type(node))
    return Allowlist(types=frozenset(types), names=frozenset(names))
