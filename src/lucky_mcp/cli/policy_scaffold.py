"""`lucky-mcp policy scaffold`: what a live source holds, as dataset files to review or as an inventory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lucky_mcp.cli.policy_arguments import FAILED, Layout, Policies

if TYPE_CHECKING:
    from lucky_mcp.gateway.sampling import Looked
    from lucky_mcp.settings import Settings

Found = tuple[list["Looked"], dict[str, str]]


def scaffold(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE…]", help="Full or short names of sources.")
    ] = None,
    inventory: Annotated[
        bool,
        typer.Option("--inventory", help="Write nothing; list what looks personal, in all sources if none."),
    ] = False,
    policies: Policies = None,
    layout: Annotated[Layout, typer.Option("--format", help="How the inventory is printed.")] = Layout.TEXT,
) -> None:
    """Crawl sources, look at a few values of each column, and propose dataset files with guessed tags.

    No value is printed or written. Exits 1 when a source could not be read.
    """
    import anyio

    from lucky_mcp.cli.policy_arguments import policies_in
    from lucky_mcp.settings import load_settings

    if not sources and not inventory:
        raise typer.BadParameter("which source? only --inventory looks at all of them", param_hint="SOURCE")
    settings = load_settings(policies=policies_in(policies))
    found, failed = anyio.run(_look, settings, sources or [])
    if inventory:
        from lucky_mcp.cli.policy_inventory import inventory_document, inventory_text

        print((inventory_document if layout is Layout.JSON else inventory_text)(found, failed))
    else:
        for looked in found:
            _write(policies_in(policies), looked)
    for name, why in failed.items():
        print(f"{name}: {why}", file=sys.stderr)
    if failed:
        raise typer.Exit(FAILED)


async def _look(settings: Settings, names: Sequence[str]) -> Found:
    """Look at one source after the other; one that cannot be read does not keep the others from it."""
    from rich.console import Console
    from rich.progress import Progress

    from lucky_mcp.app.gateway import open_gateway
    from lucky_mcp.errors import ConfigurationError, ReadError
    from lucky_mcp.gateway.sampling import look

    found: list[Looked] = []
    failed: dict[str, str] = {}
    async with open_gateway(settings, with_datasets=False) as gateway:
        known = gateway.policies.sources.values()
        chosen = list(names) or [each.name for each in known if each.status == "active" and not each.is_keyed]
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
            overall = bar.add_task("sources", total=len(chosen))
            for name in chosen:
                task = bar.add_task(name, total=None)

                def told(done: int, of: int, task: object = task) -> None:
                    bar.update(task, completed=done, total=of)  # type: ignore[arg-type]

                try:
                    found.append(await look(gateway, name, told))
                except (ReadError, ConfigurationError) as failure:
                    failed[name] = failure.what if isinstance(failure, ReadError) else str(failure)
                bar.remove_task(task)
                bar.advance(overall)
    return found, failed


def _write(root: Path, looked: Looked) -> None:
    from lucky_mcp.catalog.loader import propose, read_snapshot
    from lucky_mcp.errors import ConfigurationError
    from lucky_mcp.policy.scaffold import proposed_files, tables_in_force

    name = looked.source.name
    if read_snapshot(root / "catalog", name).digest != looked.catalog.digest:
        print(f"{propose(root / 'catalog', looked.catalog)}: review, then: lucky-mcp catalog accept {name}")
    listed = tables_in_force(root)
    left = {key: table for key, table in looked.catalog.tables.items() if (name, str(key)) not in listed}
    files = proposed_files(root, looked.source, left, looked.guesses)
    there = [str(path) for path in files if path.exists()]
    if there:
        raise ConfigurationError(f"{', '.join(there)}: is there already; rename or remove it first")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{path}: review, add grants, rename to {path.name.replace('.proposed', '')}")
    if not files:
        print(f"{name}: every table is in a dataset file already")
    for key, code in looked.unread.items():
        print(f"{key}: no values could be looked at ({code}); guessed by names alone", file=sys.stderr)
