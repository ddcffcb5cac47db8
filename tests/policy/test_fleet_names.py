"""Every server and table that the company names is a source, and listed with its columns, tags and a reader."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.catalog.snapshot import Column
from lucky_mcp.model.keys import KeyShow
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.classify.names import read_name
from lucky_mcp.policy.policy_set import PolicySet, TablePolicy
from tests.support.cases import CASES


@cache
def facts() -> Mapping[str, Any]:
    text = (CASES / "policy" / "fleet_names.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = YAML(typ="safe").load(text)
    return found


SERVERS = [(name, dialect) for dialect, names in facts()["sources"].items() for name in names]
TABLES = [(source, table) for source, names in facts()["tables"].items() for table in names]


def listed(policies: PolicySet, written: str) -> TablePolicy:
    name = TableName.parse(written)
    (found,) = (tables[name] for tables in policies.tables.values() if name in tables)
    assert not found.is_unlisted
    return found


@pytest.mark.parametrize(("name", "dialect"), SERVERS)
def test_a_server_is_a_source(demo_policies: PolicySet, name: str, dialect: str) -> None:
    source = demo_policies.sources[name]
    spoken = {"lake": source.kind.value}.get(dialect, source.dialect.value)
    assert spoken == dialect
    assert source.owner and source.domain
    assert (source.status == "planned") is not bool(demo_policies.tables[name])


def test_there_are_as_many_as_the_documents_count() -> None:
    assert len({name for name, _ in SERVERS}) == len(SERVERS) == 65


@pytest.mark.parametrize(("source", "table"), TABLES)
def test_a_table_is_listed_with_its_columns(demo_policies: PolicySet, source: str, table: str) -> None:
    policy = demo_policies.tables[source][TableName.parse(table)]
    assert not policy.is_unlisted and policy.dataset and policy.description
    assert policy.columns
    assert policy.contracts or policy.via or policy.not_filtered or _is_view(demo_policies, source, table)


@pytest.mark.parametrize(("source", "table"), TABLES)
def test_what_looks_personal_has_a_tag(demo_policies: PolicySet, source: str, table: str) -> None:
    name = TableName.parse(table)
    columns = {each.name: each for each in demo_policies.catalogs[source].tables[name].columns}
    for column in demo_policies.tables[source][name].columns:
        is_tagged = any(demo_policies.tags.is_sensitive(tag) for tag in column.tags)
        looked_at = f"{table}.{column.name}" in facts()["looked_at"]
        if looks_personal(columns[column.name]):
            assert is_tagged is not looked_at, column.name


def looks_personal(column: Column) -> bool:
    said = read_name(column.name)
    return bool(said.tag) and said.sure and not said.against


def _is_view(policies: PolicySet, source: str, table: str) -> bool:
    return policies.catalogs[source].tables[TableName.parse(table)].view is not None


def test_other_names_stand_for_what_is_listed(demo_policies: PolicySet) -> None:
    for name in facts()["also_called"].values():
        assert listed(demo_policies, name).grants
    for written in facts()["told_by"].values():
        table, _, column = written.rpartition(".")
        assert column in {each.name for each in listed(demo_policies, table).columns}


CLUSTERS = [(category, name) for category, names in facts()["clusters"].items() for name in names]


@pytest.mark.parametrize(("category", "name"), CLUSTERS)
def test_a_cluster_is_a_source_with_rules_about_its_keys(
    demo_policies: PolicySet, category: str, name: str
) -> None:
    source = demo_policies.sources[name]
    assert source.is_keyed and source.owner and source.domain
    rules = demo_policies.keys[name].rules
    assert rules
    if category == "Authentication & Session" or name.endswith("session"):
        assert {rule.show for rule in rules} == {KeyShow.METADATA}
        assert all("secret" in (rule.parts["token"] or ()) for rule in rules)


def test_there_are_as_many_clusters_as_are_named() -> None:
    assert len({name for _, name in CLUSTERS}) == len(CLUSTERS) == 76
