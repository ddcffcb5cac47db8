"""What a crawl makes of definitions: settled, bounded, and never followed in circles."""

import json
import re
import shutil
from pathlib import Path

import pytest
import sqlglot
from sqlglot.errors import SqlglotError

from lucky_mcp.catalog.snapshot import VIEWS_NESTED_MAX, Catalog, Column, Table, View
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.gateway.crawl_found import Found
from lucky_mcp.gateway.crawl_views import with_views
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind, Source
from lucky_mcp.policy.loader import load_policies

A, B = (Column(name=name, type="INTEGER") for name in ("a", "b"))
BASE = TableName(schema="s", table="t")


def source(dialect: Dialect = Dialect.POSTGRES) -> Source:
    return Source(
        name="x",
        kind=Kind.DUCKDB,
        dialect=dialect,
        url="duckdb:///x",
        domain="d",
        short_name="x",
        default_schema="s",
        time_zone="UTC",
        classification="internal",
        status="active",
        owner="o",
        description="",
    )


def crawled(dialect: Dialect = Dialect.POSTGRES, **definitions: str) -> dict[str, View]:
    """Return the views by name, each with the columns a and b as far as its query has them."""
    tables = Catalog(source="x", tables={BASE: Table(name=BASE, columns=(A, B))})
    names = {each: TableName(schema="s", table=each) for each in definitions}
    waiting = {name: Table(name=name, columns=_columns(definitions[each])) for each, name in names.items()}
    written = {names[each]: sql for each, sql in definitions.items()}
    known = with_views(source(dialect), Found(tables=tables, views=waiting, definitions=written))
    return {each: view for each, name in names.items() if (view := known.tables[name].view) is not None}


def _columns(sql: str) -> tuple[Column, ...]:
    try:
        shown = sqlglot.parse_one(sql.removeprefix("CREATE VIEW s.v AS ")).named_selects
    except (SqlglotError, AttributeError):
        shown = ["a"]
    return tuple(each for each in (A, B) if each.name in shown)


def test_a_definition_is_settled_and_says_what_it_reads() -> None:
    view = crawled(v="CREATE VIEW s.v AS SELECT a, a + b AS b FROM t WHERE b > 1;")["v"]
    assert view.definition == (
        'SELECT "t"."a" AS "a", "t"."a" + "t"."b" AS "b" FROM "s"."t" AS "t" WHERE "t"."b" > 1'
    )
    assert [(str(each.table), each.needed) for each in view.reads] == [("s.t", ("b",))]
    assert view.origins == (("a", ((BASE, "a"),)), ("b", ((BASE, "a"), (BASE, "b"))))


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("SELECT a, b FROM t", ()),
        ("SELECT a, count(*) AS b FROM t GROUP BY a", ("a",)),
        ("SELECT max(a) AS a, 1 AS b FROM t", ("a",)),
        ("SELECT DISTINCT a, b FROM t", ("a", "b")),
        ("SELECT a, b FROM t ORDER BY b LIMIT 3", ("a", "b")),
        ("SELECT a FROM t UNION SELECT b FROM t", ("a", "b")),
        ("SELECT a, row_number() OVER (ORDER BY b) AS b FROM t", ()),
        ("SELECT d.x AS a FROM (SELECT a AS x FROM t) AS d", ("a",)),
        ("WITH e AS (SELECT b AS x FROM t) SELECT x AS a FROM e", ("b",)),
        ("SELECT (SELECT max(b) FROM t AS u WHERE u.a = t.a) AS a FROM t", ()),
    ],
)
def test_what_says_which_rows_there_are_is_needed(sql: str, needed: tuple[str, ...]) -> None:
    view = crawled(v=sql)["v"]
    assert not view.unavailable
    assert tuple(sorted({column for read in view.reads for column in read.needed})) == needed


@pytest.mark.parametrize(
    ("sql", "origins"),
    [
        ("SELECT a FROM t UNION ALL SELECT b FROM t", "ab"),
        ("WITH e AS (SELECT b AS x FROM t) SELECT x AS a FROM e", "b"),
        ("SELECT d.x + d.y AS a FROM (SELECT a AS x, b AS y FROM t) AS d", "ab"),
        ("SELECT (SELECT max(u.b) FROM t AS u) AS a FROM t", "b"),
        ("SELECT count(*) AS a FROM t", ""),
    ],
)
def test_a_column_comes_from_all_that_it_is_computed_from(sql: str, origins: str) -> None:
    view = crawled(v=sql)["v"]
    assert not view.unavailable
    assert view.origins == (("a", tuple((BASE, column) for column in origins)),)


@pytest.mark.parametrize("dialect", Dialect)
def test_what_the_engine_says_in_its_own_words_is_put_into_the_agents(dialect: Dialect) -> None:
    found = crawled(
        dialect,
        counted="SELECT a, count_star() AS b FROM t GROUP BY a",
        divided="SELECT t.a / t.b AS a FROM t",
        named="WITH e AS (SELECT a FROM t) SELECT a FROM e",
    )
    texts = {name: re.sub('[`"]', "", view.definition) for name, view in found.items()}
    assert "COUNT(*) AS b" in texts["counted"]
    assert texts["divided"] == "SELECT t.a / t.b AS a FROM s.t AS t"
    assert texts["named"].startswith("WITH lucky_view_")


@pytest.mark.parametrize("order", ["x", "1", "b"])
def test_an_ordered_definition_keeps_its_own_names(order: str) -> None:
    name = TableName(schema="s", table="v")
    tables = Catalog(source="x", tables={BASE: Table(name=BASE, columns=(A, B))})
    found = Found(
        tables=tables,
        views={name: Table(name=name, columns=(A,))},
        definitions={name: f"SELECT b AS x FROM t ORDER BY {order}"},
    )
    known = with_views(source(), found)
    view = known.tables[name].view
    assert view is not None
    assert view.unavailable == "it is ordered, and names its columns apart from its query"


