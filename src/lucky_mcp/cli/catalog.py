"""`lucky-mcp catalog …`: what exists in a source, proposed by a crawl and accepted by a reviewer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lucky_mcp.settings import Settings

app = typer.Typer(help="Crawl sources and accept what was found.", no_args_is_help=True)

Sources = Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Full or short names of sources.")]
Policies = Annotated[Path | None, typer.Option(help="The policy directory; LUCKY_POLICIES when left out.")]


@app.command("crawl")
def crawl(sources: Sources, policies: Policies = None) -> None:
    """Read the metadata of each source and write it as a proposal for review."""
    from lucky_mcp.app import crawl_catalog

    _for_each(sources, policies, crawl_catalog)


@app.command("accept")
def accept(sources: Sources, policies: Policies = None) -> None:
    """Make the reviewed proposal of each source its catalog; until then nothing new is visible."""
    from lucky_mcp.app import accept_catalog

    _for_each(sources, policies, accept_catalog)


def _for_each(
    sources: list[str], policies: Path | None, work: Callable[[Settings, str], Awaitable[str]]
) -> None:
    import anyio

    from lucky_mcp.settings import load_settings

    settings = load_settings(policies=policies)
    for source in sources:
        print(anyio.run(work, settings, source))
