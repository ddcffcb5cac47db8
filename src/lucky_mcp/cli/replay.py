"""`lucky-mcp replay`: recorded questions against the policies, and logs for what a cut-over would change."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lucky_mcp.cli.policy_arguments import FAILED, Layout, Policies, policies_in
from lucky_mcp.cli.policy_use import Days, read_audit

if TYPE_CHECKING:
    from lucky_mcp.gateway.replay.asking import Asking
    from lucky_mcp.gateway.replay.compare import Compared
    from lucky_mcp.gateway.replay.gathered import Callers, Gathered
    from lucky_mcp.policy.policy_set import PolicySet

PROGRESS_EVERY = 500
Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="Recordings, JSONL.")]
Audits = Annotated[
    list[Path] | None,
    typer.Option("--from-audit", metavar="LOG", help="An audit log or its directory; repeatable."),
]
QueryLogs = Annotated[
    list[Path] | None,
    typer.Option(
        "--from-query-log",
        metavar="LOG",
        help="A log of statements that did not pass the gateway; repeatable.",
    ),
]


def replay(
    files: Files = None,
    from_audit: Audits = None,
    from_query_log: QueryLogs = None,
    policies: Policies = None,
    role: Annotated[
        list[str] | None, typer.Option("--as", help="The role of every account of a query log; repeatable.")
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=ROLE", help="The roles of one account, NAME=ROLE,ROLE; repeatable."),
    ] = None,
    source: Annotated[str, typer.Option(help="The source that a query log is of.")] = "",
    days: Days = 30,
    rows: Annotated[bool, typer.Option("--rows", help="Compare recorded rows: opens the sources.")] = False,
    record: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write what logs hold as scrubbed recordings.")
    ] = None,
    layout: Annotated[Layout, typer.Option("--format", help="text, or json for programs.")] = Layout.TEXT,
) -> None:
    """Ask recorded questions again: FILE against what is expected, logs for what would be refused or changed.

    With FILE exits 1 when anything differs, a line is malformed, or there is none. Of logs prints a report,
    and exits 1 when they hold nothing to ask.
    """
    from lucky_mcp.gateway.replay.asking import Asking
    from lucky_mcp.gateway.review.offline import load_as_served

    if bool(files) == bool(from_audit or from_query_log):
        raise typer.BadParameter("give either FILE, or --from-audit and --from-query-log")
    if files and (record or role or user or source):
        raise typer.BadParameter("--record, --as, --user and --source are for logs, not for FILE")
    if rows and not files:
        raise typer.BadParameter("--rows is for FILE: a log has no rows")
    directory = policies_in(policies)
    asking = Asking(load_as_served(directory), datetime.now(UTC))
    if files:
        _replay_files(files, asking, directory, layout, with_rows=rows)
        return
    callers = _callers(asking.policies, role or [], user or [])
    gathered = _gathered(asking, from_audit or [], from_query_log or [], callers, source, days)
    _report(gathered, asking, record, layout)


def _replay_files(
    files: list[Path], asking: Asking, directory: Path, layout: Layout, *, with_rows: bool
) -> None:
    import anyio

    from lucky_mcp.cli.replay_texts import compared_document, compared_text

    compared = anyio.run(_compare, files, asking, directory, with_rows)
    print(compared_document(compared) if layout is Layout.JSON else compared_text(compared))
    if compared.differences or not compared.asked:
        raise typer.Exit(FAILED)


async def _compare(files: list[Path], asking: Asking, directory: Path, with_rows: bool) -> Compared:
    from itertools import chain

    from lucky_mcp.app.gateway import open_gateway
    from lucky_mcp.gateway.replay.compare import compare
    from lucky_mcp.gateway.replay.recordings import read_recordings
    from lucky_mcp.settings import load_settings

    lines = list(chain.from_iterable(map(read_recordings, files)))
    if not with_rows:
        return await compare(lines, asking, _progress(len(lines)))
    async with open_gateway(load_settings(policies=directory)) as gateway:
        return await compare(lines, asking, _progress(len(lines)), gateway)


def _callers(policies: PolicySet, roles: list[str], users: list[str]) -> Callers:
    from lucky_mcp.gateway.replay.gathered import Callers

    by_user = {}
    for each in users:
        name, equals, given = each.partition("=")
        if not equals or not given:
            raise typer.BadParameter("--user takes NAME=ROLE or NAME=ROLE,ROLE")
        by_user[name] = tuple(given.split(","))
    for named in (*roles, *(role for given in by_user.values() for role in given)):
        if named not in policies.roles:
            raise typer.BadParameter(f"there is no role {named!r}")
    return Callers(default=tuple(roles), by_user=by_user)


def _gathered(
    asking: Asking, audits: list[Path], logs: list[Path], callers: Callers, source: str, days: int
) -> Gathered:
    from itertools import chain

    from lucky_mcp.errors import ConfigurationError
    from lucky_mcp.gateway.replay.gathered import Gathered, gather
    from lucky_mcp.gateway.replay.query_logs import read_query_log

    found = asking.policies.source(source) if source else None
    if source and found is None:
        raise ConfigurationError(f"{source}: there is no such source in sources.yaml")
    of_audit = read_audit(audits, days, asking.now) if audits else ()
    lines = chain.from_iterable(map(read_query_log, logs))
    of_logs = gather(lines, asking.policies, callers, found.name if found is not None else "")
    return Gathered(questions=(*of_audit, *of_logs.questions), left_out=of_logs.left_out)


def _report(gathered: Gathered, asking: Asking, record: Path | None, layout: Layout) -> None:
    import anyio

    from lucky_mcp.cli.replay_texts import cutover_document, cutover_text
    from lucky_mcp.gateway.replay.cutover import cutover
    from lucky_mcp.gateway.replay.record import record as write

    found = anyio.run(cutover, gathered.questions, asking, _progress(len(gathered.questions)))
    show = cutover_document if layout is Layout.JSON else cutover_text
    print(show(found, gathered.left_out))
    if record is not None:
        written = anyio.run(write, gathered.questions, asking, record)
        print(f"{record}: {written.recordings} recordings, {written.left_out} left out", file=sys.stderr)
    if not found.statements:
        raise typer.Exit(FAILED)


def _progress(whole: int) -> Callable[[int], None]:
    def told(done: int) -> None:
        if done % PROGRESS_EVERY == 0:
            print(f"replay: {done} of {whole}", file=sys.stderr, flush=True)

    return told
