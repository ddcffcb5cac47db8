"""The demo's tables with a token in every hidden value, and neighbours that differ in nothing a role may know.

World `a` is attacked. `b` differs from it in hidden rows, hidden parts of masked values, and in tables and columns
that no role may know of; e-mail addresses, which the analyst sees as tokens of the same text, are those of `a`.
`c` has other addresses of the same domains as well, for the roles that see domains or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from random import Random

from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.sources.dify import DIFY
from lucky_mcp.demo.sources.iehr import IEHR
from lucky_mcp.demo.tables import Column, Fleet, Table
from tests.attacks.canaries import Recogniser, digits, token
from tests.support.generator_fleet import split_rows, table_named, with_rows
from tests.support.generator_sharp import sharp_fleet
from tests.support.neighbours import neighbour
from tests.support.reference import CRM, ORDERS, Row, records
from tests.support.token_keys import SECRET, K

WORLDS = ("a", "b", "c")
STAFF, KEYS_OF_DIFY = "t_employee", "provider_credentials"
DAY_OF_NOBODY = 1907
KEPT_IN_HIDDEN_ROWS = {
    *(
        "order_id",
        "order_item_id",
        "user_no",
        "shop_id",
        "id",
        "country_code",
        "currency_code",
        "gender",
        "status",
    ),
    *(
        "segment",
        "order_channel",
        "spu_code",
        "employee_id",
        "shop_no",
        "store_type",
        "category",
        "subcategory",
    ),
}
"""What joins a hidden row to others, and words of few values: the same in visible rows."""

Change = Callable[[Row], Row]


@dataclass(frozen=True, kw_only=True)
class Laden:
    """One world: its tables, and what of `a` an attacker guesses at."""

    name: str
    fleet: Fleet
    facts: Mapping[str, str]

    @property
    def hidden(self) -> Recogniser:
        """What finds a hidden value of this world in a text."""
        values = {self.facts["birthday"], SECRET, K, "root:x:0:0"}
        return Recogniser(values=frozenset(values), texts=sorted(_hidden_texts(self.fleet)))


@cache
def laden(name: str) -> Laden:
    """Return a world by its name."""
    made = _planted(_bare_fleet(name), name)
    if name == "b":
        made = _as_in(laden("a").fleet, made, "t_user", "email")
    if name != "a":
        made = _of_another_market(made)
    made = replace(made, tables=tuple(_with_spare_column(table, name) for table in made.tables))
    made = replace(made, tables=(*made.tables, *_unlisted(made, name)))
    return Laden(name=name, fleet=made, facts=_facts(made) if name == "a" else {})


@cache
def _bare_fleet(name: str) -> Fleet:
    if name != "a":
        first = _bare_fleet("a")
        made = neighbour(first, "data_engineer", "zero")
        return _as_in(first, made, "t_user_profile", "first_name", "last_name")
    sharp = sharp_fleet()
    apart = generate(seed=7, end=date(2026, 2, 14), scale="tiny", sources=(IEHR, DIFY))
    few = tuple(with_rows(table, records(table)[:12]) for table in apart.tables)
    return replace(sharp, tables=(*sharp.tables, *few))


def _planted(fleet: Fleet, name: str) -> Fleet:
    """Return the fleet with tokens in what no role may know.

    Hidden rows of the neighbours keep their numbers: text that casts, where `a` has text that does not.
    """
    rng = Random(f"planted {name}")
    tables = []
    for table in fleet.tables:
        visible, hidden = split_rows(fleet, table.name)
        change = MASKED.get(table.name, _same)(rng, name)
        shown = [change(row) for row in visible]
        kept = [_hidden_row(change(row), rng) if name == "a" else change(row) for row in hidden]
        tables.append(with_rows(table_named(fleet, table.name), [*shown, *kept]))
    return replace(fleet, tables=tuple(tables))


def _of_another_market(fleet: Fleet) -> Fleet:
    """Return the fleet whose hidden rows have another currency, and no zero that `a` divides by."""
    others = {"currency_code": {"NZD": "FJD"}, "quantity": {0: 7}, "item_count": {0: 3}}
    tables = []
    for table in fleet.tables:
        visible, hidden = split_rows(fleet, table.name)
        changed = [
            {column: others.get(column, {}).get(value, value) for column, value in row.items()}
            for row in hidden
        ]
        tables.append(with_rows(table, [*visible, *changed]))
    return replace(fleet, tables=tuple(tables))


def _hidden_row(row: Row, rng: Random) -> Row:
    return {
        column: token(rng) if isinstance(value, str) and column not in KEPT_IN_HIDDEN_ROWS else value
        for column, value in row.items()
    }


def _same(rng: Random, name: str) -> Change:
    return lambda row: row


def _user(rng: Random, name: str) -> Change:
    def change(row: Row) -> Row:
        phone, email = str(row["phone"] or ""), str(row["email"] or "")
        found = "".join(each for each in phone if each.isascii() and each.isdigit())
        made = {**row}
        if len(found) >= 7:
            made["phone"] = f"+{digits(rng, {'a': 9, 'b': 7, 'c': 8}[name])}{found[-4:]}"
        if "@" in email and email.split("@")[-1]:
            made["email"] = f"{token(rng, _length(name))}@{email.split('@')[-1]}"
        return made

    return change


def _profile(rng: Random, name: str) -> Change:
    def change(row: Row) -> Row:
        born = row["birthday"] and date(DAY_OF_NOBODY, rng.randint(1, 12), rng.randint(1, 28))
        # Every name has the same first letter, which some roles see.
        names = {
            each: f"Q{token(rng, _length(name))}" if row[each] else row[each]
            for each in ("first_name", "last_name")
        }
        return {**row, **names, "birthday": born if name == "a" or rng.random() < 0.5 else None}

    return change


def _order(rng: Random, name: str) -> Change:
    def change(row: Row) -> Row:
        if not row["remark"] or row["remark"] == "2":
            return row
        contact = f"less ice, {token(rng, _length(name))}@mail.example or +{digits(rng)}"
        return {**row, "remark": contact}

    return change


def _customer(rng: Random, name: str) -> Change:
    # In the neighbours all have the same, which a join would count.
    same = token(rng, 64)
    return lambda row: {**row, "phone_hash": token(rng, 64) if name == "a" else same}


def _staff(rng: Random, name: str) -> Change:
    return lambda row: {**row, "name": token(rng), "ssn": digits(rng, 9), "position": token(rng)}


def _credential(rng: Random, name: str) -> Change:
    return lambda row: {**row, "encrypted_config": token(rng, 40)}


def _question(rng: Random, name: str) -> Change:
    return lambda row: {**row, "summary": token(rng, 20)}


MASKED: Mapping[str, Callable[[Random, str], Change]] = {
    "t_user": _user,
    "t_user_profile": _profile,
    "t_sales_order_m": _order,
    "dim_customer": _customer,
    STAFF: _staff,
    KEYS_OF_DIFY: _credential,
    "conversations": _question,
}


def _length(name: str) -> int:
    """Hidden texts have another length in each world, so that a length tells."""
    return {"a": 12, "b": 15, "c": 9}[name]


def _as_in(other: Fleet, fleet: Fleet, table: str, *columns: str) -> Fleet:
    """Return the fleet with the other's values of some columns in visible rows."""
    kept = {row["user_no"]: {each: row[each] for each in columns} for row in split_rows(other, table)[0]}
    rows = [{**row, **kept.get(row["user_no"], {})} for row in records(table_named(fleet, table))]
    return replace(fleet, tables=tuple(with_rows(t, rows) if t.name == table else t for t in fleet.tables))


