"""Texts that hold documents: JSON in all its spellings is read, and what only looks like fields is noticed.

A mask knows fields by their names, so a text with names that was not read to its end cannot be shown: another
notation, a document that was cut, is nested too deep or broken. Such a text is noticed, never understood.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus

SPELLINGS_MAX = 4
NAMES_MAX = 2_000
# Blanks, marks of byte order, and what separates documents in a sequence.
_AROUND = " \t\r\n\v\f\0\x1e\u00a0\u2028\u2029\ufeff"
_UNSEEN = re.compile("[\0\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_QUOTES = str.maketrans(dict.fromkeys("`´‘’‚“”„«»", '"'))
_ESCAPED = re.compile(r"\\+(?:u\{?([0-9a-fA-F]{4})\}?|x([0-9a-fA-F]{2})|([nrt])|)")
_NAMED = re.compile(r"""["'][^"']*["']\s*(?::|=)""")
_BEGUN = re.compile(r"""["'\s]*(?:[\[{]\s*["'\[{]|\[\s*-?\d[\d.]*\s*(?:,|\Z))""")
# A word before a sign that may give it a value, before a value with a digit or an address, or in a head.
_WORD = re.compile(
    r"""(?<![\w-])(?:([\w-]++)[ .])?([\w-]++)["'\])]{0,3}"""
    r"""(?=\s{0,8}[:=;,|<>/~#({\[\u2012-\u2015\u2192]|\s{1,8}["'-]|[\t\r\n\x01-\x1f]|\s{1,8}[^\s\d@]{0,64}[\d@])"""
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DECODER = json.JSONDecoder(strict=False)


def documents(text: str) -> list[object] | None:
    """Return the JSON values that a text consists of, one after the other; None for any other text."""
    found: list[object] = []
    at = _next(text, 0)
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        found.append(value)
        at = _next(text, at)
    return found or None


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in _AROUND:
        at += 1
    return at


def has_names(text: str, is_known: Callable[[str], bool]) -> bool:
    """Whether a text that was not read as JSON looks as if it had fields, in whatever notation.

    It does when it begins like a list or an object, has a quoted word before a colon or an equals sign, or a
    name that is known as sensitive where a value may follow; so does one that was escaped many times.
    """
    for spelling in _spellings(text):
        if spelling is None or _BEGUN.match(spelling) or _NAMED.search(spelling):
            return True
        if _has_known(spelling, is_known):
            return True
    return False


def _spellings(text: str) -> Iterator[str | None]:
    """Yield the text, and without escapes as long as there are some; None at last when they do not end."""
    now = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).translate(_QUOTES)
    for _ in range(SPELLINGS_MAX):
        yield now
        before = now
        now = _UNSEEN.sub("", html.unescape(unquote_plus(_ESCAPED.sub(_letter, now)))).translate(_QUOTES)
        if now == before:
            return
    yield None


def _letter(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    return chr(int(digits, 16)) if digits else " " if found[3] else ""


def _has_known(text: str, is_known: Callable[[str], bool]) -> bool:
    names: set[str] = set()
    for found in _WORD.finditer(text):
        before, last = found[1], found[2]
        for name in (last, f"{before}_{last}") if before else (last,):
            written = name.replace("-", "_").strip("_")
            if any(map(str.isalpha, written)):
                names |= {written, _CAMEL.sub("_", written)}
        if len(names) > NAMES_MAX:
            return True
    return any(map(is_known, names))
