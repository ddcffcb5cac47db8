"""Catalog snapshots on disk: `<source>.json` is reviewed, `<source>.proposed.json` waits for a reviewer."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lucky_mcp.catalog.snapshot import Catalog, Column, Table, as_document
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.names import TableName


def read_snapshot(folder: Path, source: str) -> Catalog:
    """Return the accepted snapshot; a source without one has no tables at all."""
    path = folder / f"{source}.json"
    return _read(path, source) if path.exists() else Catalog(source=source, tables={})


def propose(folder: Path, catalog: Catalog) -> Path:
    """Write what a crawl found beside the accepted snapshot, and return the path."""
    path = folder / f"{catalog.source}.proposed.json"
    _write(path, catalog)
    return path


def accept(folder: Path, source: str) -> tuple[str, ...]:
    """Make the proposal the accepted snapshot; returns its differences in words."""
    proposed = folder / f"{source}.proposed.json"
    if not proposed.exists():
        raise ConfigurationError(f"no proposal for {source}: run `lucky-mcp catalog crawl {source}` first")
    changes = differences(read_snapshot(folder, source), _read(proposed, source))
    os.replace(proposed, folder / f"{source}.json")
    return changes


def differences(old: Catalog, new: Catalog) -> tuple[str, ...]:
    """Return one sentence per table or column that appeared, vanished or changed type."""
    lines = [f"+ table {name}" for name in sorted(set(new.tables) - set(old.tables))]
    lines += [f"- table {name}" for name in sorted(set(old.tables) - set(new.tables))]
    for name in sorted(set(old.tables) & set(new.tables)):
        before = {column.name: column.type for column in old.tables[name].columns}
        after = {column.name: column.type for column in new.tables[name].columns}
        lines += [f"+ column {name}.{each} {after[each]}" for each in after if each not in before]
        lines += [f"- column {name}.{each}" for each in before if each not in after]
        lines += [
            f"~ column {name}.{each} {before[each]} -> {after[each]}"
            for each in after
            if each in before and before[each] != after[each]
        ]
    return tuple(lines)


def _write(path: Path, catalog: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".writing")
    draft.write_text(json.dumps(as_document(catalog), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(draft, path)


def _read(path: Path, source: str) -> Catalog:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        tables = [_table(name, body) for name, body in document["tables"].items()]
        if document["source"] != source:
            raise ValueError(f"it is a snapshot of {document['source']}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        raise ConfigurationError(
            f"{path.name}: not a catalog snapshot ({failure}); crawl {source} again and accept it"
        ) from None
    return Catalog(
        source=source,
        case_sensitive=bool(document["case_sensitive"]),
        tables={table.name: table for table in tables},
    )


def _table(name: str, body: Mapping[str, Any]) -> Table:
    return Table(
        name=TableName.parse(name),
        comment=str(body["comment"]),
        columns=tuple(
            Column(name=c["name"], type=c["type"], nullable=bool(c["nullable"]), comment=str(c["comment"]))
            for c in body["columns"]
        ),
        primary_key=tuple(body["primary_key"]),
        indexes=tuple(tuple(index) for index in body["indexes"]),
    )
