"""Every server of the fleet's catalogues has a place: as a source with data, or by its name alone."""

from __future__ import annotations

import pytest

from lucky_mcp.demo.roster import DIALECTS, GOVERNED, NAMES_ONLY, SOURCES

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


def test_every_source_with_data_has_a_dialect_and_the_governed_come_first() -> None:
    assert list(DIALECTS) == [source.name for source in SOURCES]
    assert SOURCES[: len(GOVERNED)] == GOVERNED
