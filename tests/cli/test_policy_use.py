"""What is tested, what is asked for in vain, and what a change does to what was asked: out of a real audit log."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import anyio
import pytest

from lucky_mcp.cli.root import Exit
from lucky_mcp.errors import ReadError
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import KeyAsk, KeyRead, SqlRead
from tests.cli.running import Run
from tests.support.audit_log import audit_sink, files
from tests.support.house import ANALYST, DBA, ENGINEER, opened, policies_over
from tests.support.reference import CRM, ORDERS

LONG = ("--days", "3650")
ORDER_KEYS, STOCK_KEYS = "luckyus-isales-order", "luckyus-scm-shopstock"
SECRET = "Alice Diaz 2125550188"
# (who, source, text): the first is answered, the others are refused.
QUESTIONS: tuple[tuple[Principal, str, str], ...] = (
    (ANALYST, ORDERS, f"SELECT order_id, remark FROM t_sales_order_m WHERE remark <> '{SECRET}' LIMIT 1"),
    (ANALYST, CRM, f"SELECT birthday FROM t_user_profile WHERE user_no = '{SECRET}'"),
    (ANALYST, CRM, f"SELECT birthday FROM t_user_profile WHERE user_no <> '{SECRET}'"),
    (DBA, CRM, "SELECT phone FROM luckyus_sales_crm.t_user"),
    (ENGINEER, ORDERS, f"SELECT * FROM hidden_{SECRET.split()[2]}"),
    (ENGINEER, ORDERS, "DELETE FROM t_sales_order_m"),
)


@pytest.fixture
def policies(project_root: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "policies"
    shutil.copytree(project_root / "policies", copy)
    return copy


@pytest.fixture
def log(policies: Path, demo_data: Path, tmp_path: Path) -> Path:
    """The log of a gateway that was asked the questions."""
    directory = tmp_path / "log"

    async def ask() -> None:
        sink = audit_sink(directory)
        gateway = await opened(policies_over(policies, demo_data), audit=sink)
        for who, source, sql in QUESTIONS:
            try:
                await gateway.read(who, SqlRead(source=source, sql=sql))
                assert (who, source) == QUESTIONS[0][:2]
            except ReadError:
                assert sql != QUESTIONS[0][2]
        await gateway.close()
        sink.close()

    anyio.run(ask)
    (path,) = files(directory)
    (path,) = files(directory)
    with path.open("a", encoding="ascii") as file:
        file.write('{"broken\n[]\n{"event":"ended"}\n{"event":"ended","id":1,"at":2,"principal":3}\n')
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def suggested(run: Run, policies: Path, log: Path) -> list[dict[str, object]]:
    ran = run("policy", "suggestions", str(policies), "--audit", str(log), *LONG, "--format", "json")
    assert ran.code == Exit.OK, ran.err
    found: list[dict[str, object]] = json.loads(ran.out)["suggestions"]
    return found


def test_every_refusal_has_the_rule_that_would_allow_it(run: Run, policies: Path, log: Path) -> None:
    found = suggested(run, policies, log)
    first, *others = found
    assert (first["times"], first["roles"]) == (2, ["analyst"])
    assert first["what"] == "luckyus_sales_crm.t_user_profile.birthday"
    assert first["allow"] and first["why"]
    by_code = {each["code"] for each in found}
    assert {"UNKNOWN_NAME", "NOT_READ_ONLY"} <= by_code
    dba = next(each for each in others if each["roles"] == ["dba"])
    assert "{id: customers-dba, roles: [dba], tables: [luckyus_sales_crm.t_user], why: …}" in str(
        dba["allow"]
    )
    assert all(each["allow"] for each in found)


def test_nothing_that_an_agent_wrote_is_shown(run: Run, policies: Path, log: Path) -> None:
    for command in ("suggestions", "coverage"):
        for layout in ("text", "json"):
            ran = run("policy", command, str(policies), "--audit", str(log), *LONG, "--format", layout)
            assert ran.code == Exit.OK
            assert not [word for word in SECRET.split() if word in ran.out], (command, layout)


def test_what_is_allowed_by_now_is_no_suggestion(run: Run, policies: Path, log: Path) -> None:
    roles = policies / "roles.yaml"
    edit(roles, "pii.name: deny, free_text: scrub}", "pii.name: deny, pii.birthday: year, free_text: scrub}")
    whats = [each["what"] for each in suggested(run, policies, log)]
    assert "luckyus_sales_crm.t_user_profile.birthday" not in whats and len(whats) >= 3


def test_only_the_last_days_count(run: Run, policies: Path, log: Path) -> None:
    ran = run("policy", "suggestions", str(policies), "--audit", str(log), "--days", "1")
    assert ran.out == "nothing was refused that the policies do not allow by now\n"
    missing = run("policy", "suggestions", str(policies), "--audit", str(log) + "x", *LONG)
    assert missing.code == Exit.CONFIGURATION and "cannot be read" in missing.err


def test_coverage_by_tests_and_by_the_audit(run: Run, policies: Path, log: Path) -> None:
    ran = run("policy", "coverage", str(policies), "--audit", str(log), *LONG, "--format", "json")
    document = json.loads(ran.out)
    by_table = {each["table"]: each["columns"] for each in document["tables"]}
    orders = by_table["luckyus_sales_order.t_sales_order_m"]
    assert "audit" in orders["remark"] and "tests" in orders["remark"]
    assert orders["order_id"] == ["audit"] or orders["order_id"] == ["audit", "tests"]
    rules = {each["id"]: each["by"] for each in document["rules"]}
    assert rules["us-market"] == ["audit", "tests"] and rules["orders-read"] == ["audit", "tests"]
    assert document["questions"] == {"tests": document["questions"]["tests"], "audit": len(QUESTIONS)}
    for path in policies.rglob("*.test.yaml"):
        path.unlink()
    alone = json.loads(run("policy", "coverage", str(policies), "--format", "json").out)
    assert all(by == [] for each in alone["tables"] for by in each["columns"].values())
    assert all(each["by"] == [] for each in alone["rules"])


def test_coverage_names_what_no_test_asks(run: Run, policies: Path) -> None:
    out = run("policy", "coverage", str(policies)).out
    assert "  rule lake-raw-read (datasets/lake/raw.yaml:" in out
    assert "  rule us-market" not in out
    assert out.splitlines()[-2].startswith("tests: ")


async def read_keys(policies: Path, demo_data: Path, directory: Path) -> None:
    """An engineer reads an order and is refused another key, a DBA looks over the keys of a cluster."""
    sink = audit_sink(directory)
    gateway = await opened(policies_over(policies, demo_data), audit=sink)
    await gateway.read(ENGINEER, KeyRead(source=ORDER_KEYS, key="order:100000000001"))
    with pytest.raises(ReadError):
        await gateway.read(ENGINEER, KeyRead(source=ORDER_KEYS, key="order:events:2"))
    await gateway.read(DBA, KeyRead(source=STOCK_KEYS, ask=KeyAsk.SCAN))
    await gateway.close()
    sink.close()


def test_coverage_counts_rules_about_keys(run: Run, policies: Path, demo_data: Path, tmp_path: Path) -> None:
    anyio.run(read_keys, policies, demo_data, tmp_path / "log")
    log = str(tmp_path / "log")
    ran = run("policy", "coverage", str(policies), "--audit", log, *LONG, "--format", "json")
    document = json.loads(ran.out)
    rules = {each["id"]: each["by"] for each in document["rules"]}
    assert rules["order-cache"] == ["audit", "tests"]
    assert rules["scm-key-sizes"] == ["audit"], "a look over the keys is by every rule of the caller"
    assert (rules["no-blacklist"], rules["leads"]) == (["tests"], ["tests"])
    assert (rules["stock-levels"], rules["contact-counters"], rules["order-events"]) == ([], [], [])
    assert rules["sales-key-sizes"] == ["tests"], "it shows a key in a list, though the key is refused"
    assert document["questions"]["audit"] == 3


def test_a_rule_about_keys_without_a_test_is_named(run: Run, policies: Path) -> None:
    assert "  rule stock-levels (redis/scm.yaml:" in run("policy", "coverage", str(policies)).out
    for path in policies.rglob("redis/*.test.yaml"):
        path.unlink()
    assert "  rule order-cache (redis/sales.yaml:" in run("policy", "coverage", str(policies)).out


def test_a_diff_asks_again_what_was_asked(run: Run, policies: Path, log: Path, tmp_path: Path) -> None:
    after = tmp_path / "after"
    shutil.copytree(policies, after)
    edit(after / "roles.yaml", "pii.name: deny, free_text: scrub}", "pii.birthday: year, free_text: redact}")
    command = ("policy", "diff", str(policies), str(after), "--replay", str(log), *LONG)
    ran = run(*command)
    assert ran.code == Exit.FAILED
    asked, *lines = ran.out[ran.out.index("asked again") :].splitlines()
    assert asked == "asked again: 6 questions, 3 fare otherwise"
    assert lines[0] == "answered now:" and lines[3] == "answered otherwise:"
    assert "with analyst:free_text" in lines[4] or "the same rules" in lines[4]
    assert SECRET not in ran.out
    back = run("policy", "diff", str(after), str(policies), "--replay", str(log), *LONG, "--format", "json")
    turns = [each["turn"] for each in json.loads(back.out)["replayed"]["changed"]]
    assert sorted(turns) == ["answered otherwise", "refused now", "refused now"]
    same = run("policy", "diff", str(policies), str(policies), "--replay", str(log), *LONG)
    assert same.code == Exit.OK and same.out.endswith("asked again: 6 questions, 0 fare otherwise\n")
