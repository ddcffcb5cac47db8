"""What people ask, in English and Chinese, finds its table: at least nine of ten labels within three results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from lucky_mcp.catalog.search import Described, SearchIndex
from lucky_mcp.demo.generate import generate
from lucky_mcp.demo.lake_datasets import lake_datasets
from lucky_mcp.demo.roster import SOURCES
from lucky_mcp.demo.tables import Column
from tests.support.cases import CASES

SHOWN = 3
RECALL_MIN = 0.9
HAN = range(0x4E00, 0x9FFF)


class Question(NamedTuple):
    ask: str
    tables: tuple[str, ...]


def questions() -> list[Question]:
    """The labelled questions; a repeated or unlabelled one is a fault of the file."""
    entries = YAML(typ="safe").load((CASES / "search" / "questions.yaml").read_text(encoding="utf-8"))
    found = [Question(each["ask"], tuple(each["tables"])) for each in entries["questions"]]
    assert len({each.ask for each in found}) == len(found)
    assert all(each.tables for each in found)
    return found


@pytest.fixture(scope="module")
def described() -> dict[str, Described]:
    """Every table, view and lake dataset of the demo, by the words of its generator."""
    fleet = generate(seed=7, end=date(2026, 2, 14), scale="tiny", sources=SOURCES)
    found = {
        f"{table.schema}.{table.name}": words(table.source, table.name, table.comment, table.columns)
        for table in (*fleet.tables, *fleet.views)
    }
    for dataset in lake_datasets(fleet):
        about = f"{dataset.name} in the {dataset.zone} zone of the data lake"
        found[f"{dataset.zone}.{dataset.name}"] = words("data lake", dataset.name, about, dataset.columns)
    return found


def words(source: str, name: str, comment: str, columns: Sequence[Column]) -> Described:
    return Described(
        name=name,
        description=comment,
        columns=" ".join(column.name for column in columns),
        comments=" ".join(column.comment for column in columns),
        context=source,
    )


def test_the_labels_name_tables_of_the_demo(described: dict[str, Described]) -> None:
    assert {table for each in questions() for table in each.tables} <= set(described)


def test_both_languages_are_asked_in() -> None:
    asked = questions()
    chinese = [each for each in asked if any(ord(character) in HAN for character in each.ask)]
    assert len(asked) >= 40
    assert len(chinese) >= 10


def missed(described: dict[str, Described], index: SearchIndex) -> dict[str, list[str]]:
    """Ask every question; return what was shown for those whose table was not among it."""
    names = list(described)
    shown = {each: [names[at] for at in index.rank(each.ask)[:SHOWN]] for each in questions()}
    return {each.ask: found for each, found in shown.items() if not set(found) & set(each.tables)}


def test_nine_of_ten_questions_find_their_table(described: dict[str, Described]) -> None:
    without = missed(described, SearchIndex(list(described.values())))
    assert len(without) <= len(questions()) * (1 - RECALL_MIN), without


def test_the_measure_can_fail(described: dict[str, Described]) -> None:
    """Without their own words the same tables are found far less often."""
    nameless = [Described(name="", description="", columns="", comments="", context=n) for n in described]
    assert len(missed(described, SearchIndex(nameless))) > len(questions()) * (1 - RECALL_MIN)
