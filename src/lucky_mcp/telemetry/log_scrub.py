"""What may not stand in a log line: secrets by name and by form, people's addresses and numbers.

The log is for operators, who need names of sources, rules, files and codes; those stay. What a driver or a
defect quotes may be a value that policies hide, so of exceptions the quoted parts go.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from types import TracebackType
from typing import Any, Final

SECRET, EMAIL, NUMBER, VALUE = "[secret]", "[email]", "[number]", "…"
CHARS_MAX = 8_000

_SECRET_NAMES: Final = re.compile(
    r"pass(word|wd|phrase)|secret|authorization|cookie|credential|api_?key|private_?key|bearer|(^|_)token$|(^|_)dsn$",
    re.IGNORECASE,
)
_SECRET_FORMS: Final = re.compile(
    r"\b(?:lk|lc)_[A-Za-z0-9_-]{8,}"  # our own tokens and handles
    r"|\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"  # JSON web tokens
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # access keys of AWS
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|\b(?:sk|ghp|gho|xoxb|xoxp|xapp)[-_][A-Za-z0-9_-]{8,}",
    re.DOTALL,
)
_BEARER: Final = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{4,}", re.IGNORECASE)
_IN_URL: Final = re.compile(r"(?<=://)[^\s/@'\"]*:[^\s/@'\"]*(?=@)")
_ASSIGNED: Final = re.compile(
    r"\b(password|passwd|pwd|secret|token|api_?key|aws_secret_access_key|requirepass)(\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;&)]+)",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[^\s@<>\"'(),;:=]{1,64}\s?@\s?[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+")
# Seven digits and more, however they are written; not dates and times, addresses of machines, digests.
_TIME: Final = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_ADDRESS: Final = r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?"
_NUMBER: Final = re.compile(
    rf"(?<![\w.-])(?:({_TIME}|{_ADDRESS})|\+?\(?\d(?:[\s().-]{{0,3}}\d){{6,}})(?![\w-])"
)
_QUOTED: Final = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`")


def scrub_event(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Scrub every name and value of a line, whatever it is made of; a processor of structlog."""
    return {str(key): _scrubbed(str(key), value) for key, value in event.items()}


def scrub_text(text: str) -> str:
    """Replace what may not be shown; a text beyond CHARS_MAX is cut."""
    cut = text if len(text) <= CHARS_MAX else f"{text[:CHARS_MAX]}… ({len(text):,} characters)"
    found = _SECRET_FORMS.sub(SECRET, cut)
    found = _BEARER.sub(rf"\1 {SECRET}", found)
    found = _IN_URL.sub(SECRET, found)
    found = _ASSIGNED.sub(rf"\1\2{SECRET}", found)
    found = _EMAIL.sub(EMAIL, found)
    return _NUMBER.sub(lambda each: each[1] or NUMBER, found)


def tell_exception(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the exception of a line in words: classes, places in the code, messages without what they quote."""
    given = event.pop("exc_info", None)
    failure = _exception(given)
    if failure is not None:
        event["exception"] = exception_text(failure)
    return event


def exception_text(failure: BaseException) -> str:
    """Return an exception with those that led to it, the last one at the end."""
    parts: list[str] = []
    each: BaseException | None = failure
    while each is not None and len(parts) < 10:
        frames = "".join(traceback.format_tb(each.__traceback__))
        message = _QUOTED.sub(VALUE, scrub_text(str(each)))
        parts.append(f"{frames}{type(each).__name__}: {message}".rstrip(": "))
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\nled to:\n".join(reversed(parts))


def _exception(given: object) -> BaseException | None:
    match given:
        case BaseException():
            return given
        case (_, BaseException() as failure, TracebackType() | None):
            return failure
        case _ if given:
            return sys.exc_info()[1]
    return None


def _scrubbed(name: str, value: object) -> object:
    if _SECRET_NAMES.search(name):
        return SECRET
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return scrub_text(value)
        case Mapping():
            return {scrub_text(str(key)): _scrubbed(str(key), each) for key, each in value.items()}
        case bytes() | bytearray():
            return f"{len(value)} bytes"
        case BaseException():
            return exception_text(value)
        case Sequence() | set() | frozenset():
            return [_scrubbed("", each) for each in value]
    return scrub_text(str(value))
