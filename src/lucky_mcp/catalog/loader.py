"""Catalog snapshots on disk: `<source>.json` is reviewed, `<source>.proposed.json` waits for a reviewer."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lucky_mcp.catalog.differences import differences
from lucky_mcp.catalog.snapshot import (
    VIEWS_NESTED_MAX,
    Catalog,
    Column,
    ForeignKey,
    Table,
    View,
    ViewRead,
    as_document,
)
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
        _refuse_circles({table.name: table for table in tables})
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
            Column(
                name=c["name"],
                type=c["type"],
                nullable=bool(c["nullable"]),
                comment=str(c["comment"]),
                collation=str(c.get("collation", "")),
            )
            for c in body["columns"]
        ),
        primary_key=tuple(body["primary_key"]),
        indexes=tuple(tuple(index) for index in body["indexes"]),
        foreign_keys=tuple(
            ForeignKey(
                columns=tuple(map(str, key["columns"])),
                table=TableName.parse(key["table"]),
                its_columns=tuple(map(str, key["its_columns"])),
            )
            for key in body.get("foreign_keys", ())
        ),
        view=_view(body["view"]) if "view" in body else None,
    )


def _view(body: Mapping[str, Any]) -> View:
    if "unavailable" in body:
        return View(unavailable=str(body["unavailable"]))
    return View(
        definition=str(body["definition"]),
        scans=int(body["scans"]),
        reads=tuple(
            ViewRead(table=TableName.parse(name), needed=tuple(needed))
            for name, needed in body["reads"].items()
        ),
        origins=tuple((name, tuple(map(_column_of, found))) for name, found in body["origins"].items()),
    )


def _column_of(written: str) -> tuple[TableName, str]:
    schema, table, column = written.split(".", 2)
    return TableName(schema=schema, table=table), column


def _refuse_circles(tables: Mapping[TableName, Table]) -> None:
    """ValueError for views that read each other, which could never be written out, or stand too deep."""
    depths: dict[TableName, int] = {}

    def depth(name: TableName, above: tuple[TableName, ...]) -> int:
        if name in above:
            raise ValueError(f"the view {name} reads itself")
        if len(above) > VIEWS_NESTED_MAX:
            raise ValueError(f"{name} is read through more than {VIEWS_NESTED_MAX} views")
        if name not in depths:
            view = tables[name].view if name in tables else None
            below = [read.table for read in view.reads] if view is not None else []
            found = max((depth(each, (*above, name)) for each in below), default=0)
            depths[name] = found + (view is not None)
            if depths[name] > VIEWS_NESTED_MAX:
                raise ValueError(f"{name} is read through more than {VIEWS_NESTED_MAX} views")
        return depths[name]

    for name in tables:
        depth(name, ())
