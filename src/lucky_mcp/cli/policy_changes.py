"""`lucky-mcp policy init`, `test` and `diff`: new files, what is expected of them, and what a change does."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lucky_mcp.cli.policy_arguments import FAILED, Directory, Layout, policies_in
from lucky_mcp.cli.policy_use import Days
from lucky_mcp.model.source import Kind

if TYPE_CHECKING:
    from lucky_mcp.gateway.review.replay import Replayed
    from lucky_mcp.gateway.review.run_expectations import Outcome

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


def test(
    directory: Directory = None,
    demo: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also compare rows, on demo data that is made in this folder."),
    ] = None,
    layout: Format = Layout.TEXT,
) -> None:
    """Ask the questions of every *.test.yaml and compare the answers with what is expected.

    Without --demo no database is opened, and rows are not compared. Exits 1 when one differs, or when there
    is none.
    """
    import anyio

    from lucky_mcp.cli.policy_texts import outcomes_document, outcomes_text
    from lucky_mcp.gateway.review.offline import load_as_served
    from lucky_mcp.gateway.review.run_expectations import run_expectations

    root = policies_in(directory)
    outcomes = anyio.run(run_expectations, load_as_served(root), root, datetime.now(UTC))
    if demo is not None:
        outcomes = _with_rows(outcomes, root, demo)
    left = sum(outcome.rows_left for outcome in outcomes)
    if left:
        print(f"rows of {left} are not compared without --demo FOLDER", file=sys.stderr)
    print(outcomes_document(outcomes) if layout is Layout.JSON else outcomes_text(outcomes))
    if not outcomes or any(outcome.differences for outcome in outcomes):
        raise typer.Exit(FAILED)


def _with_rows(outcomes: tuple[Outcome, ...], root: Path, folder: Path) -> tuple[Outcome, ...]:
    import anyio

    from lucky_mcp.demo.build import build_demo
    from lucky_mcp.gateway.review.on_demo_data import LAST_DAY, SCALE, SEED, compare_rows

    build_demo(folder, seed=SEED, end=LAST_DAY, scale=SCALE)
    compared = anyio.run(compare_rows, root, folder)
    return tuple(
        replace(each, differences=(*each.differences, *compared[each.place].differences), rows_left=False)
        if each.place in compared
        else each
        for each in outcomes
    )


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The policy directory as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The policy directory as it is to be.")],
    accept_widening: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="A rule that may widen access; repeatable.")
    ] = None,
    replay: Annotated[
        list[Path] | None,
        typer.Option(metavar="LOG", help="An audit log or recordings to ask again; repeatable."),
    ] = None,
    days: Days = 30,
    layout: Format = Layout.TEXT,
) -> None:
    """Show who sees more and who sees less, whatever the files look like; what widens access comes first.

    With --replay, what was asked before is asked again under both, without a database: what is answered now,
    answered otherwise, refused now. Exits 1 while anything widens access that was not accepted by name.
    """
    import anyio

    from lucky_mcp.cli.policy_texts import changes_document, changes_text, to_accept
    from lucky_mcp.cli.policy_use import read_asked
    from lucky_mcp.cli.policy_use_texts import replayed_text
    from lucky_mcp.gateway.review.diff import diff as changes_of
    from lucky_mcp.gateway.review.replay import replay as ask_again
    from lucky_mcp.policy.offline import load_written

    accepted = frozenset(accept_widening or ())
    before, after = load_written(old), load_written(new)
    changes = changes_of(before, after)
    replayed: tuple[tuple[Replayed, ...], int] | None = None
    if replay:
        now = datetime.now(UTC)
        replayed = anyio.run(ask_again, before.policies, after.policies, read_asked(replay, days, now), now)
    if layout is Layout.JSON:
        print(changes_document(changes, accepted, replayed))
    else:
        print(changes_text(changes, accepted))
        if replayed is not None:
            print(replayed_text(*replayed))
    if to_accept(changes, accepted):
        raise typer.Exit(FAILED)
