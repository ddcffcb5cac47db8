"""No lie and no leak on real servers: 500 generated queries each, errors included.

Against a physically filtered and masked copy on a server of the same kind, and between databases that differ
only in hidden rows and in hidden parts of masked values. `make fuzz ENGINE=mariadb` asks as many as there is time for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lucky_mcp.enforcement import unfenced
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.prepare import prepare
from lucky_mcp.gateway.prepared_cache import forget_everything
from lucky_mcp.model.request import SqlRead
from tests.properties.engine_differences import differences, explained
from tests.properties.long_run import Example, judge, outcomes, with_seed
from tests.properties.shares import Shares
from tests.support import mysql_server
from tests.support.generator_checks import leak, lie, shown, touches_hidden
from tests.support.generator_house import PRINCIPALS
from tests.support.generator_queries import Query
from tests.support.generator_schema import World
from tests.support.generator_servers import MARIADB, MYSQL, POSTGRES, ServerHouse, server_house
from tests.support.generator_sharp import sharp_fleet
from tests.support.neighbours import NAMES
from tests.support.preparation import prepare_once
from tests.support.reference import CRM, ORDERS
from tests.support.servers import NoServer

PROBES: dict[str, list[str]] = YAML(typ="safe").load(
    (Path(__file__).parent / "probes.yaml").read_text(encoding="utf-8")
)
QUERIES, SEED = 500, 0
UNFENCED_LEAST = 0.05
TWICE = (
    "SELECT gender, birthday, birthday AS c4 FROM t_user_profile ORDER BY 1",
    "SELECT DISTINCT p.*, birthday AS c4 FROM t_user_profile p",
    "SELECT *, p.birthday AS c4 FROM t_user_profile p JOIN t_user USING (user_no) ORDER BY p.gender",
    "WITH w (a, b, c) AS (SELECT birthday, birthday, gender FROM t_user_profile) SELECT DISTINCT * FROM w ORDER BY c",
)
# MySQL 9.7 sorts and groups wrongly by an entry that another reader looks up by a key, and cannot make some keys.
SHARED = (
    "SELECT user_no FROM t_user_profile JOIN {} a ON user_no = g1 UNION ALL SELECT g1 FROM {} b GROUP BY g1",
    "SELECT user_no FROM t_user_profile JOIN {} a ON user_no = g1 UNION ALL SELECT DISTINCT g1 FROM {} b",
    "SELECT user_no FROM t_user_profile JOIN {} a ON user_no = g1"
    " UNION ALL (SELECT g1 FROM {} b WHERE g1 IS NOT NULL ORDER BY g1 LIMIT 3)",
    "SELECT user_no FROM t_user_profile JOIN {} a ON user_no = g1"
    " UNION ALL SELECT g1 FROM (SELECT g1 FROM {} b) o GROUP BY g1",
    "SELECT a.g1 FROM {} a LEFT JOIN ({} b JOIN t_user_profile ON b.g1 = gender) ON TRUE",
)
ENTRIES = (
    "SELECT phone AS g1 FROM t_user LIMIT 99",
    "SELECT phone AS g1 FROM t_user EXCEPT SELECT gender FROM t_user_profile",
)
# What names a column from around it is made for each row; nothing may stand between it and its reader.
OF_THE_ROW = (
    "SELECT u.user_no, d.k FROM t_user u JOIN LATERAL"
    " (WITH e AS (SELECT u.user_no AS k LIMIT 5) SELECT x.k FROM e x JOIN e y ON x.k = y.k) d ON TRUE",
    "SELECT u.user_no FROM t_user u WHERE u.user_no IN (WITH e AS (SELECT p.user_no AS k FROM t_user_profile p"
    " WHERE p.user_no = u.user_no GROUP BY p.user_no) SELECT x.k FROM e x JOIN e y ON x.k = y.k)",
    "SELECT u.user_no FROM t_user_profile p JOIN t_user u ON (WITH e AS (SELECT v.user_no AS k FROM t_user v"
    " WHERE v.user_no = u.user_no GROUP BY 1) SELECT COUNT(*) FROM e x JOIN e y ON x.k = y.k) = 1",
    "WITH w AS (SELECT user_no AS k FROM t_user GROUP BY user_no) SELECT u.user_no FROM t_user u WHERE NOT EXISTS"
    " (WITH q AS (SELECT k FROM w WHERE k > u.user_no) SELECT 1 FROM q x JOIN q y ON x.k < y.k)",
)
RISKY = 400
# MySQL takes several times as long as MariaDB.
SECONDS = 1200 if mysql_server.is_chosen() else 240


@pytest.fixture(scope="module", params=[MYSQL] if mysql_server.is_chosen() else [MARIADB, POSTGRES])
def servers(
    request: pytest.FixtureRequest, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerHouse]:
    """Every world on each server in turn."""
    folder = tmp_path_factory.mktemp(request.param)
    try:
        with server_house(request.param, sharp_fleet(), project_root / "policies", folder) as made:
            yield made
    except NoServer as missing:
        pytest.skip(str(missing))


def runs_unfenced(one: Example, house: ServerHouse) -> bool:
    view = house.gateways[one.world.role, "base"].view()
    source = view.policies.sources[one.world.source]
    request = SqlRead(source=source.name, sql=one.query.sql)
    try:
        return not prepare(view, PRINCIPALS[one.world.role], source, request).guarded.always_fenced
    except ReadError:
        return False


@pytest.mark.timeout(SECONDS)
def test_generated_queries_neither_lie_nor_leak(
    servers: ServerHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_once(monkeypatch)
    shares = Shares(servers.engine)
    for one in with_seed(servers, SEED, QUERIES):
        check, wrong, verdict = judge(one, one.query, servers)
        assert not wrong or explained(servers.engine, one.query.sql, wrong), f"{check}: {wrong}\n{one}"
        touched = ["touch"] if touches_hidden(one.query, one.world, servers, verdict.twin) else []
        unfenced = ["unfenced"] if runs_unfenced(one, servers) else []
        shares.add(one.query, *touched, *unfenced, *outcomes(verdict))
        if "refused" in outcomes(verdict):
            shares.refused.append(f"{verdict.answer.reason}\n  {one}")
    shares.check("join", "nest", "touch")
    assert shares.share("unfenced") >= UNFENCED_LEAST


def risky(servers: ServerHouse) -> Iterator[tuple[Query, World, str]]:
    """Yield queries that fail on some rows: generated ones with windows at will, then written ones."""
    worlds = tuple(replace(each, lacks=each.lacks - {"windows"}) for each in servers.worlds)
    for one in with_seed(replace(servers, worlds=worlds), SEED, RISKY, is_risky=True, holding="probe"):
        yield one.query, one.world, one.neighbour
    orders = next(each for each in servers.worlds if (each.role, each.source) == ("analyst", ORDERS))
    for sql in (*PROBES["both"], *PROBES[servers.dialect]):
        for neighbour in NAMES:
            yield Query(sql=sql, is_ordered=False, seen=frozenset()), orders, neighbour


@pytest.mark.timeout(SECONDS)
def test_without_the_proof_hidden_rows_are_told(
    servers: ServerHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the test above would show nothing: when every statement runs without fences, some errors tell."""
    monkeypatch.setattr(unfenced, "cannot_fail", lambda *_: True)
    forget_everything()
    told = (leak(query, world, servers, neighbour)[0] for query, world, neighbour in risky(servers))
    assert next(filter(None, told), "")
    forget_everything()


