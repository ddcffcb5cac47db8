"""Tokens that stand in hidden values, and what finds them again however they were written down.

A token is a run of six letters that no word, receipt or digest of ours has in such a row, or of two digits. A
piece of five is enough to be found, so a value that is told in parts is told; one sign again and again is a count
and no token. Values that cannot hold letters (a
date, a key, a path) are looked for as they are; of every hidden text the digests are known as well.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import csv
import hashlib
import html
import io
import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from urllib.parse import unquote

LETTERS, DIGITS = "qjxzvk", "84"
PIECE, PIECE_OF_DIGITS = 5, 8
PIECE_OF_SHIFTED, KINDS_OF_SHIFTED = 8, 3  # shifted, the letters are common ones
_DIGESTS: tuple[Callable[[bytes], str], ...] = (
    *(
        lambda data, name=name: hashlib.new(name, data).hexdigest()
        for name in ("md5", "sha1", "sha224", "sha256")
    ),  # type: ignore[misc]
    *(lambda data, name=name: hashlib.new(name, data).hexdigest() for name in ("sha384", "sha512")),  # type: ignore[misc]
    lambda data: f"{zlib.crc32(data):08x}",
    lambda data: str(zlib.crc32(data)),
)
_ALPHABETS = ((LETTERS + LETTERS.upper(), PIECE), (DIGITS, PIECE_OF_DIGITS))
_BASES: dict[str, tuple[Callable[[str], str], str]] = {
    "hexadecimal": (lambda each: f"{ord(each):02x}", r"(?:[^0-9a-f]{0,4}(?:00){0,3})"),
    "decimal": (lambda each: str(ord(each)), r"\D{0,6}"),
    "octal": (lambda each: f"{ord(each):o}", r"\D{0,4}"),
    "binary": (lambda each: f"{ord(each):b}", r"\D{0,4}0{0,2}"),
}


def token(rng: Random, length: int = 12) -> str:
    """Return a text for a hidden value."""
    return "".join(rng.choice(LETTERS) for _ in range(length))


def digits(rng: Random, length: int = 12) -> str:
    """Return digits for the hidden part of a number."""
    return "".join(rng.choice(DIGITS) for _ in range(length))


@dataclass(frozen=True)
class _Codes:
    """How the letters of one alphabet are written in one base, with what may stand between two."""

    run: re.Pattern[str]
    code: re.Pattern[str]
    kinds_least: int

    def found(self, text: str) -> str:
        for seen in self.run.finditer(text):
            if len(set(self.code.findall(seen[0]))) >= self.kinds_least:
                return seen[0]
        return ""


def _in_base(write: Callable[[str], str], between: str, alphabet: str, least: int) -> _Codes:
    codes = "|".join(sorted({write(each) for each in alphabet}, key=lambda code: (-len(code), code)))
    run = re.compile(rf"(?:(?:{codes}){between}){{{least},}}")
    return _Codes(run, re.compile(codes), 3 if least == PIECE else 2)


def _run(text: str) -> str:
    """Return a token, or a piece of one, in a text without capital letters."""
    for seen in _RUN.finditer(text):
        if len(set(seen[0])) >= (2 if seen[0][0] in DIGITS else 3):
            return seen[0]
    return ""


_RUN = re.compile("|".join([f"[{LETTERS}]{{{PIECE},}}", f"[{DIGITS}]{{{PIECE_OF_DIGITS},}}"]))
_ENCODED = {
    name: [_in_base(write, between, alphabet, least) for alphabet, least in _ALPHABETS]
    for name, (write, between) in _BASES.items()
}
_BASE64, _BASE32 = re.compile(r"[A-Za-z0-9+/_-]{8,}"), re.compile(r"[A-Z2-7]{10,}")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Recogniser:
    """Finds tokens, and pieces of them, in a text that a caller was given.

    `values`: hidden values to look for as they are. `texts`: hidden texts whose digests give them away.
    """

    values: frozenset[str] = frozenset()
    texts: Iterable[str] = ()
    _digests: frozenset[str] = field(init=False, repr=False, default=frozenset())

    def __post_init__(self) -> None:
        made = {digest(text.encode()) for text in self.texts for digest in _DIGESTS}
        object.__setattr__(self, "_digests", frozenset(made))
        folded = frozenset(_bare(value) for value in self.values)
        object.__setattr__(self, "values", folded)

    def found(self, text: str) -> str:
        """Return how a token is written in the text, and what was found of it; "" when there is none."""
        for way, read in _readings(text):
            if what := self._in(read):
                return f"{way}: {what}"
        return ""

    def _in(self, read: str) -> str:
        folded = unicodedata.normalize("NFKC", read).casefold()
        if seen := _run(folded):
            return f"plain {seen}"
        shifted = _run(codecs.encode(folded, "rot13"))
        if len(shifted) >= PIECE_OF_SHIFTED and len(set(shifted)) > KINDS_OF_SHIFTED:
            return f"rot13 {shifted}"
        for name, patterns in _ENCODED.items():
            for text in (folded, folded[::-1]):
                for pattern in patterns:
                    if seen := pattern.found(text):
                        return f"{name} {seen}"
        if seen := _run(_unescaped(folded)):
            return f"escaped {seen}"
        bare = _bare(folded)
        return next((f"value {each}" for each in self.values if each in bare), "") or self._other(read)

    def _other(self, read: str) -> str:
        for word in _WORD.findall(read.casefold()):
            if word in self._digests:
                return f"digest {word}"
        for name, decoded in _decoded(read):
            if seen := _run(decoded.casefold()):
                return f"{name} {seen}"
        return ""


def _readings(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text as it stands, without what is between its letters, and each column downwards."""
    yield "as it stands", text
    yield "run together", "".join(_WORD.findall(text))
    _, _, below = text.partition("\n")
    for rows in (
        [_cells(line) for line in _lines(below)],
        [_words(line) for line in _lines(below)],
        _objects(below),
    ):
        for place in range(min(max(map(len, rows), default=0), 60)):
            column = [row[place] for row in rows if place < len(row)]
            if len(column) > 1:
                yield f"column {place + 1} downwards", "".join(column)
                yield f"column {place + 1} downwards, apart", "\n".join(column)


