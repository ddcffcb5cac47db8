"""Words that a generator writes as they are: each must be one that the grammar knows.

The parser makes a bare word of any token, quoted names and strings included. Written out again it would
be SQL of the agent's choosing, so every such word is on a closed list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from lucky_mcp.errors import ConstructRefused

UNITS = {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
UNITS |= {"DECADE", "CENTURY", "MILLENNIUM"}
PARTS_OF_TIME = {
    "EPOCH",
    "DOW",
    "DOY",
    "ISODOW",
    "ISOYEAR",
    "DAYOFWEEK",
    "DAYOFYEAR",
    "DAYOFMONTH",
    "WEEKDAY",
}
PARTS_OF_TIME |= {"WEEKOFYEAR", "TIMEZONE"}
# MySQL's parts of two units are whole numbers of digits, and no units of an interval here.
EXTRACTED = frozenset({"YEAR_MONTH"})
LONGEST_TEXT = "MAX"  # VARCHAR(MAX), which is how Redshift says TEXT
BARE_WORDS = frozenset({*UNITS, *(f"{unit}S" for unit in UNITS), *PARTS_OF_TIME, "ALL", "NOCASE"})
# What a window frame may leave out.
EXCLUDED = frozenset({"CURRENT ROW", "GROUP", "TIES", "NO OTHERS"})
FRAME_WORDS = frozenset({"ROWS", "RANGE", "GROUPS", "UNBOUNDED", "CURRENT ROW", "PRECEDING", "FOLLOWING"})
NUMBER = re.compile(r"[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+\.")
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ]{0,39}")
HEX = re.compile(r"[0-9A-Fa-f]*")


def _is_known_word(node: exp.Expr) -> bool:
    word = node.name.upper()
    if isinstance(node.parent, exp.DataTypeParam):
        return word == LONGEST_TEXT
    if isinstance(node.parent, exp.WindowSpec):
        return word in EXCLUDED
    return word in BARE_WORDS or (word in EXTRACTED and isinstance(node.parent, exp.Extract))


# Names are quoted; a key of a path is written inside a string literal, which the generator escapes.
WORDLESS: frozenset[type[exp.Expr]] = frozenset({exp.Identifier, exp.JSONPathKey})
FORMS: dict[type[exp.Expr], tuple[str, Callable[[Any], bool]]] = {
    exp.Literal: ("a number", lambda node: node.is_string or bool(NUMBER.fullmatch(node.name))),
    exp.Var: ("a unit or keyword", _is_known_word),
    exp.HexString: ("a hexadecimal string", lambda node: bool(HEX.fullmatch(node.name))),
}


def refuse_unknown_words(node: exp.Expr) -> None:
    """Raise ConstructRefused for a word of the node that is on no list."""
    if type(node) in WORDLESS:
        return
    form = FORMS.get(type(node))
    if form is None:
        for value in node.args.values():
            if isinstance(value, str):
                _refuse_word(node, value)
    elif not form[1](node):
        raise _refused(form[0])


def _refuse_word(node: exp.Expr, word: str) -> None:
    if isinstance(node, exp.WindowSpec) and word.upper() not in FRAME_WORDS:
        raise _refused("a window frame")
    if not PLAIN.fullmatch(word):
        raise _refused("a keyword")


def _refused(what: str) -> ConstructRefused:
    return ConstructRefused(
        f"{what} in the statement is not one that is known here", next_step="write it plainly, without quotes"
    )
