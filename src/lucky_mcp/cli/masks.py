"""`lucky-mcp masks …`: what the token mask makes of a value, for who holds its key."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lucky_mcp.errors import ConfigurationError

app = typer.Typer(help="Look up what a mask shows.", no_args_is_help=True)


@app.callback()
def masks() -> None:
    """Look up what a mask shows."""


@app.command("token")
def token(
    tag: Annotated[str, typer.Option(help="The tag of the column, such as pii.email.")],
) -> None:
    """Print the tokens of the value on stdin: under the key in use, and under the one before it.

    The value is read from stdin so that no list of commands keeps it; its last line break is not part of it.
    """
    import os
    from contextlib import closing
    from datetime import UTC, datetime

    from lucky_mcp.app.gateway import open_audit
    from lucky_mcp.audit.events import operator_event
    from lucky_mcp.policy.tokens import token_of
    from lucky_mcp.settings import load_settings

    settings = load_settings()
    keys = settings.token_keys(os.environ)
    if not keys.exists:
        raise ConfigurationError("no key for tokens is set; LUCKY_TOKEN_KEY says where one is")
    value, previous = sys.stdin.read().removesuffix("\n"), keys.previous()
    # The audit has that somebody looked, and neither value nor token.
    with closing(open_audit(settings)) as audit:
        audit.write(operator_event("token_mask.looked_up", tag, "", datetime.now(UTC)))
    print(f"current: {token_of(value, keys.current(), (tag,))}")
    if previous is not None:
        print(f"previous: {token_of(value, previous, (tag,))}")
