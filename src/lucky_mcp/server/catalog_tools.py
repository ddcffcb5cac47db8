"""search_catalog, describe_table and list_sources: what there is, for this caller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastmcp.tools.base import ToolResult

from lucky_mcp.model.principal import Principal
from lucky_mcp.model.visible import VisibleSource
from lucky_mcp.server.arguments import (
    TABLES_DEFAULT,
    Domain,
    Kind,
    Question,
    SourceName,
    TablesMax,
    TableText,
)
from lucky_mcp.server.auth import Identify
from lucky_mcp.server.catalog_texts import matches_text, sources_text, table_text
from lucky_mcp.server.errors import Answers
from lucky_mcp.server.example_queries import example_query
from lucky_mcp.server.measures import freshness, size_class

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway


class CatalogTools:
    """The tools that tell what exists; a table hidden from the caller reads as one that does not."""

    def __init__(self, *, gateway: Gateway, identify: Identify, answers: Answers) -> None:
        self._gateway = gateway
        self._identify = identify
        self._answers = answers

    async def search_catalog(
        self, question: Question, domain: Domain = None, limit: TablesMax = TABLES_DEFAULT
    ) -> ToolResult:
        """Tables that may answer a question, best first."""
        return await self._answers.answer(
            self._search(self._identify(), question, domain, limit or TABLES_DEFAULT)
        )

    async def describe_table(self, source: SourceName, table: TableText) -> ToolResult:
        """One table: columns, keys, rules in force, size and freshness."""
        return await self._answers.answer(self._describe(self._identify(), source, table))

    async def list_sources(self, domain: Domain = None, kind: Kind = None) -> ToolResult:
        """The sources of which the caller may see something."""
        return await self._answers.answer(self._sources(self._identify(), domain, kind))

    def _as_it_is(self, source: VisibleSource) -> VisibleSource:
        """The source with what operators have done to it in place of its status in the policies."""
        reason = self._gateway.stopped(source.name)
        return replace(source, status=f"stopped: {reason}") if reason else source

    async def _search(self, principal: Principal, question: str, domain: str | None, limit: int) -> str:
        return matches_text(self._gateway.visible.search(principal, question, domain or None, limit))

    async def _describe(self, principal: Principal, source: str, name: str) -> str:
        table = self._gateway.visible.table(principal, source, name)
        zones = {seen.name: seen.time_zone for seen in self._gateway.visible.sources(principal)}
        size = await size_class(self._gateway, principal, table)
        fresh = await freshness(
            self._gateway, principal, table, zones.get(table.source, "the source's own zone")
        )
        example = await example_query(self._gateway, principal, table)
        return table_text(table, size=size, fresh=fresh, example=example)

    async def _sources(self, principal: Principal, domain: str | None, kind: str | None) -> str:
        return sources_text(
            [
                self._as_it_is(source)
                for source in self._gateway.visible.sources(principal)
                if (not domain or source.domain == domain)
                and (not kind or kind in (source.kind, source.dialect))
            ]
        )
