"""How well `policy scaffold` guesses what a column is, on columns labelled by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from lucky_mcp.catalog.snapshot import Column
from lucky_mcp.policy.classify.classify import classify

LABELLED = Path(__file__).resolve().parents[1] / "tests" / "cases" / "columns"
HALVES = ("tuning", "held_back")


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A column with a few values, and the tag that somebody gave it; "" is none."""

    column: Column
    samples: tuple[str, ...]
    tag: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """Precision: how many tags given are right. Recall: how many columns with a tag got just that one."""

    half: str
    columns: int
    tagged: int
    precision: float
    recall: float


def labelled(half: str) -> Iterator[Labelled]:
    """Yield the columns of one half."""
    with (LABELLED / f"{half}.yaml").open(encoding="utf-8") as file:
        entries = YAML(typ="safe").load(file)
    for entry in entries:
        yield Labelled(
            column=Column(name=entry["name"], type=entry["type"]),
            samples=tuple(entry["samples"]),
            tag=entry["tag"],
        )


def score(half: str) -> Score:
    """Return the score on one half; a wrong tag counts against both figures."""
    pairs = [(each.tag, classify(each.column, each.samples).tag) for each in labelled(half)]
    given = [(wanted, got) for wanted, got in pairs if got]
    wanted_any = [(wanted, got) for wanted, got in pairs if wanted]
    right = sum(wanted == got for wanted, got in given)
    return Score(
        half=half,
        columns=len(pairs),
        tagged=len(wanted_any),
        precision=right / len(given),
        recall=right / len(wanted_any),
    )


def scores() -> list[tuple[str, ...]]:
    """Return one row of the benchmark page for each half."""
    found = map(score, HALVES)
    return [
        (each.half, f"{each.columns}", f"{each.tagged}", f"{each.precision:.3f}", f"{each.recall:.3f}")
        for each in found
    ]
