"""`lucky-mcp policy matrix` and `policy explain`: who sees what, and why; no database is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from lucky_mcp.cli.policy_arguments import FAILED, Attributes, Directory, Layout, Policies, policies_in
from lucky_mcp.cli.token import attribute_of


class MatrixLayout(StrEnum):
    """How the matrix is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def matrix(
    directory: Directory = None,
    role: Annotated[
        list[str] | None, typer.Option(help="A role; repeatable, all that people can have when left out.")
    ] = None,
    source: Annotated[str, typer.Option(help="Only tables of this source, by full or short name.")] = "",
    table: Annotated[str, typer.Option(help="Only this table, with or without its schema.")] = "",
    layout: Annotated[MatrixLayout, typer.Option("--format", help="How it is printed.")] = MatrixLayout.TEXT,
) -> None:
    """Show how each role sees each column, and which rows: plain, the name of a mask, or absent."""
    from lucky_mcp.cli.policy_matrix import matrix_csv, matrix_document, matrix_text
    from lucky_mcp.gateway.review.matrix import matrix as tables_of
    from lucky_mcp.gateway.review.offline import load_as_served

    policies = load_as_served(policies_in(directory))
    now = datetime.now(UTC)
    try:
        tables = list(tables_of(policies, roles=tuple(role or ()), source=source, table=table, now=now))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    shown = {
        MatrixLayout.TEXT: matrix_text,
        MatrixLayout.JSON: matrix_document,
        MatrixLayout.CSV: matrix_csv,
    }[layout]
    print(shown(tables))


def explain(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT, in the dialect of the source.")],
    role: Annotated[list[str], typer.Option("--as", help="The role that asks; repeatable.")],
    source: Annotated[str, typer.Option(help="Full or short name of the source.")],
    attr: Attributes = None,
    person: Annotated[str, typer.Option(help="Whose token it is, where rules name people.")] = "reviewer",
    app: Annotated[
        list[str] | None, typer.Option(help="A role of the app that asks for the caller; repeatable.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day, where rules end by themselves; now when left out."),
    ] = None,
    policies: Policies = None,
    layout: Annotated[Layout, typer.Option("--format", help="text, or json for programs.")] = Layout.TEXT,
) -> None:
    """Say what a role would get: the verdict, the SQL as it would run, and the rule behind each filter,
    mask and denial.

    Exits 0 when the read is permitted, 1 when it is refused.
    """
    import anyio

    from lucky_mcp.cli.policy_texts import explanation_document, explanation_text
    from lucky_mcp.gateway.review.explain import explain_as
    from lucky_mcp.gateway.review.offline import load_as_served
    from lucky_mcp.model.principal import Principal

    loaded = load_as_served(policies_in(policies))
    for option, names in (("--as", role), ("--app", app or [])):
        unknown = [each for each in names if each not in loaded.roles]
        if unknown:
            raise typer.BadParameter(f"there is no role {unknown[0]!r}", param_hint=option)
    attributes = dict(map(attribute_of, attr or []))
    asking = Principal(subject="app:review", roles=tuple(app), attributes=attributes) if app else None
    principal = Principal(subject=person, roles=tuple(role), attributes=attributes, app=asking)
    now = on.replace(hour=12, tzinfo=UTC) if on is not None else datetime.now(UTC)
    reviewed = anyio.run(explain_as, loaded, principal, source, sql, now)
    print(explanation_document(reviewed) if layout is Layout.JSON else explanation_text(reviewed))
    if reviewed.code != "permit":
        raise typer.Exit(FAILED)
