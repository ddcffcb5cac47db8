"""Patterns over names as their caller sees them: `*`, `?`, `[a-z]`, `[^a]`, and `\\` before a sign meant.

Names are compared here and not in the server: there a pattern would be held against what is masked in them.
"""

from __future__ import annotations

from collections.abc import Callable

GLOB_CHARS_MAX = 200

_Fits = Callable[[str], bool]


def glob(pattern: str) -> Callable[[str], bool]:
    """Return whether a name matches a pattern, in time that grows with the product of their lengths."""
    parts = _parts(pattern)

    def matches(name: str) -> bool:
        at, part, star, retry = 0, 0, -1, 0
        while at < len(name):
            fits = parts[part] if part < len(parts) else None
            if part < len(parts) and fits is None:
                star, retry = part, at
                part += 1
            elif fits is not None and fits(name[at]):
                at, part = at + 1, part + 1
            elif star >= 0:
                retry += 1
                at, part = retry, star + 1
            else:
                return False
        return all(each is None for each in parts[part:])

    return matches


def _parts(pattern: str) -> list[_Fits | None]:
    """Return what fits one sign, one after the other; None stands for `*`."""
    found: list[_Fits | None] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "*":
            found.append(None)
        elif sign == "?":
            found.append(lambda each: True)
        elif sign == "[":
            fits, at = _set(pattern, at + 1)
            found.append(fits)
        else:
            at += sign == "\\" and at + 1 < len(pattern)
            found.append(_same(pattern[at]))
        at += 1
    return found


def _same(sign: str) -> _Fits:
    return lambda each: each == sign


def _set(pattern: str, at: int) -> tuple[_Fits, int]:
    """Read up to the closing bracket; one that is missing is at the end, as in Redis."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[tuple[str, str]] = []
    while at < len(pattern) and pattern[at] != "]":
        if pattern[at] == "\\" and at + 1 < len(pattern):
            at += 1
            ranges.append((pattern[at], pattern[at]))
        elif pattern[at + 1 : at + 2] == "-" and at + 2 < len(pattern):
            first, last = sorted((pattern[at], pattern[at + 2]))
            ranges.append((first, last))
            at += 2
        else:
            ranges.append((pattern[at], pattern[at]))
        at += 1
    return (lambda each: any(first <= each <= last for first, last in ranges) is not negated), at
