"""`lucky-mcp token …`: who may call, and until when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Create, list and revoke the tokens of callers.", no_args_is_help=True)


@app.command("create")
def create(
    role: Annotated[list[str], typer.Option(help="A role of the policy; may be given several times.")],
    subject: Annotated[str, typer.Option(help="Who holds the token; the audit records this name.")],
    attr: Annotated[
        list[str] | None, typer.Option(help="An attribute for row filters, e.g. shops=1,2; repeatable.")
    ] = None,
    expires_days: Annotated[
        int | None, typer.Option(min=1, help="Days until it expires; never when left out.")
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option(help="The policy directory whose roles may be given; LUCKY_POLICIES when left out."),
    ] = None,
) -> None:
    """Create a token and print its secret, this one time; only a hash of it is kept."""
    from lucky_mcp.app.tokens import create_token
    from lucky_mcp.settings import load_settings

    settings = load_settings(policies=policies)
    attributes = dict(map(attribute_of, attr or []))
    try:
        made = create_token(
            settings,
            subject=subject,
            roles=tuple(role),
            attributes=attributes,
            expires_days=expires_days,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if settings.policies is None:
        typer.echo("note: the roles were not checked; --policies or LUCKY_POLICIES names them", err=True)
    typer.echo(f"{made.id} for {subject}; the secret below is not shown again:", err=True)
    print(made.secret)


@app.command("list")
def show() -> None:
    """List all tokens as CSV, without their secrets."""
    from lucky_mcp.app.tokens import open_tokens
    from lucky_mcp.server.layouts import csv
    from lucky_mcp.settings import load_settings

    rows = [
        (
            token.id,
            token.subject,
            " ".join(token.roles),
            " ".join(f"{name}={','.join(values)}" for name, values in token.attributes.items()),
            token.created,
            token.expires,
        )
        for token in open_tokens(load_settings()).tokens()
    ]
    print(csv(("id", "subject", "roles", "attributes", "created", "expires"), rows, None))


@app.command("revoke")
def revoke(token_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `list` shows.")]) -> None:
    """Take a token out of use; a running server heeds it from its next request on."""
    from lucky_mcp.app.tokens import revoke_token
    from lucky_mcp.settings import load_settings

    if not revoke_token(load_settings(), token_id):
        raise typer.BadParameter(f"there is no token {token_id}; see: lucky-mcp token list")
    print(f"{token_id} is revoked")


def attribute_of(text: str) -> tuple[str, tuple[str, ...]]:
    """Return name and values of `name=value,value`; BadParameter for anything else."""
    name, equals, values = text.partition("=")
    if not equals or not values:
        raise typer.BadParameter("--attr takes name=value or name=value,value")
    return name, tuple(value.strip() for value in values.split(",") if value.strip())
