"""`replay`: recordings against the policies, logs as a report on a cut-over, and recordings without values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from ruamel.yaml import YAML

from lucky_mcp.cli.root import Exit
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.replay.scrub import Scrubber
from lucky_mcp.gateway.review.offline import offline_gateway
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.policy.offline import load_offline
from lucky_mcp.policy.policy_set import PolicySet
from tests.cli.running import Ran, Run
from tests.support.audit_log import audit_sink
from tests.support.cases import CASES
from tests.support.house import ANALYST, DBA, opened, policies_over
from tests.support.reference import CRM, ORDERS

LOGS = CASES / "replay"
VALUES = ("Quentin", "Zazulak", "zazulak", "5550188")
CASE_FILE = YAML(typ="safe").load((LOGS / "scrubbed.yaml").read_text(encoding="utf-8"))
GOOD = {
    "principal": "app:ask-lucky",
    "roles": ["analyst"],
    "source": "salescrm",
    "sql": "SELECT phone FROM t_user LIMIT 3",
    "verdict": "permit",
    "filters": ["us-market"],
    "masks": ["t_user.phone:last4"],
}


@pytest.fixture(scope="module")
def shipped(project_root: Path) -> PolicySet:
    return load_offline(project_root / "policies")


@pytest.fixture
def replay(run: Run, project_root: Path) -> Run:
    def run_it(*arguments: str) -> Ran:
        return run("replay", *arguments, "--policies", str(project_root / "policies"))

    return run_it


def written(path: Path, *lines: Mapping[str, object] | str) -> str:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return str(path)


def test_what_is_as_expected_passes(replay: Run, tmp_path: Path) -> None:
    refused = {**GOOD, "sql": "DELETE FROM t_user", "verdict": "NOT_READ_ONLY", "filters": [], "masks": []}
    ran = replay(written(tmp_path / "r.jsonl", GOOD, "", refused))
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert ran.out == "2 recordings, 2 as expected, 0 otherwise\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"verdict": "NOT_READ_ONLY"}, "expected NOT_READ_ONLY, got permit"),
        ({"sql": "SELECT first_name FROM t_user"}, "expected permit, got UNKNOWN_NAME: there is no column"),
        ({"filters": []}, "expected the filters none, got us-market"),
        ({"filters": ["us-market", "x"]}, "expected the filters us-market, x, got us-market"),
        ({"masks": []}, "expected the masks none, got luckyus_sales_crm.t_user.phone:last4"),
        (
            {"masks": ["phone:token"]},
            "expected the masks phone:token, got luckyus_sales_crm.t_user.phone:last4",
        ),
        ({"masks": ["phone:last4", "email:token"]}, "expected the masks email:token, phone:last4, got"),
        ({"roles": ["nobody"]}, "there is no role 'nobody'"),
        ({"source": "nowhere"}, "expected permit, got SOURCE_UNAVAILABLE"),
    ],
)
def test_a_difference_is_named_with_its_line(
    change: Mapping[str, object], told: str, replay: Run, tmp_path: Path
) -> None:
    path = written(tmp_path / "r.jsonl", GOOD, {**GOOD, **change, "id": "q7"}, GOOD)
    ran = replay(path)
    assert ran.code == Exit.FAILED
    head, what, *_ = ran.out.splitlines()
    assert head == f"{path}:2: q7 differs" and told in what
    assert ran.out.splitlines()[-1] == "3 recordings, 2 as expected, 1 otherwise"


def test_a_malformed_line_hides_no_other(replay: Run, tmp_path: Path) -> None:
    secret = {**GOOD, "verdict": "perhaps", "sql": "SELECT 'Zazulak'"}
    lines = (
        "{broken",
        {**GOOD, "verdict": "TIMEOUT"},
        {**GOOD, "extra": 1},
        {**GOOD, "roles": []},
        "[]",
        secret,
    )
    path = written(tmp_path / "r.jsonl", *lines)
    ran = replay(path, "--format", "json")
    document = json.loads(ran.out)
    assert ran.code == Exit.FAILED and document["asked"] == 1
    assert [each["place"] for each in document["differences"]] == [f"{path}:{n}" for n in range(1, 7)]
    assert [each["is_malformed"] for each in document["differences"]] == [True, False, True, True, True, True]
    assert "extra: " in document["differences"][2]["what"][0]
    assert "Zazulak" not in ran.out


def test_no_recording_at_all_is_no_success(replay: Run, tmp_path: Path) -> None:
    assert replay(written(tmp_path / "r.jsonl")).code == Exit.FAILED
    missing = replay(str(tmp_path / "none.jsonl"))
    assert missing.code == Exit.CONFIGURATION and "cannot be read" in missing.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("r.jsonl", "--from-query-log", "l"),
        ("r.jsonl", "--as", "analyst"),
        ("r.jsonl", "--record", "o"),
        ("--from-query-log", "l", "--rows"),
        ("--from-query-log", "l", "--as", "nobody"),
        ("--from-query-log", "l", "--user", "ann"),
    ],
)
def test_a_wrong_command_line_is_told(arguments: tuple[str, ...], replay: Run) -> None:
    assert replay(*arguments).code == Exit.USAGE


def test_the_clock_of_a_recording_counts(replay: Run, tmp_path: Path) -> None:
    """A manager must name a quarter: since 1 January is one in February, and not in July."""
    asked = {
        **GOOD,
        "roles": ["operations_manager"],
        "attributes": {"shops": ["10001"]},
        "source": "salesorder",
        "sql": "SELECT COUNT(*) FROM t_sales_order_m WHERE order_time >= '2026-01-01'",
        "filters": ["us-market", "orders-own-stores"],
        "masks": [],
    }
    late = {**asked, "at": "2026-07-01T12:00:00Z", "verdict": "PREDICATE_REQUIRED"}
    ran = replay(written(tmp_path / "r.jsonl", {**asked, "at": "2026-02-15T12:00:00Z"}, late))
    assert ran.code == Exit.OK, ran.out


def test_rows_are_compared_when_sources_are_opened(
    replay: Run, demo_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEMO_DATA", str(demo_data))
    states = "SELECT DISTINCT order_status AS s FROM t_sales_order_m"
    line = {**GOOD, "source": "salesorder", "sql": states, "masks": [], "rows": [[99], [90], ["91"]]}
    path = written(
        tmp_path / "r.jsonl", line, {**line, "rows": [[99], [90]]}, {**line, "rows": [[1], [2], [3]]}
    )
    shut = replay(path)
    assert shut.code == Exit.OK and shut.out.endswith("rows compared for 0 of 3 that have rows\n")
    ran = replay(path, "--rows")
    assert ran.code == Exit.FAILED
    assert "expected 2 rows, got 3; 0 are missing and 1 are others" in ran.out
    assert "expected 3 rows, got 3; 3 are missing and 3 are others" in ran.out
    assert f"{path}:1:" not in ran.out


def test_progress_is_told_on_long_runs(replay: Run, tmp_path: Path) -> None:
    ran = replay(
        written(tmp_path / "r.jsonl", *[{**GOOD, "sql": "SELECT 1", "filters": [], "masks": []}] * 1001)
    )
    assert ran.err == "replay: 500 of 1001\nreplay: 1000 of 1001\n"


# (file, arguments, statements, refused, left out)
QUERY_LOGS = [
    ("mysql-general.log", ("--as", "analyst"), 10, 4, {"session": 3, "no_source": 1}),
    ("mysql-general.log", ("--user", "report=analyst,data_engineer", "--user", "etl=dba"), 9, 5, None),
    ("mariadb-general.log", ("--as", "analyst"), 3, 1, {}),
    ("process-list.tsv", ("--as", "analyst"), 2, 0, {"cut": 1}),
    ("activity.csv", ("--as", "analyst", "--source", "pgilkmap"), 2, 1, {"session": 1}),
    (
        "gateway.jsonl",
        ("--user", "claude-code=data_engineer", "--user", "ask-lucky=executive"),
        3,
        1,
        {"damaged": 2, "no_source": 1, "no_role": 1},
    ),
]


@pytest.mark.parametrize(("file", "arguments", "statements", "refused", "left_out"), QUERY_LOGS)
def test_a_log_becomes_a_report(
    file: str,
    arguments: tuple[str, ...],
    statements: int,
    refused: int,
    left_out: dict[str, int] | None,
    replay: Run,
) -> None:
    ran = replay("--from-query-log", str(LOGS / file), *arguments, "--format", "json")
    assert ran.code == Exit.OK, ran.err
    report = json.loads(ran.out)
    assert (report["statements"], report["verdicts"]["refused"]) == (statements, refused), report
    assert left_out is None or report["left_out"] == left_out
    assert sum(report["codes"].values()) == sum(each["times"] for each in report["refused"]) == refused
    assert all(each["fix"] for each in report["reasons"]), report["reasons"]
    assert not [value for value in VALUES if value in ran.out]


def test_the_report_says_what_changes_and_what_to_do(replay: Run) -> None:
    ran = replay("--from-query-log", str(LOGS / "mysql-general.log"), "--as", "analyst", "--format", "json")
    report = json.loads(ran.out)
    shapes = {each["sql"]: each for each in report["refused"]}
    lock = shapes["SELECT * FROM t_sales_order_m WHERE order_id = ? FOR UPDATE"]
    assert lock["instead"] == "SELECT * FROM t_sales_order_m WHERE order_id = ?"
    name = shapes["SELECT first_name, last_name FROM t_user_profile WHERE last_name = ?"]
    assert name["times"] == 2 and name["fix"] == "pii.name: MASK under masks of analyst in roles.yaml"
    reasons = {each["what"]: each["times"] for each in report["reasons"]}
    absent = "luckyus_sales_crm.t_user_profile.last_name: analyst sees no column with the tag pii.name"
    assert reasons[absent] == 2
    assert report["masks"] == {"luckyus_sales_crm.t_user.phone:last4": 1}
    assert report["filters"]["us-market"] >= 4
    orders = next(each for each in report["tables"] if each["table"].endswith(".t_sales_order_m"))
    assert (orders["answered"], orders["refused"]) == (2, 1)
    text = replay("--from-query-log", str(LOGS / "mysql-general.log"), "--as", "analyst").out
    assert "      fix: pii.name: MASK under masks of analyst in roles.yaml\n" in text
    assert "this runs instead: SELECT * FROM t_sales_order_m WHERE order_id = ?\n" in text


@pytest.mark.parametrize("text", ["", "hello\nworld\n"])
def test_a_log_that_is_none_is_told(text: str, replay: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(text, encoding="utf-8")
    ran = replay("--from-query-log", str(path), "--as", "analyst")
    assert ran.code == Exit.CONFIGURATION and "not a log that is known" in ran.err
    assert replay("--from-query-log", str(path) + "x").code == Exit.CONFIGURATION


@pytest.fixture
def audit_log(project_root: Path, demo_data: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "log"

    async def ask() -> None:
        sink = audit_sink(directory)
        gateway = await opened(policies_over(project_root / "policies", demo_data), audit=sink)
        for who, source, sql in (
            (ANALYST, CRM, "SELECT user_no FROM t_user WHERE phone = '+12125550188'"),
            (ANALYST, ORDERS, "SELECT order_id FROM t_sales_order_m WHERE remark = 'Quentin Zazulak'"),
            (DBA, CRM, "SELECT phone FROM luckyus_sales_crm.t_user WHERE phone = 2125550188"),
        ):
            try:
                await gateway.read(who, SqlRead(source=source, sql=sql))
            except ReadError:
                assert who is DBA
        await gateway.close()
        sink.close()

    anyio.run(ask)
    return directory


def test_an_audit_log_is_reported_and_recorded_without_values(
    replay: Run, run: Run, audit_log: Path, project_root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "recorded.jsonl"
    ran = replay("--from-audit", str(audit_log), "--days", "3650", "--record", str(out))
    assert ran.code == Exit.OK and ran.err == f"{out}: 3 recordings, 0 left out\n"
    assert "3 statements, 3 different ones\n" in ran.out
    recorded = out.read_text(encoding="utf-8")
    assert not [value for value in VALUES if value in ran.out + recorded] and "ann" not in recorded
    assert replay(str(out)).out == "3 recordings, 3 as expected, 0 otherwise\n"
    again = replay("--from-audit", str(audit_log), "--days", "3650", "--record", str(out))
    assert again.code == Exit.CONFIGURATION and "cannot be written" in again.err
    policies = str(project_root / "policies")
    asked = run(
        "policy",
        "diff",
        policies,
        policies,
        "--replay",
        str(out),
        "--replay",
        str(audit_log),
        "--days",
        "3650",
    )
    assert asked.out.endswith("asked again: 6 questions, 0 fare otherwise\n")


@pytest.mark.parametrize("case", CASE_FILE["cases"], ids=lambda case: str(case["title"]))
def test_no_value_is_left_in_a_recording(case: dict[str, Any], shipped: PolicySet) -> None:
    source = shipped.source(case["source"])
    assert source is not None
    caller = Principal(subject="c", roles=(case.get("role", "analyst"),))
    view = offline_gateway(shipped, datetime(2026, 2, 15, tzinfo=UTC)).view()
    scrubbed = Scrubber(view).scrubbed(caller, source, case["sql"])
    assert scrubbed is not None
    assert not [value for value in CASE_FILE["values"] if value in scrubbed], scrubbed
    assert [text for text in case.get("kept", ()) if text not in scrubbed] == [], scrubbed
    if not case.get("kept"):
        assert any(value in case["sql"] for value in CASE_FILE["values"]), "the case has no value to hide"
