"""What a statement says to its server about where it comes from: a comment, made here of checked words.

It stands in front, where process lists and slow logs that cut a statement still show it. It is no part of
what is verified, kept or explained: the same guarded text is sent for everybody, each time with its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

# INVARIANT: no character of these ends a comment, begins one, or makes an engine read what is in it.
WORD = re.compile(r"[0-9a-z]+(-[0-9a-z]+)*")
CHARS_MAX = 64


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The receipt of a read, its caller as a keyed digest, and its trace; each may be empty.

    ValueError for what is not made of digits, small letters and single hyphens.
    """

    receipt: str = ""
    caller: str = ""
    trace: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            word = getattr(self, field.name)
            if word and (len(word) > CHARS_MAX or not WORD.fullmatch(word)):
                raise ValueError(f"the {field.name} of a mark is no word")

    @property
    def comment(self) -> str:
        """The comment with the blank after it; empty when there is nothing to say."""
        words = [(field.name, getattr(self, field.name)) for field in fields(self)]
        said = " ".join(f"{name}={word}" for name, word in words if word)
        return f"/* lucky-mcp {said} */ " if said else ""
