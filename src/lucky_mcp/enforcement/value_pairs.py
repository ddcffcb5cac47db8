"""Objects and lists that tell a field's name as a text, beside its value: {"name": "phone", "value": …}.

Which words are names of fields and which hold values is guessed by how programs write such pairs. The guess
matters only where the text is a name that is known as sensitive: then the value is shown as that field is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

NAME_CHARS_MAX = 100
_WORD = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|\d+")
# fmt: off
_NAMES = frozenset({
    "attr", "attribute", "column", "field", "header", "k", "key", "kind", "label", "name", "param",
    "parameter", "prop", "property", "tag", "type",
})
_VALUES = frozenset({
    "after", "before", "content", "current", "data", "default", "from", "last", "new", "number", "old",
    "previous", "raw", "string", "text", "to", "v", "val", "value", "values",
})
# fmt: on

Known = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The known names that an object tells, and the keys under which their value is."""

    names: tuple[str, ...] = ()
    values: frozenset[str] = frozenset()


NO_PAIR = Pair()


def pair_in(entries: Mapping[str, object], is_known: Known) -> Pair:
    """Return what an object tells of a field.

    Values are under words like `value`, `old` and `new`; of two entries the other one is the value, whatever
    it is called.
    """
    told = {
        key: known_spelling(value, is_known)
        for key, value in entries.items()
        if isinstance(value, str) and not _NAMES.isdisjoint(_words(key))
    }
    names = {key: name for key, name in told.items() if name}
    if not names:
        return NO_PAIR
    others = [key for key in entries if key not in names]
    values = others if len(entries) == 2 else [key for key in others if not _VALUES.isdisjoint(_words(key))]
    return Pair(names=tuple(names.values()), values=frozenset(values))


def name_of_pair(items: Sequence[object], is_known: Known) -> str:
    """Return the known name that the first of two items is, "" where it is none."""
    first = items[0] if len(items) == 2 else None
    return known_spelling(first, is_known) if isinstance(first, str) else ""


def known_spelling(text: str, is_known: Known) -> str:
    """Return the spelling in which a text is a known name: `Phone number` is `phone_number`; else ""."""
    if len(text) > NAME_CHARS_MAX:
        return ""
    words = "_".join(_words(text))
    return next((each for each in (text, words) if each and is_known(each)), "")


def _words(text: str) -> list[str]:
    return [each.lower() for each in _WORD.findall(text)]
