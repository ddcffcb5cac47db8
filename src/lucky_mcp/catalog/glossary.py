"""Words that mean the same in this business, read from `glossary.toml`."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lucky_mcp.catalog.words import terms

GLOSSARY = Path(__file__).with_name("glossary.toml")
Phrase = tuple[str, ...]


@cache
def glossary() -> Mapping[Phrase, frozenset[Phrase]]:
    """Return for each phrase, as search terms, the phrases that mean the same."""
    groups = tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["groups"]
    same: dict[Phrase, set[Phrase]] = defaultdict(set)
    for group in groups:
        phrases = {tuple(terms(phrase)) for phrase in group} - {()}
        for phrase in phrases:
            same[phrase] |= phrases - {phrase}
    return {phrase: frozenset(others) for phrase, others in same.items()}


@cache
def longest() -> int:
    """Return the number of terms of the longest phrase."""
    return max(map(len, glossary()))
