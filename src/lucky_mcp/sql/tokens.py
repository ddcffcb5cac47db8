"""One tokenizer per dialect and thread: making one costs about as much as reading a short text with it."""

from __future__ import annotations

import threading

from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.tokenizer_core import Token
from sqlglot.tokens import Tokenizer


class _Made(threading.local):
    def __init__(self) -> None:
        self.by_dialect: dict[SqlglotDialect, Tokenizer] = {}


_made = _Made()


def tokens_of(text: str, dialect: SqlglotDialect) -> list[Token]:
    """Return the tokens of a text; raises what the dialect's own tokenizer raises."""
    tokenizer = _made.by_dialect.get(dialect)
    if tokenizer is None:
        tokenizer = _made.by_dialect[dialect] = dialect.tokenizer()
    return tokenizer.tokenize(text)
