"""`lucky-mcp policy coverage` and `policy suggestions`: what is exercised, and what is asked for in vain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lucky_mcp.cli.policy_arguments import Directory, Layout, policies_in

if TYPE_CHECKING:
    from lucky_mcp.audit.read_log import Asked

Format = Annotated[Layout, typer.Option("--format", help="text, or json for programs.")]
Days = Annotated[int, typer.Option(min=1, help="How many days of the audit log count.")]
Audit = Annotated[
    list[Path] | None,
    typer.Option(help="An audit log or its directory; repeatable. That below LUCKY_STATE when left out."),
]


def coverage(
    directory: Directory = None, days: Days = 30, audit: Audit = None, layout: Format = Layout.TEXT
) -> None:
    """Show which tables, columns and rules are exercised by tests (*.test.yaml) and by the audit of late."""
    import anyio

    from lucky_mcp.cli.policy_use_texts import coverage_document, coverage_text
    from lucky_mcp.gateway.review.coverage import coverage as coverage_of
    from lucky_mcp.policy.offline import load_offline

    root, now = policies_in(directory), datetime.now(UTC)
    found = anyio.run(coverage_of, load_offline(root), root, read_audit(audit, days, now), now)
    print(coverage_document(found) if layout is Layout.JSON else coverage_text(found))


def suggestions(
    directory: Directory = None, days: Days = 30, audit: Audit = None, layout: Format = Layout.TEXT
) -> None:
    """List what was refused of late, how often, and the rule that would allow it.

    What the policies allow by now is left out. No text of an agent is shown; the receipt finds it in the log.
    """
    import anyio

    from lucky_mcp.cli.policy_use_texts import suggestions_document, suggestions_text
    from lucky_mcp.gateway.review.offline import load_as_served
    from lucky_mcp.gateway.review.suggestions import suggestions as suggestions_of

    now = datetime.now(UTC)
    policies = load_as_served(policies_in(directory))
    found = anyio.run(suggestions_of, policies, read_audit(audit, days, now), now)
    print(suggestions_document(found) if layout is Layout.JSON else suggestions_text(found))


def read_audit(paths: list[Path] | None, days: int, now: datetime) -> tuple[Asked, ...]:
    """Return what was asked in the last days; without a log of its own nothing was asked here yet."""
    from lucky_mcp.audit.read_log import asked
    from lucky_mcp.settings import load_settings

    own = load_settings().audit_directory
    chosen = paths if paths else [own] if own.exists() else []
    return asked(chosen, now - timedelta(days=days))


def read_asked(paths: list[Path], days: int, now: datetime) -> tuple[Asked, ...]:
    """Return what audit logs hold of the last days, and what recordings hold of any."""
    from lucky_mcp.gateway.replay.recordings import is_recordings, recorded_before

    recordings = [path for path in paths if is_recordings(path)]
    logs = [path for path in paths if path not in recordings]
    return (*(read_audit(logs, days, now) if logs else ()), *recorded_before(recordings))
