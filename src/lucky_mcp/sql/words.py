"""Words that a generator writes as they are: each must be one that the grammar knows.

The parser makes a bare word of any token, quoted names and strings included. Written out again it would
be SQL of the agent's choosing, so every such word is on a closed list.
"""

from __future__ import annotations

import re

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
BARE_WORDS = frozenset({*UNITS, *(f"{unit}S" for unit in UNITS), *PARTS_OF_TIME, "ALL", "NOCASE"})
FRAME_WORDS = frozenset({"ROWS", "RANGE", "GROUPS", "UNBOUNDED", "CURRENT ROW", "PRECEDING", "FOLLOWING"})
NUMBER = re.compile(r"[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+\.")
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ ]{0,39}")
HEX = re.compile(r"[0-9A-Fa-f]*")


def refuse_unknown_words(node: exp.Expr) -> None:
    """Raise ConstructRefused for a word of the node that is on no list."""
    if isinstance(node, exp.Identifier):
        return
    if isinstance(node, exp.Literal):
        if not node.is_string and not NUMBER.fullmatch(node.name):
            raise _refused("a number")
        return
    if isinstance(node, exp.Var):
        if node.name.upper() not in BARE_WORDS:
            raise _refused("a unit or keyword")
        return
    if isinstance(node, exp.HexString):
        if not HEX.fullmatch(node.name):
            raise _refused("a hexadecimal string")
        return
    if isinstance(node, exp.JSONPathKey):
        return  # written inside a string literal, which the generator escapes
    for value in node.args.values():
        if isinstance(value, str):
            _refuse_word(node, value)


def _refuse_word(node: exp.Expr, word: str) -> None:
    if isinstance(node, exp.WindowSpec) and word.upper() not in FRAME_WORDS:
        raise _refused("a window frame")
    if not PLAIN.fullmatch(word):
        raise _refused("a keyword")


def _refused(what: str) -> ConstructRefused:
    return ConstructRefused(
        f"{what} in the statement is not one that is known here", next_step="write it plainly, without quotes"
    )
