"""A few values of each column, looked at and forgotten: what columns hold is guessed, no value is kept.

The values are read through the one door as `system:catalog`, in a gateway of its own that serves nobody: its
policies, made here and in no file, let one role read the tables of the crawl that was just made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lucky_mcp.catalog.snapshot import Catalog, Column, Table, TypeFamily
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import SYSTEM_CATALOG
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.source import Source
from lucky_mcp.policy.classify.classify import Guess, classify
from lucky_mcp.policy.policy_set import GrantRule, ListedColumn, PolicySet, Role, TablePolicy
from lucky_mcp.policy.tags import Tags
from lucky_mcp.sql.quoting import quoted

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

ROLE: Final = "system:sample"
SAMPLER: Final = replace(SYSTEM_CATALOG, roles=(ROLE,))
ROWS: Final = 50
CELL_CHARS: Final = 500
TIMEOUT_MS: Final = 10_000
WHY: Final = Rule(id="scaffold", place="", why="values are looked at to guess what a column holds", owner="")
READABLE: Final = frozenset({TypeFamily.TEXT, TypeFamily.NUMBER, TypeFamily.TIME})

# Told after each table: how many are done, of how many.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One source as it is now, and a guess for each column; `unread` tables were guessed by names alone."""

    source: Source
    catalog: Catalog
    guesses: Mapping[tuple[TableName, str], Guess]
    unread: Mapping[TableName, str]


async def look(gateway: Gateway, source_name: str, progress: Progress) -> Looked:
    """Crawl a source, sample each table and guess; ConfigurationError and ReadError as `crawl`."""
    catalog = await crawl(gateway, source_name)
    source = gateway.policies.sources[catalog.source]
    sampler = gateway.beside(_policies(gateway.policies, source, catalog))
    guesses: dict[tuple[TableName, str], Guess] = {}
    unread: dict[TableName, str] = {}
    for done, name in enumerate(sorted(catalog.tables), start=1):
        table = catalog.tables[name]
        samples: Mapping[str, Sequence[object]] = {}
        if table.view is None:
            try:
                samples = await _samples(sampler, source, table)
            except ReadError as failure:
                unread[name] = str(failure.code)
        for column in table.columns:
            guesses[name, column.name] = classify(column, samples.get(column.name, ()))
        progress(done, len(catalog.tables))
    return Looked(
        source=source, catalog=catalog, guesses=MappingProxyType(guesses), unread=MappingProxyType(unread)
    )


async def _samples(sampler: Gateway, source: Source, table: Table) -> Mapping[str, Sequence[object]]:
    columns = [column.name for column in table.columns if column.family in READABLE]
    if not columns:
        return {}
    names = ", ".join(quoted(each, source.dialect) for each in columns)
    place = ".".join(quoted(each, source.dialect) for each in (table.name.schema, table.name.table))
    # Names come from the crawl and are quoted; the text passes the guard like every other.
    sql = f"SELECT {names} FROM {place} LIMIT {ROWS}"  # noqa: S608
    answer = await sampler.read(SAMPLER, SqlRead(source=source.name, sql=sql, rows_max=ROWS))
    return {name: [row[at] for row in answer.rows] for at, name in enumerate(columns)}


def _policies(policies: PolicySet, source: Source, catalog: Catalog) -> PolicySet:
    """Return policies under which one role reads the base tables of one source, and nobody anything else."""
    tables = {name: _table(table) for name, table in catalog.tables.items() if table.view is None}
    role = Role(name=ROLE, toolset=None, masks={}, reads_metadata=False, reads_up_to="public")
    limits = {
        "rows_max": ROWS,
        "rows_default": ROWS,
        "cell_chars_max": CELL_CHARS,
        "timeout_ms": TIMEOUT_MS,
    }
    return replace(
        policies,
        sources=MappingProxyType({source.name: source}),
        roles=MappingProxyType({ROLE: role}),
        tags=Tags(classifiers=(), sensitive=()),
        tables=MappingProxyType({source.name: MappingProxyType(tables)}),
        catalogs=MappingProxyType({source.name: catalog}),
        references=MappingProxyType({}),
        bounds_by_role=MappingProxyType({ROLE: limits}),
    )


def _table(table: Table) -> TablePolicy:
    return TablePolicy(
        table=table.name,
        dataset="scaffold",
        level="public",  # of a policy set that is for this one reading, where nobody else is
        description="",
        columns=tuple(_listed(column) for column in table.columns if column.family in READABLE),
        contracts=(),
        via=(),
        not_filtered="",
        grants=(GrantRule(roles=frozenset({ROLE}), masks={}, filter=None, rule=WHY),),
        denials=(),
    )


def _listed(column: Column) -> ListedColumn:
    return ListedColumn(name=column.name, type=column.type, tags=(), description="", joins=None)
