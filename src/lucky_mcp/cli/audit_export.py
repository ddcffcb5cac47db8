"""`lucky-mcp audit export` and `audit prune`: copies that outlive the machine, and how long logs are kept."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from lucky_mcp.cli.audit_queries import Month, Since, Until, period_of


def export(
    to: Annotated[str, typer.Option(help="s3://bucket/prefix: finished segments, and all heads.")] = "",
    lock_days: Annotated[
        int, typer.Option(min=0, help="Days for which nobody may change or delete what is sent.")
    ] = 0,
    parquet: Annotated[
        Path | None, typer.Option(help="A new file for every record of the period, as Parquet.")
    ] = None,
    month: Month = "",
    since: Since = "",
    until: Until = "",
) -> None:
    """Send finished segments to S3, or write records as Parquet; the log is verified before it is sent.

    Exits 1 when the log is not as it was written, or as it was sent before; what can be sent is sent even so.
    """
    from lucky_mcp.settings import load_settings

    if not to and parquet is None:
        raise typer.BadParameter("give --to s3://bucket/prefix, or --parquet FILE")
    settings = load_settings()
    if parquet is not None:
        from lucky_mcp.audit.parquet import write_parquet
        from lucky_mcp.audit.read_log import records_in

        period = period_of(month, since, until)
        records = (
            record
            for record in records_in([settings.audit_directory])
            if period.has(datetime.fromisoformat(record["at"]))
        )
        print(f"{write_parquet(records, parquet)} records in {parquet}")
    if to:
        _send(to, lock_days)


def prune(
    keep_days: Annotated[int, typer.Option(min=1, help="Remove segments that ended longer ago.")],
    unexported: Annotated[
        bool, typer.Option("--unexported", help="Remove those as well that were never exported.")
    ] = False,
) -> None:
    """Remove old segments, from the beginning of each chain; that is recorded before they are removed."""
    from lucky_mcp.app.gateway import open_audit
    from lucky_mcp.audit import prune as pruning
    from lucky_mcp.audit.events import operator_event
    from lucky_mcp.audit.verify import PRUNED
    from lucky_mcp.settings import load_settings

    settings, now = load_settings(), datetime.now(UTC)
    directory = settings.audit_directory
    segments = pruning.to_prune(directory, now - timedelta(days=keep_days), exported=not unexported)
    if segments:
        with closing(open_audit(settings)) as audit:
            for name in pruning.pruned_to(directory, segments):
                audit.write(operator_event(PRUNED, name, f"older than {keep_days} days", now))
        pruning.remove(segments)
    for segment in segments:
        print(segment.name)


def _send(to: str, lock_days: int) -> None:
    from lucky_mcp.app.gateway import open_audit
    from lucky_mcp.audit.events import operator_event
    from lucky_mcp.audit.export import Bucket
    from lucky_mcp.audit.finished import finished_in
    from lucky_mcp.audit.prune import EXPORTED
    from lucky_mcp.audit.verify import verify
    from lucky_mcp.settings import load_settings

    settings, now = load_settings(), datetime.now(UTC)
    directory = settings.audit_directory
    bucket = Bucket(to, os.environ, now + timedelta(days=lock_days) if lock_days else None)
    checked = verify(directory, settings.audit_keys(os.environ))
    faults = list(checked.faults)
    with closing(open_audit(settings)) as audit:
        for sent in bucket.send(each.segment for each in finished_in(directory)):
            if sent.fault:
                faults.append(f"{sent.name}: {sent.fault}")
            elif sent.new:
                audit.write(operator_event(EXPORTED, sent.name, f"{sent.key} sha256 {sent.digest}", now))
                print(f"{sent.name} sent as {sent.key}")
    print(f"heads sent as {bucket.send_heads(checked.heads, now)}")
    for fault in faults:
        print(f"FAULT: {fault}")
    if faults:
        raise typer.Exit(1)
