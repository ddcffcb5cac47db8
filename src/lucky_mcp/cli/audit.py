"""`lucky-mcp audit …`: whether the log is as it was written, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lucky_mcp.cli import audit_export, audit_queries, audit_tail

app = typer.Typer(help="Check the audit log, and ask it.", no_args_is_help=True)
app.command("export")(audit_export.export)
app.command("prune")(audit_export.prune)
app.command("tail")(audit_tail.tail)
app.command("query")(audit_queries.query)
app.command("who-read")(audit_queries.who_read)
app.command("about")(audit_queries.about)
app.command("access")(audit_queries.access)

Directory = Annotated[
    Path | None, typer.Option("--directory", help="Where the log is; audit/ in LUCKY_STATE when left out.")
]


@app.command("verify")
def verify(
    directory: Directory = None,
    heads: Annotated[
        Path | None, typer.Option(help="A file of `--note-heads`: what it knows of must still be there.")
    ] = None,
    note_heads: Annotated[
        Path | None, typer.Option(help="Where to write how far each chain goes, to be kept elsewhere.")
    ] = None,
) -> None:
    """Check every line, segment and head; exit code 1 when anything was changed, removed, moved or added."""
    import os

    from lucky_mcp.audit.heads_noted import read_noted, write_noted
    from lucky_mcp.audit.verify import verify as verify_log
    from lucky_mcp.settings import load_settings

    settings = load_settings()
    found = verify_log(
        directory or settings.audit_directory,
        settings.audit_keys(os.environ),
        read_noted(heads) if heads else None,
    )
    for note in found.notes:
        print(f"note: {note}")
    for fault in found.faults:
        print(f"FAULT: {fault}")
    print(
        f"{found.lines} lines in {found.segments} segments of {found.chains} chains:"
        f" {f'{len(found.faults)} faults' if found.faults else 'as they were written'}"
    )
    if note_heads is not None and not found.faults:
        write_noted(note_heads, found.heads)
    if found.faults:
        raise typer.Exit(1)
