"""Columns that exist nowhere in a statement: a dry run has no engine that would notice them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from lucky_mcp.sql.dialects import Grammar
from lucky_mcp.sql.parse import parse

# These give names to columns that nobody wrote.
NAMING = (exp.Values, exp.Unnest, exp.Lateral, exp.Pivot, exp.Lambda, exp.TableFromRows, exp.UDTF, exp.Dot)
WORD = re.compile(r"\w+")


def unknown_columns(sql: str, grammar: Grammar, shown: Iterable[str]) -> tuple[str, ...]:
    """Return the names used as columns that are not `shown` and that nothing in the statement makes.

    Scopes are not looked at: a name is reported only when it cannot mean anything anywhere.
    """
    tree = parse(sql, grammar).tree
    if tree.find(*NAMING) is not None:
        return ()
    known = {name.lower() for name in shown}
    used: dict[str, str] = {}
    for node in tree.find_all(exp.Identifier):
        if isinstance(node.parent, exp.Column) and node.arg_key == "this":
            used.setdefault(node.name.lower(), node.name)
        else:
            known.add(node.name.lower())
    return tuple(
        written for name, written in used.items() if name not in known and not _names_a_result(written, sql)
    )


def _names_a_result(written: str, sql: str) -> bool:
    """Whether servers may call a column so that has no alias: after its function, CASE or whole text."""
    if not WORD.fullmatch(written) or written.lower() == "case":
        return True
    return re.search(rf"\b{written}\s*\(", sql, re.IGNORECASE) is not None
