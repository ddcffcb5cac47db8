"""The demo on one real server, asked a question of a corpus through the guard and, of a clean copy there, plainly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lucky_mcp.demo.tables import Fleet
from lucky_mcp.errors import ReadError
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.request import SqlRead
from tests.live.fleet import moved
from tests.support.corpora import Question
from tests.support.corpora_asked import CALLERS, ROWS_MAX, Asked, Verdict, compared
from tests.support.dialect_worlds import ROLES
from tests.support.generator_house import gateway_of
from tests.support.generator_servers import DIALECTS, unestimated, without_padding
from tests.support.house import policies_in, policies_over
from tests.support.plain_servers import PlainServer
from tests.support.reference import clean_tables
from tests.support.server_worlds import InWorld, Worlds


class ServerCorpora:
    """A gateway over the demo as it is, and a copy for each role without what that role may not know."""

    def __init__(self, gateway: Gateway, twins: Mapping[str, PlainServer]) -> None:
        self._gateway = gateway
        self._twins = twins

    def has(self, question: Question) -> bool:
        """Whether the question is about what is here: the demo, in the servers' dialect."""
        source = self._gateway.policies.source(question.source)
        return source is not None and source.server is not None and question.dialect == source.dialect

    async def ask(self, question: Question) -> Asked:
        """Return what becomes of a question; rows are compared without order."""
        expected = self._twins[question.role].ask(question.source, question.sql)
        if expected.failure:
            return Asked(question=question, verdict=Verdict.WRONG, told=expected.failure)
        request = SqlRead(source=question.source, sql=question.sql, rows_max=ROWS_MAX)
        try:
            result = await self._gateway.read(CALLERS[question.role], request)
        except ReadError as failure:
            told = f"{failure.what} | {failure.next_step} | {failure.audit_detail}"
            return Asked(question=question, verdict=Verdict.REFUSED, code=str(failure.code), told=told)
        return compared(question, result, expected.rows)

    async def close(self) -> None:
        """Close the gateway and every session; the server is its owner's."""
        await self._gateway.close()
        for twin in self._twins.values():
            twin.close()


async def corpora_on(
    servers: tuple[Worlds, Worlds], fleet: Fleet, policies: Path, folder: Path
) -> ServerCorpora:
    """Load the demo and a copy per role onto the servers, every source in their dialect."""
    worlds, others = servers
    dialect = DIALECTS[worlds.kind]
    loaded = policies_over(policies_in(policies, folder / "policies", dialect), folder)
    tables = without_padding(fleet.tables, worlds.kind)
    dirty = worlds.made("dirty", tables)
    names = sorted({table.source for table in tables})
    loaded = unestimated(moved(loaded, worlds.kind, dirty.address, names))
    twins = {}
    for role in ROLES:
        clean = without_padding(clean_tables(fleet, role), worlds.kind)
        twins[role] = PlainServer(others.made(f"clean_{role}", clean), loaded.sources, others.restart)
    gateway = await gateway_of(loaded, InWorld(dirty))
    return ServerCorpora(gateway, twins)