def _lines(text: str) -> list[str]:
    return text.splitlines()


def _cells(line: str) -> list[str]:
    return next(csv.reader(io.StringIO(line)), [])


def _objects(text: str) -> list[list[str]]:
    """Return the values of each object in a JSON list."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    rows = found if isinstance(found, list) else [found]
    return [[str(cell) for cell in row.values()] for row in rows if isinstance(row, dict)]


def _words(line: str) -> list[str]:
    return _WORD.findall(line)


def _bare(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _unescaped(text: str) -> str:
    for _ in range(3):
        text = re.sub(r"\\u\{?([0-9a-f]{4,6})\}?", lambda each: chr(min(int(each[1], 16), 0x10FFFF)), text)
        text = html.unescape(unquote(text))
    return text


def _decoded(text: str) -> Iterator[tuple[str, str]]:
    for name, pattern, decode, step in (
        ("base64", _BASE64, _from_base64, 4),
        ("base32", _BASE32, _from_base32, 8),
    ):
        for run in pattern.findall(text):
            for each in (run, run[::-1]):
                for start in range(step):
                    yield name, decode(each[start:])


def _from_base64(text: str) -> str:
    whole = text.replace("-", "+").replace("_", "/")
    return base64.b64decode(whole[: len(whole) // 4 * 4]).decode("latin-1") + _tail(whole)


def _tail(text: str) -> str:
    """Decode with the padding that is missing."""
    try:
        return " " + base64.b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")
    except binascii.Error:
        return ""


def _from_base32(text: str) -> str:
    padded = text + "=" * (-len(text) % 8)
    try:
        return base64.b32decode(padded).decode("latin-1")
    except binascii.Error:
        return base64.b32decode(text[: len(text) // 8 * 8]).decode("latin-1")
