"""The demo with more views in the customers' database: over masked, hidden and joined columns, nested, and refused."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from ruamel.yaml import YAML

from lucky_mcp.catalog.loader import accept, propose
from lucky_mcp.demo.tables import Fleet, View
from lucky_mcp.gateway.crawl import crawl
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.house import opened, policies_over
from tests.support.reference import CRM, clean_tables
from tests.support.twin import Unguarded

SCHEMA = "luckyus_sales_crm"
ROLES = ("analyst", "data_engineer")


@dataclass(frozen=True, kw_only=True)
class HouseView:
    """A view as its database holds it, and as it is over what the analyst may know ("" when there is none)."""

    name: str
    columns: str
    sql: str
    for_analyst: str | None = None

    def over_clean_tables(self, role: str) -> str:
        """Return the view's query over the clean tables of a role; "" when they have no such view."""
        return self.for_analyst if role == "analyst" and self.for_analyst is not None else self.sql


VIEWS = (
    HouseView(
        name="v_contact",
        columns="user_no phone email head tail_length",
        sql="SELECT user_no, phone, email, substring(phone, 1, 5) AS head, length(email) AS tail_length FROM t_user",
    ),
    HouseView(
        name="v_people",
        columns="user_no first_name initial gender",
        sql="SELECT u.user_no, p.first_name, left(p.first_name, 1) AS initial, p.gender FROM t_user AS u"
        " JOIN t_user_profile AS p ON p.user_no = u.user_no",
        for_analyst="SELECT u.user_no, p.gender FROM t_user AS u JOIN t_user_profile AS p ON p.user_no = u.user_no",
    ),
    HouseView(
        name="v_by_name",
        columns="first_name n",
        sql="SELECT first_name, count(*) AS n FROM t_user_profile GROUP BY first_name",
        for_analyst="",
    ),
    HouseView(
        name="v_named_only",
        columns="user_no",
        sql="SELECT user_no FROM t_user_profile WHERE first_name IS NOT NULL",
        for_analyst="",
    ),
    HouseView(
        name="v_different_people",
        columns="first_name gender",
        sql="SELECT DISTINCT first_name, gender FROM t_user_profile",
        for_analyst="",
    ),
    HouseView(
        name="v_over",
        columns="user_no head",
        sql="SELECT user_no, head FROM v_contact WHERE tail_length > 3",
    ),
    HouseView(
        name="v_over_people",
        columns="initial gender",
        sql="SELECT initial, gender FROM v_people WHERE gender IS NOT NULL",
        for_analyst="SELECT gender FROM v_people WHERE gender IS NOT NULL",
    ),
    HouseView(
        name="v_entries",
        columns="group_no n",
        sql="WITH t_user_profile AS (SELECT user_no, group_no FROM t_user), counted AS"
        " (SELECT group_no, count(*) AS n FROM t_user_profile GROUP BY group_no) SELECT group_no, n FROM counted",
    ),
    HouseView(
        name="v_all",
        columns="user_no first_name last_name gender birthday",
        sql="SELECT * FROM t_user_profile",
    ),
    HouseView(
        name="v_both",
        columns="user_no",
        sql="SELECT user_no FROM t_user UNION ALL SELECT user_no FROM t_user_profile",
    ),
    HouseView(
        name="v_counted",
        columns="user_no profiles",
        sql="SELECT u.user_no, (SELECT count(*) FROM t_user_profile AS p WHERE p.user_no = u.user_no) AS profiles"
        " FROM t_user AS u WHERE EXISTS (SELECT 1 FROM t_user_profile AS p WHERE p.user_no = u.user_no)",
    ),
    HouseView(
        name="v_using",
        columns="user_no gender",
        sql="SELECT user_no, gender FROM t_user JOIN t_user_profile USING (user_no)",
    ),
    HouseView(
        name="v_derived",
        columns="country n",
        sql="SELECT d.c, count(*) FROM (SELECT country_code AS c FROM t_user) AS d GROUP BY d.c",
    ),
    HouseView(
        name="v_ranked",
        columns="user_no place",
        sql="SELECT user_no, row_number() OVER (ORDER BY user_no) FROM t_user",
    ),
)
REFUSED = {
    "v_clock": ("SELECT user_no FROM t_user WHERE register_time < now()", "it reads the clock"),
    "v_hashed": ("SELECT md5(phone) AS h FROM t_user", "the function MD5 is not on the list"),
    "v_natural": ("SELECT gender FROM t_user NATURAL JOIN t_user_profile", "it has a NATURAL join"),
    "v_on_refused": ("SELECT user_no FROM v_clock", "which is not available itself"),
    "v_files": ("SELECT user_no FROM t_user USING SAMPLE 10 PERCENT", "its definition cannot be followed"),
}


