"""A question of a corpus asked twice: through the guard over dirty data, and of the plain engine over a clean copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb
import sqlglot
from sqlglot.errors import ErrorLevel, SqlglotError

from lucky_mcp.enforcement.clock import settle_clock
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import ReadResult
from lucky_mcp.sql.nodes import Nodes
from tests.support.corpora import Question
from tests.support.dialect_worlds import DialectWorlds
from tests.support.house import ANALYST, ENGINEER, EXECUTIVE, NOW, opened
from tests.support.tpc_world import TPC_SOURCES, TpcWorld, tpc_world
from tests.support.twin import Rows, Unguarded, as_multiset

CALLERS = {"analyst": ANALYST, "data_engineer": ENGINEER, "executive": EXECUTIVE}
ROWS_MAX = 5000


class Verdict(StrEnum):
    """What became of a question."""

    SAME = "same"
    REFUSED = "refused"
    DIFFERENT = "different"
    WRONG = "wrong"  # the plain engine has no answer, and the guard has one: the question is at fault


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with its verdict; `code` and `told` are those of a refusal or failure."""

    question: Question
    verdict: Verdict
    code: str = ""
    told: str = ""
    rows: int = 0


class Corpora:
    """Gateways and clean copies for all corpora, each made when it is first needed."""

    def __init__(self, worlds: DialectWorlds, folder: Path) -> None:
        """`worlds` are the demo's, and stay open; what the benchmarks need is written into `folder`."""
        self._worlds = worlds
        self._folder = folder
        self._gateways: dict[str, Gateway] = {}
        self._tpc: dict[str, TpcWorld] = {}

    async def ask(self, question: Question) -> Asked:
        """Return what becomes of a question; rows are compared without order."""
        gateway, twin = await self._sides(question)
        request = SqlRead(source=question.source, sql=question.sql, rows_max=ROWS_MAX)
        try:
            result = await gateway.read(CALLERS[question.role], request)
        except ReadError as failure:
            told = f"{failure.what} | {failure.next_step}"
            return Asked(question=question, verdict=Verdict.REFUSED, code=str(failure.code), told=told)
        try:
            _, expected = self._plain(question, gateway, twin)
        except (duckdb.Error, SqlglotError, ReadError) as failure:
            return Asked(question=question, verdict=Verdict.WRONG, told=str(failure).splitlines()[0])
        return compared(question, result, expected)

    async def close(self) -> None:
        """Close every gateway and every copy."""
        for gateway in self._gateways.values():
            await gateway.close()
        for world in self._tpc.values():
            world.twin.close()

    async def _sides(self, question: Question) -> tuple[Gateway, Unguarded]:
        if question.source in TPC_SOURCES:
            if question.source not in self._tpc:
                self._tpc[question.source] = tpc_world(question.source, self._folder / question.source)
            world = self._tpc[question.source]
            if question.source not in self._gateways:
                self._gateways[question.source] = await opened(world.policies)
            return self._gateways[question.source], world.twin
        of_dialect = self._worlds.world(question.dialect)
        if question.dialect not in self._gateways:
            self._gateways[question.dialect] = await opened(of_dialect.policies)
        return self._gateways[question.dialect], of_dialect.twins[question.role]

    def _plain(self, question: Question, gateway: Gateway, twin: Unguarded) -> tuple[tuple[str, ...], Rows]:
        """The plain engine has the gateway's clock written into the text, and nothing else of its."""
        source = gateway.policies.source(question.source)
        assert source is not None
        sql = question.sql
        tree = sqlglot.parse_one(sql, read=question.dialect, error_level=ErrorLevel.RAISE)
        if settle_clock(Nodes(tree), source, NOW):
            sql = tree.sql(dialect=question.dialect)
        return twin.ask(source.name, sql, source.default_schema or "")


def compared(question: Question, result: ReadResult, expected: Rows) -> Asked:
    """Return the verdict on an answer, by the rows that it should have; their order is left aside."""
    found, wanted = as_multiset(result.rows), as_multiset(expected)
    is_same = found <= wanted and len(result.rows) == len(expected)
    if result.truncation != "none":
        is_same = found <= wanted and len(result.rows) < len(expected)
    verdict = Verdict.SAME if is_same else Verdict.DIFFERENT
    told = "" if is_same else _shown(found - wanted, wanted - found)
    return Asked(question=question, verdict=verdict, told=told, rows=len(expected))


def _shown(more: Mapping[tuple[str, ...], int], missing: Mapping[tuple[str, ...], int]) -> str:
    return f"more {list(more)[:2]}, missing {list(missing)[:2]}"
