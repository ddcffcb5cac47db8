"""Dataset files as a reviewer gets them to confirm: every table and column of a schema, with guessed tags."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from lucky_mcp.catalog.snapshot import Table
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Source
from lucky_mcp.policy.classify.classify import Guess
from lucky_mcp.policy.loader import PROPOSED, dataset_paths
from lucky_mcp.policy.schema import DatasetFile
from lucky_mcp.policy.yaml_files import YamlFile

Guesses = Mapping[tuple[TableName, str], Guess]
_NOT_IN_A_PATH: Final = re.compile(r"[^\w-]+")
_LINE_MAX: Final = 300


def tables_in_force(root: Path) -> frozenset[tuple[str, str]]:
    """Return (source, table) of what the dataset files list; ConfigurationError for a file with a fault."""
    files = (YamlFile(path, root).read_as(DatasetFile) for path in dataset_paths(root))
    return frozenset((file.source, table) for file in files for table in file.tables)


def proposed_files(
    root: Path, source: Source, tables: Mapping[TableName, Table], guesses: Guesses
) -> dict[Path, str]:
    """Return the text of one file for each schema, by path; none is loaded before it is renamed."""
    schemas = sorted({name.schema for name in tables})
    texts = {}
    for schema in schemas:
        name = source.short_name if len(schemas) == 1 else f"{source.short_name}-{schema}"
        path = root / "datasets" / _safe(source.domain) / f"{_safe(name)}{PROPOSED}"
        own = {key: table for key, table in sorted(tables.items()) if key.schema == schema}
        texts[path] = "\n".join([*_lines(path, root, source, own, guesses), ""])
    return texts


def _lines(
    path: Path, root: Path, source: Source, tables: Mapping[TableName, Table], guesses: Guesses
) -> Iterator[str]:
    columns = [(name, column.name) for name, table in tables.items() for column in table.columns]
    tagged = sum(bool(guesses[each].tag) for each in columns)
    final = path.name.removesuffix(PROPOSED)
    depth = "../" * len(path.parent.relative_to(root).parts)
    yield f"# yaml-language-server: $schema={depth}schema/dataset.json"
    sizes = f"{len(columns)} columns in {len(tables)} tables, {tagged} tagged"
    yield f"# Proposed by `lucky-mcp policy scaffold`: {sizes}."
    yield "# Tags are guesses, each with its confidence and the reason. Take out what nobody needs, correct"
    yield f"# the rest, add grants, and rename the file to {final}.yaml: nothing of it is in force before."
    yield f"dataset: {_plain(f'{source.domain}.{final}')}"
    yield f"owner: {_plain(source.owner)}"
    yield f"classification: {source.classification}"
    yield f"source: {_plain(source.name)}"
    yield "tables:"
    for name, table in tables.items():
        yield f"  {_plain(str(name))}:"
        yield f"    description: {_plain(_one_line(table.comment) or 'one line about a row of it')}"
        yield "    columns:"
        for column in table.columns:
            yield f"      {_column(column.name, column.type, guesses[name, column.name])}"
    yield "grants: []"


def _column(name: str, type_: str, guess: Guess) -> str:
    if not guess.tag:
        return f"{_plain(name)}: {{}}"
    reason = _one_line(guess.reason)
    return f"{_plain(name)}: {{tags: [{guess.tag}]}}  # {guess.confidence:.2f} ({_one_line(type_)}): {reason}"


def _one_line(text: str) -> str:
    """Comments come from the database: they must not end a line, or a comment, of the file."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:_LINE_MAX]


def _plain(text: str) -> str:
    """Return the text as YAML: bare when it is read back as just that text, else in quotes."""
    try:
        if re.fullmatch(r"[\w][\w .,;()/-]*", text) and YAML(typ="safe").load(f"{text}: {text}") == {
            text: text
        }:
            return text
    except YAMLError:
        pass
    return json.dumps(text, ensure_ascii=False)


def _safe(name: str) -> str:
    return _NOT_IN_A_PATH.sub("-", name).strip("-") or "source"
