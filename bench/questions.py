"""The questions of the bench: what analysts ask the four governed databases, none twice.

A file holds `queries`, and `measures` and `breakdowns` over its `from`: each measure by each breakdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One text for one source, as an agent would send it."""

    source: str
    sql: str


def questions() -> list[Question]:
    """Return every question, in file order."""
    found: list[Question] = []
    for path in sorted(QUERIES.glob("*.yaml")):
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        found += [Question(source=document["source"], sql=sql.strip()) for sql in _texts(document)]
    return found


def _texts(document: dict[str, Any]) -> Iterator[str]:
    yield from document["queries"]
    for name, measure in document["measures"].items():
        for word, breakdown in document["breakdowns"].items():
            yield (
                f"SELECT {breakdown} AS {word}, {measure} AS {name} FROM {document['from']}"
                f" GROUP BY {breakdown} ORDER BY {name} DESC, {word}"
            )
