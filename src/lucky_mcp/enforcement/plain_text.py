"""Outside quotes, a rendered text holds plain ASCII of a few kinds and nothing else.

Engines and the parser disagree about what is blank and what begins a comment: a zero-width space is part
of a name to one and a blank to the other. What they could read differently is refused before parsing.
"""

from __future__ import annotations

import re

QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`""")
PLAIN = re.compile(r"[A-Za-z0-9_ .,()\[\]*+\-/<>=!%&|^~:]*")
COMMENTS = ("--", "/*", "*/")


def is_plain(text: str) -> bool:
    """Whether the text outside quotes holds nothing that two lexers could read differently."""
    if "\x00" in text:
        return False
    bare = QUOTED.sub("''", text).replace("''", "")
    return PLAIN.fullmatch(bare) is not None and not any(mark in bare for mark in COMMENTS)