@dataclass(frozen=True, kw_only=True)
class ViewsHouse:
    """Policies in which the views are crawled, accepted and granted, and the clean twin of each role."""

    policies: PolicySet
    directory: Path
    data: Path
    changes: tuple[str, ...]
    twins: Mapping[str, Unguarded] = field(repr=False)


async def views_house(fleet: Fleet, policies: Path, data: Path, folder: Path) -> ViewsHouse:
    """Write the views into a copy of the demo, crawl and accept them, and grant them to the roles."""
    directory, files = folder / "policies", folder / "data"
    shutil.copytree(policies, directory)
    shutil.copytree(data, files)
    write_views(files)
    gateway = await opened(policies_over(directory, files))
    propose(directory / "catalog", await crawl(gateway, CRM))
    await gateway.close()
    changes = accept(directory / "catalog", CRM)
    _list_views(directory / "datasets" / "crm" / "views.yaml")
    twins = {
        role: Unguarded(clean_tables(fleet, role), folder / role, views=twin_views(role)) for role in ROLES
    }
    return ViewsHouse(
        policies=policies_over(directory, files),
        directory=directory,
        data=files,
        changes=changes,
        twins=twins,
    )


def write_views(files: Path, **others: str) -> None:
    """Create the views in the customers' database, or `others` in place of what is there."""
    wanted = others or {view.name: view.sql for view in VIEWS} | {
        name: sql for name, (sql, _) in REFUSED.items()
    }
    with duckdb.connect(str(files / f"{CRM}.duckdb")) as database:
        database.execute(f"USE {SCHEMA}")
        for name, sql in wanted.items():
            columns = next(
                (f" ({', '.join(view.columns.split())})" for view in VIEWS if view.name == name), ""
            )
            database.execute(f"CREATE OR REPLACE VIEW {SCHEMA}.{name}{columns} AS {_qualified(sql)}")


def twin_views(role: str) -> tuple[View, ...]:
    """Return the views over what a role may know."""
    found = []
    for view in VIEWS:
        sql = view.over_clean_tables(role)
        if sql:
            own = view.columns.split() if sql == view.sql and "SELECT *" not in sql else []
            body = _qualified(sql)
            named = f"SELECT * FROM ({body}) AS named({', '.join(own)})" if own else body
            found.append(View(source=CRM, schema=SCHEMA, name=view.name, comment="", columns=(), sql=named))
    return tuple(found)


def _qualified(sql: str) -> str:
    """The views name tables of their own schema; a WITH entry of the same name stays what it is."""
    names = [] if "WITH t_user_profile" in sql else ["t_user_profile"]
    for name in (*names, "t_user", "v_contact", "v_people", "v_clock"):
        for word in ("FROM", "JOIN"):
            sql = sql.replace(f"{word} {name} ", f"{word} {SCHEMA}.{name} ")
            sql = sql.replace(f"{word} {name})", f"{word} {SCHEMA}.{name})")
            sql = (
                f"{sql.removesuffix(f'{word} {name}')}{word} {SCHEMA}.{name}"
                if sql.endswith(f"{word} {name}")
                else sql
            )
    return sql


def _list_views(path: Path) -> None:
    listed = {view.name: view.columns.split() for view in VIEWS} | {name: ["user_no"] for name in REFUSED}
    listed["v_hashed"] = ["h"]
    listed["v_natural"] = ["gender"]
    document = {
        "dataset": "crm.views",
        "owner": "crm",
        "classification": "internal",
        "source": CRM,
        "tables": {
            f"{SCHEMA}.{name}": {"description": "a view", "columns": {each: {} for each in columns}}
            for name, columns in listed.items()
        },
        "grants": [{"id": "crm-views", "roles": list(ROLES), "why": "tests"}],
    }
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(document, file)
