"""The datasets of the schema `system`: what servers say of themselves, as views that are built in.

They join the reviewed catalog and the rules of every source on a server, so that deciding, guarding,
describing and searching treat them like any other view. Roles have them by `reads_system`, and no other way.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from lucky_mcp.catalog.bootstrap import SYSTEM_SCHEMAS
from lucky_mcp.catalog.snapshot import Catalog, Column, Table
from lucky_mcp.gateway.crawl_found import Found
from lucky_mcp.gateway.crawl_views import with_views
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.policy.policy_set import GrantRule, ListedColumn, PolicySet, TablePolicy

FILE = Path(__file__).with_name("system_views.toml")
SCHEMA = "system"
DATASET = "system"
SPOKEN = {Kind.MYSQL: Dialect.MYSQL, Kind.POSTGRES: Dialect.POSTGRES}


@dataclass(frozen=True, kw_only=True)
class SystemDatasets:
    """What one kind of server has: views with the tables that they read, and what each is about."""

    catalog: Catalog
    descriptions: Mapping[TableName, str]


def with_system(policies: PolicySet) -> PolicySet:
    """Return the policies with the system datasets of each source that has a server."""
    roles = frozenset(role.name for role in policies.roles.values() if role.reads_system)
    served = {name: found for name, source in policies.sources.items() if (found := _datasets_of(source))}
    if not roles or not served:
        return policies
    rules = {id(found): _rules(found, roles) for found in served.values()}
    catalogs, tables = dict(policies.catalogs), dict(policies.tables)
    for name, found in served.items():
        reviewed = policies.catalogs[name]
        if any(table.schema.lower() == SCHEMA for table in reviewed.tables):
            continue  # the server has a schema of that name itself
        catalogs[name] = replace(reviewed, tables={**reviewed.tables, **found.catalog.tables})
        tables[name] = MappingProxyType({**policies.tables.get(name, {}), **rules[id(found)]})
    return replace(policies, catalogs=MappingProxyType(catalogs), tables=MappingProxyType(tables))


def has_system(policies: PolicySet, principal: Principal, source: Source) -> bool:
    """Whether the caller has the system datasets of a source."""
    has_role = any(policies.roles[name].reads_system for name in principal.roles if name in policies.roles)
    app_has = principal.app is None or has_system(policies, principal.app, source)
    return has_role and app_has and _datasets_of(source) is not None


def reviewed_part(catalog: Catalog) -> Catalog:
    """Return a catalog without what is built in, to compare it with what a crawl finds."""
    kept = {
        name: table
        for name, table in catalog.tables.items()
        if name.schema.lower() not in SYSTEM_SCHEMAS | {SCHEMA} and str(name) != "public.pg_stat_statements"
    }
    return catalog if len(kept) == len(catalog.tables) else replace(catalog, tables=kept)


def _datasets_of(source: Source) -> SystemDatasets | None:
    if source.status != "active" or SPOKEN.get(source.kind) is not source.dialect:
        return None
    return system_datasets(source.kind)


@cache
def system_datasets(kind: Kind) -> SystemDatasets:
    """Return what servers of a kind have; KeyError for a kind without any."""
    written = tomllib.loads(FILE.read_text(encoding="utf-8"))[kind.value]
    source = Source(
        name=SCHEMA, kind=kind, dialect=SPOKEN[kind], url="", domain="", short_name="", default_schema=None
    )
    read = {TableName.parse(name): columns for name, columns in written["read"].items()}
    shown = {TableName(schema=SCHEMA, table=name): view for name, view in written["views"].items()}
    found = Found(
        tables=Catalog(source=SCHEMA, tables={name: _table(name, columns) for name, columns in read.items()}),
        views={name: _table(name, view["columns"]) for name, view in shown.items()},
        definitions={name: view["sql"] for name, view in shown.items()},
    )
    return SystemDatasets(
        catalog=with_views(source, found),
        descriptions={name: view["description"] for name, view in shown.items()},
    )


def _table(name: TableName, columns: list[str]) -> Table:
    """Return a table of columns that are written `name TYPE`, or `name` alone for text."""
    described = [column.partition(" ") for column in columns]
    return Table(
        name=name,
        columns=tuple(Column(name=column, type=type_ or "VARCHAR") for column, _, type_ in described),
    )


def _rules(found: SystemDatasets, roles: frozenset[str]) -> Mapping[TableName, TablePolicy]:
    """Return a policy per view, and one without a grant per table below: by their names nobody reads."""
    rule = Rule(id="system-datasets", place="built in", why="what the server says of itself", owner="")
    grant = GrantRule(roles=roles, masks={}, filter=None, rule=rule)
    return {
        name: TablePolicy(
            table=name,
            dataset=DATASET,
            level="public",  # nothing in it is of a row of the source, so the source's level is not its own
            description=found.descriptions.get(name, ""),
            columns=tuple(
                ListedColumn(name=column.name, type=column.type, tags=(), description="", joins=None)
                for column in table.columns
            ),
            contracts=(),
            via=(),
            not_filtered="",
            grants=(grant,) if table.view is not None else (),
            denials=(),
        )
        for name, table in found.catalog.tables.items()
    }
