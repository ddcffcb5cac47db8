"""The questions of auditors, each by one command, on the log of a gateway that was asked things."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import anyio
import pytest

from lucky_mcp.audit.follow import Follower
from lucky_mcp.audit.rotation import Rotation
from lucky_mcp.cli.root import Exit
from lucky_mcp.errors import ReadError
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.settings import load_settings
from tests.audit.samples import EVENT
from tests.cli.running import Run
from tests.support.audit_log import audit_sink, files, records
from tests.support.house import ANALYST, CARE, DBA, ENGINEER, opened
from tests.support.reference import CRM, ORDERS

PHONE = "luckyus_sales_crm.t_user.phone"
CUSTOMER = "U100000001"
QUESTIONS: tuple[tuple[Principal, str, str], ...] = (
    (ANALYST, CRM, f"SELECT phone FROM t_user WHERE user_no = '{CUSTOMER}'"),
    (ANALYST, CRM, "SELECT user_no, phone FROM t_user ORDER BY user_no LIMIT 3"),
    (ENGINEER, CRM, "SELECT phone FROM t_user ORDER BY user_no LIMIT 2"),
    (ANALYST, ORDERS, "SELECT COUNT(*) FROM t_sales_order_m"),
    (DBA, CRM, f"SELECT phone FROM luckyus_sales_crm.t_user WHERE user_no = '{CUSTOMER.lower()}'"),
    (CARE, CRM, "SELECT user_no FROM t_user WHERE user_no = 'U100000002'"),
)


@pytest.fixture(scope="module")
def written(demo_policies: PolicySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with the log of these questions."""
    state = tmp_path_factory.mktemp("asked") / "state"
    settings = load_settings(state=state)

    async def ask() -> None:
        sink = audit_sink(settings.audit_directory, keys=settings.audit_keys({}))
        gateway = await opened(demo_policies, audit=sink)
        for who, source, sql in QUESTIONS:
            try:
                await gateway.read(who, SqlRead(source=source, sql=sql))
                assert who is not DBA
            except ReadError:
                assert who is DBA
        await gateway.close()
        sink.close()

    anyio.run(ask)
    return state


@pytest.fixture
def asked(run: Run, state: Path, written: Path) -> Run:
    """Run commands on a copy of it."""
    shutil.copytree(written, state)
    return run


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_log_has_no_value_of_a_person(written: Path) -> None:
    text = "".join(path.read_text() for path in files(written / "audit"))
    assert CUSTOMER not in text and "country_code" in text


@pytest.mark.parametrize("what", ["pii.phone", PHONE, "t_user.phone"])
def test_who_read_a_column_or_a_tag_in_a_month(asked: Run, what: str) -> None:
    rows = table(asked("audit", "who-read", what, "--month", "2026-02").out)
    people = [row for row in rows if row["column"] == PHONE and not row["principal"].startswith("system:")]
    assert [(row["principal"], row["shown_as"], row["reads"], row["rows"]) for row in people] == [
        ("ann", "last4", "2", "4"),
        ("dan", "last4", "1", "2"),
    ]
    assert table(asked("audit", "who-read", what, "--month", "2026-03").out) == []
    assert table(asked("audit", "who-read", "pii.pho").out) == []


def test_what_was_read_about_a_person(asked: Run, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CUSTOMER}\n+1 212 555 0100\n"))
    rows = table(asked("audit", "about").out)
    assert [(row["how"], row["principal"], row["outcome"]) for row in rows] == [
        ("named", "ann", "ok"),
        ("named", "dora", "SOURCE_UNAVAILABLE"),
        ("among others", "ann", "ok"),
        ("among others", "dan", "ok"),
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("U100000002"))
    (row,) = table(asked("audit", "about", "--named-only").out)
    assert row["principal"] == "cara" and "U1000" not in row["sql"]
    looked = [record for record in records(state / "audit") if record["event"] == "event"]
    assert [(each["kind"], each["detail"]) for each in looked] == [
        ("audit.looked_up", "2 values"),
        ("audit.looked_up", "1 values"),
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert asked("audit", "about").code == Exit.USAGE


def test_what_a_role_is_used_for(asked: Run) -> None:
    rows = table(asked("audit", "access", "--role", "analyst").out)
    assert {(row["role"], row["principal"]) for row in rows} == {("analyst", "ann")}
    (phone,) = [row for row in rows if row["column"] == PHONE]
    assert (phone["tags"], phone["shown_as"], phone["reads"], phone["rows"]) == (
        "pii.phone",
        "last4",
        "2",
        "4",
    )
    every = {row["role"] for row in table(asked("audit", "access").out)}
    assert every == {"analyst", "data_engineer", "customer_care"}


def test_reads_by_any_condition(asked: Run) -> None:
    def receipts(*conditions: str) -> list[str]:
        ran = asked("audit", "query", *conditions, "--format", "json")
        return [json.loads(line)["receipt"] for line in ran.out.splitlines()]

    everything = receipts()
    assert len(everything) == len(QUESTIONS) + len(receipts("--principal", "system:reference"))
    assert len(receipts("--role", "analyst")) == 3
    assert len(receipts("--role", "analyst", "--source", CRM)) == 2
    assert receipts("--role", "analyst", "--column", "pii", "--outcome", "ok") == receipts(
        "--principal", "ann", "--source", CRM
    )
    (refused,) = receipts("--outcome", "SOURCE_UNAVAILABLE")
    assert receipts("--receipt", refused) == [refused]
    assert receipts("--since", "2026-02-16") == [] and receipts("--until", "2026-02-14") == []
    assert receipts("--since", "2026-02-15", "--until", "2026-02-15") == everything
    assert asked("audit", "query", "--month", "2026-13").code == Exit.USAGE
    assert asked("audit", "query", "--month", "2026-02", "--since", "2026-02-01").code == Exit.USAGE


def test_the_last_records_and_those_that_come(asked: Run, state: Path) -> None:
    shown = [json.loads(line) for line in asked("audit", "tail", "--lines", "2").out.splitlines()]
    assert [(each["event"], each["principal"]) for each in shown] == [("begun", "cara"), ("ended", "cara")]
    assert not {"mac", "seq"} & set(shown[0])
    run_tail = asked("audit", "tail", "--directory", str(state / "none"))
    assert (run_tail.code, run_tail.out) == (Exit.OK, "")


def test_only_what_is_new_and_whole_is_shown(tmp_path: Path) -> None:
    directory = tmp_path / "audit"
    follower = Follower(directory)
    assert follower.fresh() == []
    sinks = [audit_sink(directory), audit_sink(directory)]
    for sink in sinks:
        sink.write(EVENT)
    assert [[each["kind"] for each in chain] for chain in follower.fresh()] == [["token.created"]] * 2
    (path, _) = files(directory)
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"event":"event",')
    assert follower.fresh() == [[], []]
    path.write_bytes(whole + b'{"event":"event","id":"late"}\n')
    assert [each["id"] for chain in follower.fresh() for each in chain] == ["late"]
    for sink in sinks:
        sink.close()


def test_a_first_look_reads_the_end_of_each_chain_alone(tmp_path: Path) -> None:
    directory = tmp_path / "audit"
    sink = audit_sink(directory, rotation=Rotation(bytes_max=600))
    for _ in range(6):
        sink.write(EVENT)
    follower = Follower(directory)
    ((*first,),) = follower.fresh()
    assert 0 < len(first) < 6
    sink.write(EVENT)
    sink.close()
    assert [len(chain) for chain in follower.fresh()] == [1]
