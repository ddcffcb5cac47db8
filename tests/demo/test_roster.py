"""Every server of the fleet's catalogues has a place: as a source with data, or by its name alone."""

from __future__ import annotations

import pytest

from lucky_mcp.demo.roster import DIALECTS, NAMES_ONLY, SOURCES
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.policy_set import PolicySet

NAMES = [source.name for source in SOURCES] + [server.name for server in NAMES_ONLY]
MYSQL = [source.name for source in SOURCES if source.dialect == "mysql"]
MYSQL += [server.name for server in NAMES_ONLY if server.dialect == "mysql"]
# Servers in each domain by the catalogues; those with two domains count in both.
DOMAINS = {"scm": 7, "finance": 3, "data": 7, "hr": 4}


def test_every_name_is_there_once() -> None:
    assert len(NAMES) == len(set(NAMES))


def test_the_catalogues_name_61_different_mysql_servers_and_3_of_postgresql() -> None:
    assert len(MYSQL) == 61
    postgres = [name for name in NAMES if name not in MYSQL and name != "redshift"]
    assert sorted(postgres) == ["aws-luckyus-dify-rw", "aws-luckyus-difynew-rw", "aws-luckyus-pgilkmap-rw"]


def test_names_follow_the_pattern() -> None:
    odd = [name for name in NAMES if not (name.startswith("aws-luckyus-") and name.endswith("-rw"))]
    assert sorted(odd) == ["recovery-dbatest", "redshift"]


@pytest.mark.parametrize(("domain", "count"), DOMAINS.items())
def test_domains_of_servers_without_data(domain: str, count: int) -> None:
    assert sum(domain in server.domains for server in NAMES_ONLY) == count


def test_every_source_with_data_has_a_dialect() -> None:
    assert list(DIALECTS) == [source.name for source in SOURCES]


def test_the_policies_list_every_server_and_open_those_with_data(demo_policies: PolicySet) -> None:
    databases = {name: each for name, each in demo_policies.sources.items() if not each.is_keyed}
    servers = {name: (source.dialect.value, source.status) for name, source in databases.items()}
    with_data = {name: (dialect, "active") for name, dialect in DIALECTS.items()}
    named = {server.name: (server.dialect, "planned") for server in NAMES_ONLY}
    lake = {"s3-data-lake": ("duckdb", "active")}  # a folder of files beside the databases
    assert servers == with_data | named | lake


def test_a_planned_source_has_the_first_of_its_domains_and_nothing_to_open(demo_policies: PolicySet) -> None:
    for server in NAMES_ONLY:
        source = demo_policies.sources[server.name]
        assert (source.domain, source.url) == (server.domains[0], "")
        assert all(other in source.description for other in server.domains[1:])


def test_every_table_of_the_demo_is_in_a_dataset_file(demo_policies: PolicySet, tiny: Fleet) -> None:
    made = {(table.source, table.schema, table.name) for table in tiny.tables}
    governed = {
        (source, name.schema, name.table)
        for source, tables in demo_policies.tables.items()
        for name in tables
    }
    assert made <= governed


def test_every_column_of_the_demo_is_in_a_dataset_file(demo_policies: PolicySet, tiny: Fleet) -> None:
    for table in tiny.tables:
        policy = demo_policies.tables[table.source][TableName(schema=table.schema, table=table.name)]
        assert [column.name for column in policy.columns] == [column.name for column in table.columns]
