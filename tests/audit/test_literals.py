"""No value that an agent writes is in the log, and the same value can be found again."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from lucky_mcp.audit.literals import CUT, KEYS, Literals
from lucky_mcp.audit.reads import WORDS
from tests.support.audit_log import KEY, OTHER_KEY

CASES = tomllib.loads((Path(__file__).parent / "literals.toml").read_text(encoding="utf-8"))
LITERALS = Literals(KEY)


def shape(text: str) -> str:
    """The text with stand-ins as the cases write them."""
    text = re.sub(r"~[0-9a-f]{16}|(?<=\bx)[0-9a-f]{16}\b", "~", text)
    return re.sub(r"\b9\d{17}\b", "#", text)


@pytest.mark.parametrize("case", CASES["statement"], ids=lambda case: case["sql"][:40])
def test_a_statement_has_no_value(case: dict[str, Any]) -> None:
    found = LITERALS.text(case["sql"], case["dialect"])
    assert " ".join(shape(found).split()) == case["log"]
    assert not [each for each in case["hidden"] if each in found]
    if not found.endswith(CUT) and case["dialect"] != KEYS:
        sqlglot.parse_one(found, read=case["dialect"] or "mysql")
    assert (
        LITERALS.text(found, case["dialect"]) != ""
        and Literals(OTHER_KEY).text(case["sql"], case["dialect"]) != found
    )


@pytest.mark.parametrize("case", CASES["message"], ids=lambda case: case["text"][:40])
def test_a_message_has_no_value(case: dict[str, str]) -> None:
    assert shape(LITERALS.message(case["text"])) == case["log"]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("'U100000001'", "u100000001"),
        ("'%Alice Diaz%'", " Alice Diaz"),
        ("'+1 (212) 555-0188'", "2125550188"),
        ("2125550188", "+12125550188"),
        ("'A@X.com'", "a@x.com"),
        ("'ＵＳＥＲ'", "user"),
        ("10001", "10001"),
        ("'10001'", "10001"),
    ],
)
def test_a_value_is_found_however_it_is_written(written: str, asked: str) -> None:
    log = LITERALS.text(f"SELECT a FROM t WHERE b = {written}", "mysql")
    assert LITERALS.forms(asked) & set(WORDS.findall(log))
    assert not LITERALS.forms(asked + "1") & set(WORDS.findall(log))


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("ann_lee", "Ann_Lee"),
        ("ann.lee", "ann.lee"),
        ("sess_aBcD1234", "sess_aBcD1234"),
        ("2125550188", "+1 212 555 0188"),
        ("o brien", "o'brien"),
        ("*ann_lee*", "ann_lee"),
        ("ann_lee*", "ann_lee*"),
        ("Li", "Li"),
        ("2026-02-01", "2026-02-01"),
    ],
)
def test_a_value_in_what_is_asked_of_keys_is_found(written: str, asked: str) -> None:
    for sql in (f"read u:{{u:text}} u='{written}'", f"scan '{written}'"):
        log = LITERALS.text(sql, KEYS)
        assert written not in log
        assert LITERALS.forms(asked) & set(WORDS.findall(log))
        assert not LITERALS.forms(asked + "1") & set(WORDS.findall(log))


def test_a_pattern_for_all_keys_is_no_value() -> None:
    assert LITERALS.text("scan '*'", KEYS) == "scan '*'"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=6, max_size=20))
def test_no_text_of_an_agent_is_left(value: str) -> None:
    """Six characters and more that are no time, format or number."""
    quoted = value.replace("\\", "\\\\").replace("'", "''")
    log = LITERALS.text(f"SELECT a FROM t WHERE b = '{quoted}'", "mysql")
    is_kept = f"'{quoted}'" in log
    assert not is_kept or re.fullmatch(
        r"([\d\s:/.,$+\-TZ_]|%[A-Za-z])*|(?i:(\d+ )?[a-z]+s?)|[A-Z][a-z]+/\w+", value
    )
    if not is_kept:
        assert re.fullmatch(r"SELECT a FROM t WHERE b = '%?~[0-9a-f]{16}%?'", log)


@given(st.integers(min_value=10**8, max_value=10**17))
def test_no_long_number_is_left(value: int) -> None:
    log = LITERALS.text(f"SELECT a FROM t WHERE b = {value}", "postgres")
    assert str(value) not in log or 1_420_070_400_000 <= value < 2_000_000_000_000
