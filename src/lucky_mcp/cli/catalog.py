"""`lucky-mcp catalog …`: what exists in a source, proposed by a crawl and accepted by a reviewer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lucky_mcp.gateway.catalog_review import Crawled
    from lucky_mcp.settings import Settings

app = typer.Typer(help="Crawl sources and accept what was found.", no_args_is_help=True)

Sources = Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Full or short names of sources.")]
AnySources = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE…]", help="Full or short names; all active ones if none."),
]
Policies = Annotated[Path | None, typer.Option(help="The policy directory; LUCKY_POLICIES when left out.")]


@app.command("crawl")
def crawl(sources: AnySources = None, policies: Policies = None) -> None:
    """Read the metadata of each source and write it as a proposal for review."""
    found = _crawled(sources or [], policies, propose=True)
    for each in found:
        if not each.failure:
            found_in = f"{each.source}: {each.tables} tables proposed in {each.proposed}"
            print(f"{found_in}; review, then: catalog accept")
    _exit_on_failure(found)


@app.command("diff")
def diff(sources: AnySources = None, policies: Policies = None) -> None:
    """Compare each source as it is now with its reviewed catalog; nothing is written."""
    found = _crawled(sources or [], policies, propose=False)
    for each in found:
        if not each.failure:
            changes = len(each.changes)
            said = "as reviewed" if not changes else f"{changes} difference{'' if changes == 1 else 's'}"
            print("\n".join([f"{each.source}: {said}", *(f"  {line}" for line in each.changes)]))
    _exit_on_failure(found)
    if any(each.changes for each in found):
        raise typer.Exit(1)


@app.command("accept")
def accept(sources: Sources, policies: Policies = None) -> None:
    """Make the reviewed proposal of each source its catalog; until then nothing new is visible."""
    import anyio

    from lucky_mcp.app.catalogs import accept_catalog

    settings = _settings(policies)
    for source in sources:
        print(anyio.run(accept_catalog, settings, source))


def _crawled(sources: list[str], policies: Path | None, *, propose: bool) -> list[Crawled]:
    import anyio

    from lucky_mcp.app.catalogs import crawl_catalogs

    settings = _settings(policies)

    async def crawled() -> list[Crawled]:
        return [each async for each in crawl_catalogs(settings, sources, propose=propose)]

    return sorted(anyio.run(crawled), key=lambda each: each.source)


def _exit_on_failure(found: list[Crawled]) -> None:
    failed = [each for each in found if each.failure]
    for each in failed:
        typer.echo(f"{each.source}: {each.failure}", err=True)
    if failed:
        raise typer.Exit(1)


def _settings(policies: Path | None) -> Settings:
    from lucky_mcp.settings import load_settings

    return load_settings(policies=policies)