@pytest.mark.parametrize("sql", TWICE)
def test_one_masked_value_has_two_names(servers: ServerHouse, sql: str) -> None:
    """MySQL 9.7 itself shows both under the last of them."""
    world = next(each for each in servers.worlds if (each.role, each.source) == ("data_engineer", CRM))
    assert not lie(Query(sql=sql, is_ordered=False, seen=frozenset()), world, servers).wrong


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("sql", SHARED)
def test_an_entry_of_several_readers_is_what_each_would_read_alone(
    servers: ServerHouse, entry: str, sql: str
) -> None:
    """The copy is asked with the entry written out: MySQL's own answer to the query is wrong for some."""
    query = Query(sql=f"WITH w AS ({entry}) {sql.format('w', 'w')}", is_ordered=False, seen=frozenset())
    world = next(each for each in servers.worlds if (each.role, each.source) == ("analyst", CRM))
    answer = servers.ask(world.role, world.source, query.sql)
    twin = servers.twins[world.role].ask(world.source, sql.format(f"({entry})", f"({entry})"))
    assert answer.result and twin.rows
    assert Counter(shown(answer.result.rows, world)) == Counter(shown(twin.rows, world))
    assert not any(leak(query, world, servers, each, answer)[0] for each in NAMES)


@pytest.mark.parametrize("sql", OF_THE_ROW)
def test_an_entry_of_one_row_is_of_that_row(servers: ServerHouse, sql: str) -> None:
    world = next(each for each in servers.worlds if (each.role, each.source) == ("analyst", CRM))
    assert not lie(Query(sql=sql, is_ordered=False, seen=frozenset()), world, servers).wrong


def test_what_is_called_the_servers_is_the_servers(servers: ServerHouse) -> None:
    for difference in differences():
        for source, sql in difference.proofs.get(servers.engine, {}).items():
            world = next(each for each in servers.worlds if (each.role, each.source) == ("analyst", source))
            found = lie(Query(sql=sql, is_ordered=False, seen=frozenset()), world, servers).wrong
            assert explained(servers.engine, sql, found) == difference.name, found
