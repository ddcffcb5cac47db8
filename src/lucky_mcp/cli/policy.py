"""`lucky-mcp policy …`: what reviewers do with a policy directory; only `scaffold` opens a database."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lucky_mcp.cli import policy_changes, policy_review, policy_scaffold, policy_use
from lucky_mcp.cli.policy_arguments import FAILED, UNREADABLE, Directory, Layout, policies_in

app = typer.Typer(help="Check, show and compare policy directories.", no_args_is_help=True)

app.command("init")(policy_changes.init)
app.command("matrix")(policy_review.matrix)
app.command("explain")(policy_review.explain)
app.command("test")(policy_changes.test)
app.command("diff")(policy_changes.diff)
app.command("coverage")(policy_use.coverage)
app.command("suggestions")(policy_use.suggestions)
app.command("scaffold")(policy_scaffold.scaffold)


@app.command("lint")
def lint(
    directory: Directory = None,
    layout: Annotated[Layout, typer.Option("--format", help="text, or json for programs.")] = Layout.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail as well.")] = False,
) -> None:
    """Find every fault of a policy directory in one run, each with file, line and what to do.

    Exits 0 without errors, 1 with errors (with --strict: any finding), 3 when a file cannot be read.
    """
    from lucky_mcp.cli.policy_tables import show_findings
    from lucky_mcp.policy.lint.run import lint as run_lint

    report = run_lint(policies_in(directory), datetime.now(UTC).date())
    if layout is Layout.JSON:
        from lucky_mcp.cli.policy_documents import findings_document

        print(findings_document(report))
    else:
        show_findings(report, sys.stdout)
    if report.is_incomplete:
        raise typer.Exit(UNREADABLE)
    if report.errors or (strict and report.findings):
        raise typer.Exit(FAILED)


@app.command("schema")
def schema(
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write them to DIR/schema/*.json.")
    ] = None,
) -> None:
    """Print the JSON Schemas of the policy files as one object, or write them for editors to find."""
    import json

    from lucky_mcp.policy.json_schemas import MODELS, schema_text, write_schemas

    if write is not None:
        for path in write_schemas(write):
            print(path)
        return
    schemas = {name: json.loads(schema_text(name)) for name in MODELS}
    print(json.dumps(schemas, indent=1, ensure_ascii=False))
