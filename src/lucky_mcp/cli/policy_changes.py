"""`lucky-mcp policy init`, `test` and `diff`: new files, what is expected of them, and what a change does."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lucky_mcp.cli.policy_arguments import FAILED, Directory, Layout, policies_in
from lucky_mcp.model.source import Kind

Format = Annotated[Layout, typer.Option("--format", help="text, or json for programs.")]


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A directory that is new or empty.")],
    source: Annotated[str, typer.Option(help="Name of your database here.")] = "my-database",
    kind: Annotated[Kind, typer.Option(help="What it is.")] = Kind.DUCKDB,
) -> None:
    """Write a minimal policy directory for a database of your own; nothing can be read with it yet."""
    from lucky_mcp.policy.new_directory import make_directory

    for path in make_directory(directory, name=source, kind=kind):
        print(path)
    print(f"next: edit {directory / 'sources.yaml'}, then: lucky-mcp catalog crawl {source}", file=sys.stderr)


def test(directory: Directory = None, layout: Format = Layout.TEXT) -> None:
    """Ask the questions of every *.test.yaml and compare the answers with what is expected.

    Exits 1 when one differs, or when there is none.
    """
    import anyio

    from lucky_mcp.cli.policy_texts import outcomes_document, outcomes_text
    from lucky_mcp.gateway.review.run_expectations import run_expectations
    from lucky_mcp.policy.offline import load_offline

    root = policies_in(directory)
    outcomes = anyio.run(run_expectations, load_offline(root), root, datetime.now(UTC))
    print(outcomes_document(outcomes) if layout is Layout.JSON else outcomes_text(outcomes))
    if not outcomes or any(outcome.differences for outcome in outcomes):
        raise typer.Exit(FAILED)


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The policy directory as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The policy directory as it is to be.")],
    accept_widening: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="A rule that may widen access; repeatable.")
    ] = None,
    layout: Format = Layout.TEXT,
) -> None:
    """Show who sees more and who sees less, whatever the files look like; what widens access comes first.

    Exits 1 while anything widens access that was not accepted by name.
    """
    from lucky_mcp.cli.policy_texts import changes_document, changes_text, to_accept
    from lucky_mcp.gateway.review.diff import diff as changes_of
    from lucky_mcp.policy.offline import load_written

    accepted = frozenset(accept_widening or ())
    changes = changes_of(load_written(old), load_written(new))
    shown = changes_document if layout is Layout.JSON else changes_text
    print(shown(changes, accepted))
    if to_accept(changes, accepted):
        raise typer.Exit(FAILED)