def _with_spare_column(table: Table, name: str) -> Table:
    """Add a column that no catalog has: what a release brings before anybody reviewed it."""
    if table.name not in {"t_user", "t_sales_order_m"}:
        return table
    rng = Random(f"spare {name} {table.name}")
    column = Column(name=f"contact_copy{'' if name == 'a' else '_' + name}", type="VARCHAR")
    rows = [(*row, token(rng)) for row in table.rows]
    return replace(table, columns=(*table.columns, column), rows=rows)


def _unlisted(fleet: Fleet, name: str) -> list[Table]:
    """Return tables that no catalog has: a backup, an archive, and a schema of secrets."""
    rng, suffix = Random(f"unlisted {name}"), "" if name == "a" else f"_{name}"
    backup = replace(table_named(fleet, "t_user"), name=f"t_user_bak{suffix}")
    archive = replace(table_named(fleet, "t_sales_order_m"), name=f"t_sales_order_m_old{suffix}")
    columns = (Column(name="name", type="VARCHAR"), Column(name="value", type="VARCHAR"))
    secrets = [
        Table(
            source=source,
            schema=f"vault{'' if source == CRM else '_of_orders'}{suffix}",
            name="secrets",
            comment="",
            columns=columns,
            primary_key=("name",),
            rows=[(f"key {n}", token(rng, 24)) for n in range(3 if name == "a" else 5)],
        )
        for source in (CRM, ORDERS)
    ]
    return [backup, archive, *secrets]


def _facts(fleet: Fleet) -> dict[str, str]:
    """Return what an attacker would like to know, of one visible customer and of hidden rows."""
    profiles = {row["user_no"]: row for row in split_rows(fleet, "t_user_profile")[0]}
    victim = next(
        row
        for row in split_rows(fleet, "t_user")[0]
        if len(str(row["phone"])) > 12
        and "@" in str(row["email"])
        and _is_whole(profiles.get(row["user_no"]))
    )
    profile = profiles[victim["user_no"]]
    foreign = split_rows(fleet, "t_user")[1][0]
    order = split_rows(fleet, "t_sales_order_m")[1][0]
    remark = next(
        str(row["remark"]) for row in split_rows(fleet, "t_sales_order_m")[0] if "+" in str(row["remark"])
    )
    facts = {
        "contact": remark.rpartition("+")[2],
        "user": victim["user_no"],
        "phone": victim["phone"],
        "email": victim["email"],
        "first_name": profile["first_name"],
        "last_name": profile["last_name"],
        "birthday": profile["birthday"],
        "hidden_user": foreign["user_no"],
        "hidden_group": foreign["group_no"],
        "hidden_order": order["order_id"],
        "hidden_order_no": order["order_no"],
        "hidden_total": order["total_amount"],
        "secret": next(iter(table_named(fleet, "secrets").rows))[1] if _has(fleet, "secrets") else "",
    }
    return {name: str(value) for name, value in facts.items()}


def _has(fleet: Fleet, name: str) -> bool:
    return any(table.name == name for table in fleet.tables)


def _is_whole(profile: Row | None) -> bool:
    return profile is not None and all(profile[each] for each in ("first_name", "last_name", "birthday"))


def _hidden_texts(fleet: Fleet) -> set[str]:
    masked = {
        "phone",
        "email",
        "first_name",
        "last_name",
        "ssn",
        "name",
        "value",
        "phone_hash",
        "encrypted_config",
    }
    return {
        str(row[column])
        for table in fleet.tables
        for row in records(table)
        for column in masked & row.keys()
        if table.name in {*MASKED, "secrets"} and row[column]
    }
