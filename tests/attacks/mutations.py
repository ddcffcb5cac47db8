"""The same attack written otherwise: case, blanks, comments, quotes, signs, parentheses, WITH, other names.

Each is made from the text alone, so that a technique has the same mutations on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

_PIECES = re.compile(
    r"""('(?:[^'\\]|''|\\.)*'|"[^"]*"|`[^`]*`|\$\$.*?\$\$|/\*.*?\*/|--[^\n]*)|(\s+)|([A-Za-z_]\w*)|(.)""",
    re.DOTALL,
)
_READS = re.compile(r"\s*(select|with|values|table|from)\b", re.IGNORECASE)
_TABLES = {
    **dict.fromkeys(("t_user", "t_user_profile"), "luckyus_sales_crm"),
    **dict.fromkeys(("t_sales_order_m", "t_order_item"), "luckyus_sales_order"),
}
Mutation = Callable[[str, str], str | None]


def _words(change: Callable[[str], str]) -> Mutation:
    return lambda text, family: "".join(
        kept or blank or (change(word) if word else sign) for kept, blank, word, sign in _PIECES.findall(text)
    )


def _blanks(instead: str) -> Mutation:
    return lambda text, family: "".join(
        kept or (instead if blank else word or sign) for kept, blank, word, sign in _PIECES.findall(text)
    )


def _around(before: str, after: str) -> Mutation:
    def changed(text: str, family: str) -> str | None:
        return f"{before}{text}{after}" if _READS.match(text) and ";" not in text else None

    return changed


def _always(before: str, after: str = "") -> Mutation:
    return lambda text, family: f"{before}{text}{after}"


def _of(family: str, mutation: Mutation) -> Mutation:
    return lambda text, asked: mutation(text, asked) if asked == family else None


def _alternating(word: str) -> str:
    return "".join(each.upper() if n % 2 else each.lower() for n, each in enumerate(word))


def _wide(word: str) -> str:
    if word.casefold() not in {"select", "from", "union", "where"}:
        return word
    return "".join(chr(ord(each) + 0xFEE0) for each in word)


def _quoted(text: str, family: str) -> str | None:
    sign = "`" if family == "mysql" else '"'
    return _words(lambda word: f"{sign}{word}{sign}" if "_" in word and word.islower() else word)(
        text, family
    )


def _qualified(text: str, family: str) -> str | None:
    return re.sub(
        r"(?<![.\w`\"])(t_user_profile|t_user|t_sales_order_m|t_order_item)\b(?!\s*[.(])",
        lambda each: f"{_TABLES[each[1]]}.{each[1]}",
        text,
    )


def _shadowed(text: str, family: str) -> str | None:
    """An entry of WITH that is called like the table it reads."""
    named = re.search(r"\b(t_user_profile|t_user|t_sales_order_m)\b", text)
    if not named or not re.match(r"\s*select\b", text, re.IGNORECASE):
        return None
    return f"WITH {named[1]} AS (SELECT * FROM {named[1]}) {text}"


MUTATIONS: Mapping[str, Mutation] = {
    "upper case": _words(str.upper),
    "lower case": _words(str.lower),
    "alternating case": _words(_alternating),
    "tabs": _blanks("\t"),
    "line breaks": _blanks("\n"),
    "carriage returns": _blanks("\r\n"),
    "form feeds": _blanks("\f"),
    "vertical tabs": _blanks("\v"),
    "three blanks": _blanks("   "),
    "comments for blanks": _blanks("/**/"),
    "comments with a quote": _blanks("/*'*/ "),
    "comments to the line's end": _blanks(" -- x\n"),
    "comments with #": _of("mysql", _blanks(" #'x\n")),
    "nested comments": _blanks(" /* /* x */ */ "),
    "executable blanks": _of("mysql", _blanks("/*!*/ ")),
    "no-break spaces": _blanks("\u00a0"),
    "ideographic spaces": _blanks("\u3000"),
    "zero-width spaces": _blanks(" \u200b"),
    "full-width words": _words(_wide),
    "quoted names": _quoted,
    "qualified names": _qualified,
    "a semicolon": _always("", ";"),
    "a semicolon and a comment": _always("", "; -- x"),
    "a comment before": _always("/* SELECT 1 */ "),
    "a byte order mark": _always("\ufeff"),
    "a NUL": _always("", "\x00"),
    "an executable comment": _of("mysql", _always("/*!50000 ", " */")),
    "behind a harmless statement": _always("SELECT 1; "),
    "parentheses": _around("(", ")"),
    "many parentheses": _around("(" * 40, ")" * 40),
    "a derived table": _around("SELECT * FROM (", ") w"),
    "WITH": _around("WITH w AS (", ") SELECT * FROM w"),
    "WITH RECURSIVE": _around("WITH RECURSIVE w AS (", ") SELECT * FROM w"),
    "a shadowing WITH": _shadowed,
    "EXISTS": _around("SELECT 1 WHERE EXISTS (", ")"),
    "a scalar": _around("SELECT (", ") AS w"),
    "COUNT": _around("SELECT COUNT(*) FROM (", ") w"),
    "UNION behind": _around("SELECT 1 WHERE 1 = 0 UNION ALL ", ""),
    "UNION before": _around("(", ") UNION ALL SELECT 'x' WHERE 1 = 0"),
    "LATERAL": _around("SELECT * FROM (SELECT 1) o, LATERAL (", ") w"),
    "ORDER BY": _around("SELECT 1 AS n ORDER BY (", ")"),
    "EXPLAIN": _around("EXPLAIN ", ""),
    "EXPLAIN ANALYZE": _around("EXPLAIN ANALYZE ", ""),
    "PREPARE": _around("PREPARE w AS ", ""),
    "SET STATEMENT": _of("mysql", _around("SET STATEMENT max_statement_time = 0 FOR ", "")),
}


def mutations(text: str, family: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every mutation that is another text."""
    for name, mutation in MUTATIONS.items():
        made = mutation(text, family)
        if made is not None and made != text:
            yield name, made
