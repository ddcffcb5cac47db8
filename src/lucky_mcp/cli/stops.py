"""The commands that stop sources and callers, and let them go on: alike for `sources` and `principals`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lucky_mcp.limits.stops import StopKind

principals = typer.Typer(help="Stop callers, and let them go on.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; callers are told it, and the audit records it.")]
SourceName = Annotated[str, typer.Argument(metavar="SOURCE", help="A full or short name.")]
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="The caller's subject, as in the audit.")]
Policies = Annotated[Path | None, typer.Option(help="The policy directory; LUCKY_POLICIES when left out.")]


def stop_source(source: SourceName, reason: Reason, policies: Policies = None) -> None:
    """Refuse every read of a source from now on, and end those that run; servers heed it within a second."""
    from lucky_mcp.limits.stops import StopKind

    _stop(StopKind.SOURCE, _full_name(source, policies), reason)


def resume_source(source: SourceName, policies: Policies = None) -> None:
    """Let a source that was stopped be read again."""
    from lucky_mcp.limits.stops import StopKind

    _resume(StopKind.SOURCE, _full_name(source, policies))


def stopped_sources() -> None:
    """List the sources that are stopped, as CSV."""
    from lucky_mcp.limits.stops import StopKind

    _list(StopKind.SOURCE)


@principals.command("stop")
def stop_principal(subject: Subject, reason: Reason) -> None:
    """Refuse every read by a caller from now on, and end those that run; servers heed it within a second."""
    from lucky_mcp.limits.stops import StopKind

    _stop(StopKind.PRINCIPAL, subject, reason)


@principals.command("resume")
def resume_principal(subject: Subject) -> None:
    """Let a caller that was stopped read again."""
    from lucky_mcp.limits.stops import StopKind

    _resume(StopKind.PRINCIPAL, subject)


@principals.command("stopped")
def stopped_principals() -> None:
    """List the callers that are stopped, as CSV."""
    from lucky_mcp.limits.stops import StopKind

    _list(StopKind.PRINCIPAL)


def _stop(kind: StopKind, name: str, reason: str) -> None:
    from lucky_mcp.app.gateway import open_audit, open_stops
    from lucky_mcp.gateway import operators
    from lucky_mcp.settings import load_settings

    settings = load_settings()
    try:
        with closing(open_audit(settings)) as audit:
            operators.stop(open_stops(settings), audit, kind, name, reason)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--reason") from error
    print(f"{name} is stopped")


def _resume(kind: StopKind, name: str) -> None:
    from lucky_mcp.app.gateway import open_audit, open_stops
    from lucky_mcp.gateway import operators
    from lucky_mcp.settings import load_settings

    settings = load_settings()
    with closing(open_audit(settings)) as audit:
        resumed = operators.resume(open_stops(settings), audit, kind, name)
    if not resumed:
        raise typer.BadParameter(f"{name} is not stopped")
    print(f"{name} may be read again" if kind == "source" else f"{name} may read again")


def _list(kind: StopKind) -> None:
    from lucky_mcp.app.gateway import open_stops
    from lucky_mcp.server.layouts import csv
    from lucky_mcp.settings import load_settings

    rows = [
        (each.name, each.reason, each.at) for each in open_stops(load_settings()).all() if each.kind is kind
    ]
    print(csv(("name", "reason", "since"), rows, None))


def _full_name(source: str, policies: Path | None) -> str:
    from lucky_mcp.app.catalogs import source_name
    from lucky_mcp.settings import load_settings

    return source_name(load_settings(policies=policies), source)
