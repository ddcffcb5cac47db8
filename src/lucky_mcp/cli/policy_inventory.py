"""What looks personal in the fleet, as lines for people and as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from lucky_mcp.gateway.sampling import Looked


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One column that looks personal, and why; never a value of it."""

    source: str
    table: str
    column: str
    type: str
    tag: str
    confidence: float
    reason: str


def inventory_text(found: Sequence[Looked], failed: Mapping[str, str]) -> str:
    """Return a line for each column, then how many there are of each tag."""
    entries = list(_entries(found))
    lines = []
    for source in dict.fromkeys(each.source for each in entries):
        lines.append(source)
        own = [each for each in entries if each.source == source]
        width = max(len(f"{each.table}.{each.column}") for each in own)
        tags = max(len(each.tag) for each in own)
        for each in own:
            column, sure = f"{each.table}.{each.column}", f"{each.confidence:.2f}"
            lines.append(f"  {column:<{width}}  {each.tag:<{tags}}  {sure}  {each.reason}")
    counted = Counter(each.tag for each in entries)
    tables = sum(len(each.catalog.tables) for each in found)
    columns = sum(len(each.guesses) for each in found)
    seen = f"{len(found)} sources, {tables} tables, {columns} columns"
    lines.append(
        f"{seen}: {len(entries)} look personal" + (f"; {len(failed)} sources not read" if failed else "")
    )
    lines += [f"  {tag} {number}" for tag, number in sorted(counted.items())]
    return "\n".join(lines)


def inventory_document(found: Sequence[Looked], failed: Mapping[str, str]) -> str:
    """Return `{"columns": […], "sources": […], "not_read": {source: why}, "by_name_only": […]}`."""
    return json.dumps(
        {
            "columns": [asdict(each) for each in _entries(found)],
            "sources": [
                {"source": each.source.name, "tables": len(each.catalog.tables), "columns": len(each.guesses)}
                for each in found
            ],
            "not_read": dict(failed),
            "by_name_only": [f"{each.source.name} {table}" for each in found for table in each.unread],
        },
        indent=1,
        ensure_ascii=False,
    )


def _entries(found: Sequence[Looked]) -> Iterator[Entry]:
    for looked in found:
        for (table, column), guess in sorted(looked.guesses.items()):
            known = looked.catalog.tables[table].column(column)
            if guess.tag and known is not None:
                yield Entry(
                    source=looked.source.name,
                    table=str(table),
                    column=column,
                    type=known.type,
                    tag=guess.tag,
                    confidence=guess.confidence,
                    reason=guess.reason,
                )
