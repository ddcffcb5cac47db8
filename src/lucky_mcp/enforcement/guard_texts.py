"""The text of each guard, in the agent's dialect and in the engine's: rendered once per decision."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lucky_mcp.enforcement import guard_scans
from lucky_mcp.enforcement.guard_scans import MARK, marked_column
from lucky_mcp.enforcement.render import render_agent, render_engine
from lucky_mcp.enforcement.view_bodies import view_body
from lucky_mcp.model.decision import TableDecision
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import Dialect, Kind

TEXTS_KEPT = 2048
PLACE = re.compile(f'SELECT ["`]{MARK}([0-9]+)["`]( WHERE )?')
MORE = "more"


@dataclass(frozen=True, kw_only=True)
class GuardText:
    """One guard without its fence, as it stands alone and as it goes on with another condition.

    `alone` ends with its filters, `joined` with the word (WHERE or AND) before the next condition.
    """

    alone: str
    joined: str


@dataclass(frozen=True, kw_only=True)
class GuardTexts:
    """One guard for people, who are shown a view by its name, and for the engine, where it is written out."""

    agent: GuardText
    engine: GuardText


@lru_cache(maxsize=TEXTS_KEPT)
def guard_texts(decided: TableDecision, dialect: Dialect, kind: Kind) -> GuardTexts:
    """Return the texts of one table's guard; ConstructRefused when the engine has no equal of a mask,
    or a view's definition is not what was reviewed.
    """
    body = view_body(decided, dialect, kind)
    named = guard_scans.guard_select(decided, dialect)
    written = named if body is None else guard_scans.guard_select(decided, dialect, body)
    more = [each.where(marked_column(MORE)) for each in (named, written)]
    return GuardTexts(
        agent=GuardText(alone=render_agent(named, dialect), joined=_begun(render_agent(more[0], dialect))),
        engine=GuardText(
            alone=render_engine(written, dialect, kind), joined=_begun(render_engine(more[1], dialect, kind))
        ),
    )


def alike(tables: Iterable[TableDecision], dialect: Dialect, kind: Kind) -> dict[TableName, TableName]:
    """Return for each view the first one with the same guard: a text does not tell them apart."""
    first: dict[str, TableName] = {}
    views = [each for each in tables if each.below is not None]
    return {
        each.table: first.setdefault(guard_texts(each, dialect, kind).engine.alone, each.table)
        for each in views
    }


def put_guards(text: str, guards: Sequence[GuardText], scans: int) -> str:
    """Return the rendered text with the guard of the nth table of the decision in each place marked n.

    A text whose places are not as many as the scans keeps its marks, and does not verify.
    """
    if text.count(MARK) != scans:
        return text

    def guard(place: re.Match[str]) -> str:
        found = guards[int(place[1])]
        return found.joined if place[2] else found.alone

    return PLACE.sub(guard, text)


def _begun(text: str) -> str:
    return text[: text.index(MARK) - 1]  # the mark stands in quotes, and last
