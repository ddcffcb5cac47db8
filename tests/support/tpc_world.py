"""Two benchmarks' schemas as sources: policies that hide and mask, and a copy without what they hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML

from lucky_mcp.catalog import snapshot
from lucky_mcp.catalog.loader import accept, propose
from lucky_mcp.demo.tables import Table
from lucky_mcp.demo.write_duckdb import write_source
from lucky_mcp.model.decision import MaskName
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.masks import masked
from lucky_mcp.policy.new_directory import make_directory
from lucky_mcp.policy.policy_set import PolicySet
from tests.support import tpcds_specs, tpch_specs
from tests.support.tpc_tables import Spec, tables_of
from tests.support.twin import Unguarded

SEED, SCHEMA = 17, "bench"


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """The tables of one benchmark, and what is hidden: a value of a column, and what belongs to such a row."""

    specs: list[Spec]
    hidden: Mapping[str, tuple[str, str | int]]
    masks: Mapping[str, str]


TPC_SOURCES = {
    "tpch": Benchmark(specs=tpch_specs.SPECS, hidden=tpch_specs.HIDDEN, masks=tpch_specs.MASKS),
    "tpcds": Benchmark(specs=tpcds_specs.SPECS, hidden=tpcds_specs.HIDDEN, masks=tpcds_specs.MASKS),
}


@dataclass(frozen=True, kw_only=True)
class TpcWorld:
    """A benchmark as a source, and as an analyst may know it."""

    policies: PolicySet
    twin: Unguarded


def tpc_world(source: str, folder: Path) -> TpcWorld:
    """Write the data, the policies and the clean copy of a benchmark."""
    benchmark = TPC_SOURCES[source]
    tables = tables_of(source, SCHEMA, benchmark.specs, SEED)
    directory = folder / "policies"
    make_directory(directory, name=source, kind=Kind.DUCKDB)
    write_source(tables, directory / "data" / f"{source}.duckdb", dialect="duckdb")
    sources = directory / "sources.yaml"
    text = sources.read_text(encoding="utf-8")
    url = f"duckdb:///{directory / 'data' / source}.duckdb"
    text = "\n".join(f"    url: {url}" if "url:" in line else line for line in text.splitlines())
    sources.write_text(f"{text}\n    default_schema: {SCHEMA}\n", encoding="utf-8")
    _write_policies(directory, source, benchmark, tables)
    clean = clean_tables(benchmark, tables)
    return TpcWorld(
        policies=load_policies(directory, {}),
        twin=Unguarded(clean, folder / "twin", {source: "duckdb"}),
    )


def _write_policies(directory: Path, source: str, benchmark: Benchmark, tables: tuple[Table, ...]) -> None:
    names = [TableName(schema=SCHEMA, table=table.name) for table in tables]
    found = {
        name: snapshot.Table(
            name=name,
            columns=tuple(snapshot.Column(name=each.name, type=each.type) for each in table.columns),
            primary_key=table.primary_key,
        )
        for name, table in zip(names, tables, strict=True)
    }
    tags = directory / "tags.yaml"
    declared = "\n".join(f"  {tag}: by hand" for tag in ("free_text", "pii.email", "pii.name", "pii.phone"))
    tags.write_text(
        f"sensitive: [pii, free_text]\nclassifiers: []\ndeclared:\n{declared}\n", encoding="utf-8"
    )
    propose(directory / "catalog", snapshot.Catalog(source=source, tables=found, case_sensitive=False))
    accept(directory / "catalog", source)
    listed = {
        f"{SCHEMA}.{table.name}": {
            "description": table.name,
            "columns": {
                each.name: {"tags": [_tag(each.name, benchmark)]} if each.name in benchmark.masks else {}
                for each in table.columns
            },
        }
        for table in tables
    }
    grant = {"id": f"{source}-read", "roles": ["analyst"], "why": "tests", "masks": dict(benchmark.masks)}
    dataset = {"dataset": f"{source}.all", "owner": "tests", "classification": "internal", "source": source}
    _dump(directory / "datasets" / f"{source}.yaml", {**dataset, "tables": listed, "grants": [grant]})
    contract = {
        "owner": "tests",
        "why": "some rows are nobody's business",
        "expires": "2099-12-31",
        "rules": [
            {"when_column": column, "row_filter": f"{column} <> {_literal(value)}"}
            for column, value in benchmark.hidden.values()
        ],
        "not_filtered": {
            f"{SCHEMA}.{table.name}": "holds nobody's rows"
            for table in tables
            if table.name not in benchmark.hidden
        },
    }
    _dump(directory / "contracts.yaml", {"contracts": {"hidden-rows": contract}})


def _tag(column: str, benchmark: Benchmark) -> str:
    """A tag that the mask fits, and that the role shows no less strictly."""
    return {"email_domain": "pii.email", "initial": "pii.name", "last4": "pii.phone"}.get(
        benchmark.masks[column], "free_text"
    )


def clean_tables(benchmark: Benchmark, tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """Return the tables without hidden rows, the rest masked: written apart from the policies' own code."""
    return tuple(replace(table, rows=_clean_rows(benchmark, table)) for table in tables)


def _clean_rows(benchmark: Benchmark, table: Table) -> list[tuple[object, ...]]:
    columns = [column.name for column in table.columns]
    column, value = benchmark.hidden.get(table.name, (columns[0], None))
    at = columns.index(column)
    return [
        tuple(_shown(cell, name, benchmark) for cell, name in zip(row, columns, strict=True))
        for row in table.rows
        if value is None or (row[at] is not None and row[at] != value)
    ]


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"


def _shown(value: object, column: str, benchmark: Benchmark) -> object:
    mask = benchmark.masks.get(column)
    return value if mask is None else masked(value, MaskName(mask), (_tag(column, benchmark),))


def _dump(path: Path, document: Mapping[str, object]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(dict(document), file)
