"""What columns hold is guessed well enough to be worth a reviewer's time, and no value is given away."""

from __future__ import annotations

import hashlib

import pytest

from bench.columns import HALVES, labelled, score
from lucky_mcp.catalog.snapshot import Column
from lucky_mcp.policy.classify.classify import Guess, classify


def guess(name: str, type_: str = "VARCHAR(64)", *values: object) -> Guess:
    return classify(Column(name=name, type=type_), values)


@pytest.mark.parametrize("half", HALVES)
def test_the_floors_hold(half: str) -> None:
    found = score(half)
    assert found.precision >= 0.95 and found.recall >= 0.90, found


def test_the_labelled_set_is_large_and_split_by_the_names_alone() -> None:
    by_half = {half: [each.column.name for each in labelled(half)] for half in HALVES}
    names = [name for half in HALVES for name in by_half[half]]
    assert len(names) == len(set(names)) >= 300
    for half, found in by_half.items():
        for name in found:
            odd = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2
            assert half == ("held_back" if odd else "tuning"), name


def test_half_of_the_columns_are_decoys_or_written_in_pinyin() -> None:
    everything = [each for half in HALVES for each in labelled(half)]
    assert sum(not each.tag for each in everything) >= 150
    pinyin = {"shouji_hao", "dianhua", "youxiang", "xingming", "dizhi", "shenfenzheng"}
    assert pinyin <= {each.column.name for each in everything}


@pytest.mark.parametrize("half", HALVES)
def test_no_reason_quotes_a_value(half: str) -> None:
    for each in labelled(half):
        reason = classify(each.column, each.samples).reason
        assert not [value for value in each.samples if len(value) > 3 and value in reason], each.column.name


def test_the_three_sources_of_a_guess() -> None:
    by_name = guess("shouji_hao")
    by_both = guess("shouji_hao", "VARCHAR(64)", "13800138000", "13900139000")
    by_values = guess("ext1", "VARCHAR(64)", "13800138000", "13900139000")
    assert by_name.tag == by_both.tag == by_values.tag == "pii.phone"
    assert by_both.confidence > by_name.confidence > by_values.confidence > 0.5
    assert "name says 'shouji_hao'" in by_both.reason and "2 of 2 values" in by_both.reason
    assert by_values.reason == "2 of 2 values look like telephone numbers"


@pytest.mark.parametrize(
    ("name", "type_", "values"),
    [
        ("phone", "BOOLEAN", ()),
        ("phone", "DATETIME", ()),
        ("email", "TINYINT(1)", ()),
        ("full_name", "BIGINT", ()),
        ("phone_model", "VARCHAR(20)", ("iPhone 15",)),
        ("x", "VARCHAR(20)", (None, "", "  ")),
        ("x", "VARCHAR(20)", ()),
        ("", "VARCHAR(20)", ()),
        ("__", "VARCHAR(20)", ()),
    ],
)
def test_what_the_type_or_the_name_excludes(name: str, type_: str, values: tuple[object, ...]) -> None:
    assert guess(name, type_, *values).tag == ""


def test_a_few_odd_values_do_not_hide_the_rest() -> None:
    mostly = ["ann@example.com"] * 9 + ["n/a"]
    assert guess("c9", "TEXT", *mostly).tag == "pii.email"
    assert guess("c9", "TEXT", *mostly[:2], "n/a", "none").tag == ""