@pytest.mark.parametrize("dialect", Dialect)
def test_a_view_over_a_view_is_settled_whatever_the_order(dialect: Dialect) -> None:
    found = crawled(dialect, z="SELECT a FROM t", m="SELECT a FROM z", b="SELECT a FROM s.m")
    assert {name: [str(each.table) for each in view.reads] for name, view in found.items()} == {
        "z": ["s.t"],
        "m": ["s.z"],
        "b": ["s.m"],
    }


def test_views_that_read_each_other_are_not_available_and_others_are() -> None:
    found = crawled(p="SELECT a FROM q", q="SELECT a FROM p", own="SELECT a FROM own", good="SELECT a FROM t")
    assert {name: view.unavailable for name, view in found.items()} == {
        "p": "it reads itself, or a view that does",
        "q": "it reads itself, or a view that does",
        "own": "it reads itself, or a view that does",
        "good": "",
    }


def test_views_that_double_are_bounded() -> None:
    doubling = {f"v{n:02}": f"SELECT x.a FROM v{n - 1:02} x, v{n - 1:02} y" for n in range(1, 12)}
    found = crawled(v00="SELECT x.a FROM t x, t y", **doubling)
    assert [view.scans for view in found.values() if not view.unavailable] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert "once WITH entries and views are written out" in found["v08"].unavailable
    assert found["v09"].unavailable == "it reads the view s.v08, which is not available itself"


def test_views_over_views_are_bounded_in_depth() -> None:
    chain = {f"v{n:02}": f"SELECT a FROM v{n - 1:02}" for n in range(1, 20)}
    found = crawled(v00="SELECT a FROM t", **chain)
    available = [name for name, view in found.items() if not view.unavailable]
    assert len(available) == VIEWS_NESTED_MAX
    assert found[f"v{VIEWS_NESTED_MAX:02}"].unavailable == "it reads views over views too many levels deep"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT a FROM nowhere", "which is not in the catalog"),
        ("SELECT nothing AS a FROM t", "cannot be followed column by column"),
        ("SELECT a FROM t JOIN t AS u ON b = 1", "cannot be followed column by column"),
        ("SELECT t AS a FROM t", "cannot be followed column by column"),
        ("SELECT a FROM t NATURAL JOIN t AS u", "it has a NATURAL join"),
        ("SELECT pg_sleep(5) AS a FROM t", "is not on the list of accepted functions"),
        ("SELECT a FROM t FOR UPDATE", "is not accepted"),
        ("SELECT a FROM read_csv('x')", "is not accepted"),
        ("DELETE FROM t", "cannot be followed column by column"),
        ("SELECT a FROM t; SELECT b FROM t", "cannot be followed column by column"),
        ("not SQL at all", "cannot be followed column by column"),
        ("", "cannot be followed column by column"),
        ("SELECT a, a AS x, b FROM t", "cannot be followed column by column"),
        ("SELECT CAST(current_date AS VARCHAR) AS a FROM t", "it reads the clock"),
    ],
)
def test_what_an_agent_could_not_have_written_is_not_available(sql: str, said: str) -> None:
    found = crawled(v=sql, good="SELECT a FROM t")
    assert said in found["v"].unavailable and not found["v"].definition
    assert not found["good"].unavailable


@pytest.mark.parametrize("dialect", [Dialect.MYSQL, Dialect.DORIS])
def test_a_subquery_that_translation_repeats_is_not_available(dialect: Dialect) -> None:
    view = crawled(dialect, v="SELECT greatest((SELECT max(a) FROM t), 1) AS a FROM t")["v"]
    assert view.unavailable == "a subquery inside GREATEST is not accepted here"


def changed(project_root: Path, folder: Path, change: object) -> Path:
    copied = folder / "policies"
    shutil.copytree(project_root / "policies", copied)
    path = copied / "catalog" / "redshift.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document["tables"])  # type: ignore[operator]
    path.write_text(json.dumps(document), encoding="utf-8")
    return copied


def test_a_snapshot_whose_views_read_each_other_is_not_loaded(project_root: Path, tmp_path: Path) -> None:
    def circle(tables: dict[str, dict[str, dict[str, object]]]) -> None:
        tables["mart_schema.mart_product_mix"]["view"]["reads"] = {"mart_schema.mart_customer_health": []}
        tables["mart_schema.mart_customer_health"]["view"]["reads"] = {"mart_schema.mart_product_mix": []}

    directory = changed(project_root, tmp_path, circle)
    with pytest.raises(ConfigurationError, match=r"redshift.json: .* reads itself"):
        load_policies(directory, {"DEMO_DATA": "data"})


def test_a_snapshot_with_views_nested_too_deep_is_not_loaded(project_root: Path, tmp_path: Path) -> None:
    def chain(tables: dict[str, dict[str, object]]) -> None:
        first = tables["mart_schema.mart_customer_health"]
        for number in range(VIEWS_NESTED_MAX + 1):
            below = f"mart_schema.v{number - 1}" if number else "dwh_schema.dim_customer"
            view = {**first["view"], "reads": {below: []}}  # type: ignore[dict-item]
            tables[f"mart_schema.v{number}"] = {**first, "view": view}

    directory = changed(project_root, tmp_path, chain)
    with pytest.raises(ConfigurationError, match="through more than 16 views"):
        load_policies(directory, {"DEMO_DATA": "data"})
