"""Views: what is read through one is what the view over the clean tables would show, and nothing tells of more."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import duckdb
import pytest

from lucky_mcp.audit.record import Begun
from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.catalog.loader import accept, propose
from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import Code, ReadError
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.server.catalog_texts import table_text
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE, opened, policies_over
from tests.support.reference import CRM
from tests.support.twin import as_multiset
from tests.support.views_house import REFUSED, ROLES, SCHEMA, VIEWS, ViewsHouse, views_house, write_views

PRINCIPALS = {"analyst": ANALYST, "data_engineer": ENGINEER}
MISSING_VIEWS = [view for view in VIEWS if view.for_analyst == ""]


@pytest.fixture(scope="module")
def house(
    demo_fleet: Fleet, project_root: Path, demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ViewsHouse]:
    folder = tmp_path_factory.mktemp("views")
    made = asyncio.run(views_house(demo_fleet, project_root / "policies", demo_data, folder))
    yield made
    for twin in made.twins.values():
        twin.close()


@pytest.fixture
async def views(house: ViewsHouse) -> AsyncIterator[Gateway]:
    gateway = await opened(house.policies)
    yield gateway
    await gateway.close()


async def refusal(gateway: Gateway, sql: str, role: str = "analyst") -> ReadError:
    with pytest.raises(ReadError) as refused:
        await gateway.read(PRINCIPALS[role], SqlRead(source=CRM, sql=sql))
    return refused.value


async def same_as_twin(house: ViewsHouse, gateway: Gateway, role: str, sql: str) -> int:
    answer = await gateway.read(PRINCIPALS[role], SqlRead(source=CRM, sql=sql, rows_max=1000))
    columns, rows = house.twins[role].ask(CRM, sql)
    assert [name.lower() for name in answer.columns] == [name.lower() for name in columns]
    assert as_multiset(answer.rows) == as_multiset(rows)
    return len(rows)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_a_view_shows_what_it_is_over_the_clean_tables(
    house: ViewsHouse, views: Gateway, view: object, role: str
) -> None:
    name = view.name  # type: ignore[attr-defined]
    if not view.over_clean_tables(role):  # type: ignore[attr-defined]
        unknown = await refusal(views, "SELECT * FROM v_nowhere", role)
        hidden = await refusal(views, f"SELECT * FROM {name}", role)
        assert hidden.code is unknown.code is Code.UNKNOWN_NAME
        assert hidden.what == unknown.what.replace("v_nowhere", name)
        return
    shown = ", ".join(house.twins[role].ask(CRM, f"SELECT * FROM {name} LIMIT 0")[0])
    assert await same_as_twin(house, views, role, f"SELECT * FROM {name} ORDER BY {shown} LIMIT 900")
    assert await same_as_twin(house, views, role, f"SELECT COUNT(*) AS n FROM {name}")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "sql",
    [
        # names of the statement do not reach into the definition
        "WITH t_user AS (SELECT 'x' AS user_no, '1' AS phone) SELECT COUNT(*) AS n FROM v_contact",
        "WITH v_contact AS (SELECT 1 AS a) SELECT COUNT(*) AS n, MAX(user_no) AS m FROM luckyus_sales_crm.v_contact",
        "WITH counted AS (SELECT 'x' AS group_no, 5 AS n) SELECT SUM(v.n) AS s, SUM(c.n) AS c FROM v_entries v, counted c",
        "WITH v_entries AS (SELECT group_no, n FROM v_entries) SELECT COUNT(*) AS n FROM v_entries",
        "SELECT lucky_scan.user_no FROM v_contact AS lucky_scan ORDER BY 1 LIMIT 3",
        "SELECT lucky_scan.user_no FROM (SELECT user_no FROM v_contact) AS lucky_scan ORDER BY 1 LIMIT 3",
        "SELECT t_user.user_no FROM v_contact AS t_user ORDER BY 1 LIMIT 3",
        "SELECT u.user_no, (SELECT COUNT(*) FROM v_entries AS d) AS c FROM v_counted AS u ORDER BY 1 LIMIT 3",
        "SELECT user_no, (SELECT MAX(v.gender) FROM v_using AS v WHERE v.user_no = c.user_no) AS g"
        " FROM v_contact AS c ORDER BY user_no LIMIT 5",
        # beside tables and each other
        "SELECT v.user_no, u.phone FROM v_contact v JOIN t_user u ON u.user_no = v.user_no AND u.phone = v.phone"
        " ORDER BY v.user_no LIMIT 5",
        "SELECT a.user_no FROM v_over a JOIN v_over b ON a.user_no = b.user_no ORDER BY a.user_no LIMIT 5",
        "SELECT a.user_no FROM (v_contact AS a JOIN v_over AS b ON a.user_no = b.user_no) ORDER BY a.user_no LIMIT 5",
        "SELECT user_no, gender FROM v_contact NATURAL JOIN v_using ORDER BY user_no LIMIT 5",
        "SELECT user_no FROM v_both EXCEPT SELECT user_no FROM v_using",
        "SELECT head, COUNT(*) AS n FROM v_contact GROUP BY head ORDER BY head",
        # conditions on what is computed from masked values
        "SELECT COUNT(*) AS n FROM v_contact WHERE head = '***-*'",
        "SELECT COUNT(*) AS n FROM v_contact WHERE head LIKE '9%' OR phone LIKE '9%'",
        "SELECT COUNT(*) AS n FROM v_contact WHERE user_no = 'U00000001'",
        "SELECT COUNT(*) AS n FROM v_contact WHERE tail_length > 12",
    ],
)
async def test_queries_over_views_answer_as_over_the_clean_tables(
    house: ViewsHouse, views: Gateway, sql: str, role: str
) -> None:
    await same_as_twin(house, views, role, sql)


async def test_a_masked_column_is_masked_once_and_said_to_be(house: ViewsHouse, views: Gateway) -> None:
    sql = "SELECT phone, head FROM v_contact WHERE phone IS NOT NULL LIMIT 5"
    answer = await views.read(ANALYST, SqlRead(source=CRM, sql=sql))
    assert all(phone.startswith("***-***-") and head == "***-*" for phone, head in answer.rows)
    assert set(answer.receipt.masked) == {("phone", "last4"), ("head", "last4")}
    two_down = await views.read(ANALYST, SqlRead(source=CRM, sql="SELECT head FROM v_over LIMIT 5"))
    assert two_down.receipt.masked == (("head", "last4"),)
    told = await views.explain(ANALYST, SqlRead(source=CRM, sql=sql))
    assert "phone computed from what is shown as last4" in {rule.effect for rule in told.applied}


@pytest.mark.parametrize("column", ["nothing", "birthday", "country_code", "register_time"])
async def test_an_unknown_column_names_the_view_alone(views: Gateway, column: str) -> None:
    error = await refusal(views, f"SELECT {column} FROM v_people")
    assert error.code is Code.UNKNOWN_NAME
    assert error.next_step == f"call describe_table for {SCHEMA}.v_people"
    assert "t_user" not in error.agent_text


@pytest.mark.parametrize("column", ["first_name", "initial"])
async def test_a_column_over_a_hidden_one_reads_like_one_that_never_was(views: Gateway, column: str) -> None:
    hidden = await refusal(views, f"SELECT {column} FROM v_people")
    unknown = await refusal(views, "SELECT gone_away FROM v_people")
    assert hidden.agent_text == unknown.agent_text.replace("gone_away", column)
    assert {each.name for each in views.visible.table(ANALYST, CRM, "v_people").columns} == {
        "user_no",
        "gender",
    }


async def test_what_a_caller_is_shown_does_not_name_what_the_view_reads(gateway: Gateway) -> None:
    sql = "SELECT store_name FROM mart_schema.mart_product_mix WHERE shop_dept_id = 10001"
    told = await gateway.explain(EXECUTIVE, SqlRead(source="redshift", sql=sql))
    visible = gateway.visible.table(EXECUTIVE, "redshift", "mart_product_mix")
    described = table_text(visible, size="", fresh="", example="")
    effects = [rule.effect for rule in told.applied]
    for text in (told.sql_sent, *told.tables, *effects, *told.notes, described):
        assert "dwh_schema" not in text and "dim_" not in text and "us_shops" not in text
    assert "kind: view" in described and "primary key" not in described
    assert "filter: us-market: on the rows of what it reads" in described


async def test_the_audit_has_all_that_was_read(house: ViewsHouse) -> None:
    audit = MemorySink()
    gateway = await opened(house.policies, audit=audit)
    await gateway.read(ANALYST, SqlRead(source=CRM, sql="SELECT head FROM v_over"))
    (begun,) = [each for each in audit.records if isinstance(each, Begun) and each.principal == "ann"]
    assert set(begun.tables) == {f"{SCHEMA}.{name}" for name in ("v_over", "v_contact", "t_user")}
    assert {f"{SCHEMA}.v_over.head", f"{SCHEMA}.v_contact.head", f"{SCHEMA}.t_user.phone"} <= set(
        begun.columns
    )
    assert begun.filters == ("us-market",)
    assert f"{SCHEMA}.t_user.country_code" not in begun.sql_sent and "country_code" in begun.sql_engine
    await gateway.close()


@pytest.mark.parametrize("name", REFUSED)
async def test_a_definition_that_is_not_accepted_makes_its_view_unavailable_alone(
    house: ViewsHouse, views: Gateway, name: str
) -> None:
    said = [line for line in house.changes if line.startswith(f"! view {SCHEMA}.{name} is not available: ")]
    assert len(said) == 1 and REFUSED[name][1] in said[0]
    error = await refusal(views, f"SELECT * FROM {name}")
    assert error.code is Code.CONSTRUCT_REFUSED
    assert error.what == (
        f"the view {SCHEMA}.{name} cannot be read here: its definition uses what is not accepted"
    )
    assert name not in {table.table for table in views.visible.tables(ANALYST, CRM)}
    assert (await views.read(ANALYST, SqlRead(source=CRM, sql="SELECT COUNT(*) AS n FROM t_user"))).rows


async def test_a_changed_definition_is_proposed_and_the_old_one_holds_until_then(
    house: ViewsHouse, tmp_path: Path
) -> None:
    directory, data = tmp_path / "policies", tmp_path / "data"
    shutil.copytree(house.directory, directory)
    shutil.copytree(house.data, data)
    write_views(data, v_derived="SELECT 'all', count(*) FROM t_user")
    gateway = await opened(policies_over(directory, data))
    sql = "SELECT country, n FROM v_derived"
    before = (await gateway.read(ANALYST, SqlRead(source=CRM, sql=sql))).rows
    assert [row[0] for row in before] == ["US"]
    propose(directory / "catalog", await crawl(gateway, CRM))
    assert accept(directory / "catalog", CRM) == (f"~ definition of {SCHEMA}.v_derived",)
    await gateway.close()
    after = await opened(policies_over(directory, data))
    rows = (await after.read(ANALYST, SqlRead(source=CRM, sql=sql))).rows
    assert rows == (("all", before[0][1]),)
    await after.close()


async def test_a_definition_that_was_changed_by_hand_is_not_read(house: ViewsHouse, tmp_path: Path) -> None:
    directory = tmp_path / "policies"
    shutil.copytree(house.directory, directory)
    snapshot = directory / "catalog" / f"{CRM}.json"
    text = snapshot.read_text(encoding="utf-8")
    for old, new in (("`phone`, 1, 5", "`remark`, 1, 5"), ("`t_user` AS `t_user`", "`t_other` AS `t_user`")):
        assert old in text
        snapshot.write_text(text.replace(old, new), encoding="utf-8")
        gateway = await opened(policies_over(directory, house.data))
        error = await refusal(gateway, "SELECT user_no FROM v_contact")
        assert error.code is Code.CONSTRUCT_REFUSED and "remark" not in error.agent_text
        await gateway.close()


async def test_a_definition_that_needs_more_than_was_reviewed_is_not_read(
    house: ViewsHouse, tmp_path: Path
) -> None:
    directory = tmp_path / "policies"
    shutil.copytree(house.directory, directory)
    snapshot = directory / "catalog" / f"{CRM}.json"
    document = json.loads(snapshot.read_text(encoding="utf-8"))
    reads = document["tables"][f"{SCHEMA}.v_named_only"]["view"]["reads"]
    assert reads == {f"{SCHEMA}.t_user_profile": ["first_name"]}
    reads[f"{SCHEMA}.t_user_profile"] = []
    snapshot.write_text(json.dumps(document), encoding="utf-8")
    gateway = await opened(policies_over(directory, house.data))
    error = await refusal(gateway, "SELECT user_no FROM v_named_only")
    assert error.code is Code.CONSTRUCT_REFUSED and "first_name" not in error.agent_text
    await gateway.close()


def test_the_raw_views_show_what_is_hidden(house: ViewsHouse, tmp_path: Path) -> None:
    """Otherwise nothing above could fail: the views of the database itself are unfiltered and unmasked."""
    copied = shutil.copy(house.data / f"{CRM}.duckdb", tmp_path)
    with duckdb.connect(str(copied), read_only=True) as database:
        raw = dict(database.execute(f"SELECT country, n FROM {SCHEMA}.v_derived").fetchall())
        heads = database.execute(f"SELECT count(*) FROM {SCHEMA}.v_contact WHERE head <> '***-*'").fetchall()
    assert set(raw) > {"US"} and heads[0][0] > 0
