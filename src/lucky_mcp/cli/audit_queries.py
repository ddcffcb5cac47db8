"""`lucky-mcp audit query`, `who-read`, `about` and `access`: questions to the log, as CSV or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lucky_mcp.audit.questions import Row
    from lucky_mcp.audit.reads import Made, Period


class Layout(StrEnum):
    """What is printed."""

    CSV = "csv"
    JSON = "json"


Logs = Annotated[
    list[Path] | None,
    typer.Option("--audit", help="A log or its directory; repeatable. That in LUCKY_STATE when left out."),
]
Format = Annotated[Layout, typer.Option("--format", help="csv, or json: one object a line.")]
Month = Annotated[str, typer.Option(help="A month, like 2026-03 (UTC).")]
Since = Annotated[str, typer.Option(help="The first day, like 2026-03-01 (UTC).")]
Until = Annotated[str, typer.Option(help="The last day, like 2026-03-31 (UTC).")]


def query(
    principal: Annotated[str, typer.Option(help="Only reads by this caller.")] = "",
    role: Annotated[str, typer.Option(help="Only reads by callers with this role.")] = "",
    app: Annotated[str, typer.Option(help="Only reads through this app, like app:ask-lucky.")] = "",
    source: Annotated[str, typer.Option(help="Only reads of this source, by its full name.")] = "",
    column: Annotated[str, typer.Option(help="Only reads of this column or tag.")] = "",
    outcome: Annotated[str, typer.Option(help="ok, or an error code.")] = "",
    receipt: Annotated[str, typer.Option(help="Only the read with this receipt.")] = "",
    month: Month = "",
    since: Since = "",
    until: Until = "",
    audit: Logs = None,
    layout: Format = Layout.CSV,
) -> None:
    """List reads and refusals that meet every condition given."""
    from lucky_mcp.audit.questions import READS, read_row
    from lucky_mcp.audit.reads import columns_of

    def meets(made: Made) -> bool:
        return (
            principal in ("", made.principal)
            and (not role or role in made.roles)
            and app in ("", made.app)
            and source in ("", made.source)
            and outcome in ("", made.outcome)
            and receipt in ("", made.id)
            and (not column or bool(columns_of(made, column)))
        )

    found = filter(meets, _reads(audit, period_of(month, since, until)))
    _print(READS, [read_row(made) for made in found], layout)


def who_read(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="A tag like pii.phone, or a column.")],
    month: Month = "",
    since: Since = "",
    until: Until = "",
    audit: Logs = None,
    layout: Format = Layout.CSV,
) -> None:
    """Show who read a column, or the columns of a tag: how they were shown, how often, how many rows."""
    from lucky_mcp.audit.questions import READERS
    from lucky_mcp.audit.questions import who_read as rows_of

    _print(READERS, rows_of(_reads(audit, period_of(month, since, until)), what), layout)


def about(
    named_only: Annotated[
        bool, typer.Option("--named-only", help="Without reads that may have the person among others.")
    ] = False,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag of personal data; repeatable. pii when left out.")
    ] = None,
    month: Month = "",
    since: Since = "",
    until: Until = "",
    audit: Logs = None,
    layout: Format = Layout.CSV,
) -> None:
    """Show what was read about one person, by values on standard input, one a line: number, phone, e-mail.

    That somebody looked is recorded, and not for whom.
    """
    import os
    from contextlib import closing

    from lucky_mcp.app.gateway import open_audit
    from lucky_mcp.audit.events import operator_event
    from lucky_mcp.audit.literals import Literals
    from lucky_mcp.audit.questions import SUBJECT
    from lucky_mcp.audit.questions import about as rows_of
    from lucky_mcp.settings import load_settings

    settings = load_settings()
    values = [line.strip() for line in sys.stdin.read().splitlines() if line.strip()]
    if not values:
        raise typer.BadParameter("standard input has no value; one a line")
    stand_ins = [Literals(key) for key in settings.audit_keys(os.environ).all]
    forms = frozenset(form for each in stand_ins for value in values for form in each.forms(value))
    with closing(open_audit(settings)) as log:
        log.write(operator_event("audit.looked_up", "a person", f"{len(values)} values", datetime.now(UTC)))
    tags = frozenset() if named_only else frozenset(tag or ["pii"])
    _print(SUBJECT, rows_of(_reads(audit, period_of(month, since, until)), forms, tags), layout)


def access(
    role: Annotated[str, typer.Option(help="A role; every role when left out.")] = "",
    month: Month = "",
    since: Since = "",
    until: Until = "",
    audit: Logs = None,
    layout: Format = Layout.CSV,
) -> None:
    """Show for a review of a role what its callers have read: each caller, column, mask, the last time."""
    from lucky_mcp.audit.questions import ACCESS, access_by_role

    _print(ACCESS, access_by_role(_reads(audit, period_of(month, since, until)), role), layout)


def _reads(logs: list[Path] | None, period: Period) -> Iterator[Made]:
    from lucky_mcp.audit.read_log import records_in
    from lucky_mcp.audit.reads import reads
    from lucky_mcp.settings import load_settings

    return reads(records_in(logs or [load_settings().audit_directory]), period)


def period_of(month: str, since: str, until: str) -> Period:
    """Return the days that the options name, in UTC; BadParameter for anything else."""
    from lucky_mcp.audit.reads import Period

    if month and (since or until):
        raise typer.BadParameter("--month goes without --since and --until")
    try:
        if month:
            first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
            return Period(since=first, until=(first + timedelta(days=31)).replace(day=1))
        days = [_day(each) for each in (since, until)]
    except ValueError:
        raise typer.BadParameter("a month is written 2026-03, a day 2026-03-01") from None
    return Period(since=days[0], until=days[1] + timedelta(days=1) if days[1] else None)


def _day(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text else None


def _print(header: Sequence[str], rows: Sequence[Row], layout: Layout) -> None:
    from lucky_mcp.server.layouts import csv

    if layout is Layout.CSV:
        print(csv(header, rows, None))
        return
    for row in rows:
        print(json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=True))
