"""What a source holds, read through the one door as `system:catalog`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.gateway.crawl_embedded import found_in_file, found_in_lake
from lucky_mcp.gateway.crawl_found import Crawler, Rows
from lucky_mcp.gateway.crawl_mysql import found_on_mysql
from lucky_mcp.gateway.crawl_postgres import found_on_postgres
from lucky_mcp.gateway.crawl_redshift import found_on_redshift
from lucky_mcp.gateway.crawl_views import with_views
from lucky_mcp.model.principal import SYSTEM_CATALOG
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import Truncation
from lucky_mcp.model.source import Kind, Source

if TYPE_CHECKING:
    from lucky_mcp.gateway.read import Gateway

ROWS_MAX = 1_000_000
CRAWLERS: dict[Kind, Crawler] = {
    Kind.DUCKDB: found_in_file,
    Kind.LAKE: found_in_lake,
    Kind.MYSQL: found_on_mysql,
    Kind.POSTGRES: found_on_postgres,
    Kind.REDSHIFT: found_on_redshift,
}


async def crawl(gateway: Gateway, source_name: str) -> Catalog:
    """Return the tables, views, columns, types, comments, keys and indexes of a source as they are now.

    ConfigurationError for a source without a crawl or an answer that was cut; ReadError as any read.
    """
    source = gateway.policies.source(source_name)
    if source is None or source.status == "planned" or source.kind not in CRAWLERS:
        raise ConfigurationError(f"no crawl for the source {source_name!r}")

    async def ask(sql: str) -> Rows:
        return await _asked(gateway, source, sql)

    found = await CRAWLERS[source.kind](ask, source)
    return with_views(source, found)


async def _asked(gateway: Gateway, source: Source, sql: str) -> Rows:
    answer = await gateway.read(SYSTEM_CATALOG, SqlRead(source=source.name, sql=sql, rows_max=ROWS_MAX))
    if answer.truncation is not Truncation.NONE:
        raise ConfigurationError(f"{source.name}: the crawl was cut; raise the bounds of role system:catalog")
    if answer.cells_cut:
        raise ConfigurationError(
            f"{source.name}: a definition was cut; raise cell_chars_max of role system:catalog"
        )
    return answer.rows
