"""The command `lucky-mcp`: its subcommands, and what its exit codes mean."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Annotated, NoReturn

import typer

from lucky_mcp.cli import audit, catalog, demo, masks, policy, replay, serve, sources, stops, token
from lucky_mcp.errors import ConfigurationError, LuckyError, ReadError
from lucky_mcp.version import VERSION


class Exit(IntEnum):
    """What a script may rely on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    INTERRUPTED = 130


_EXIT_CODES = (
    "Exit codes: 0 done; 1 failed; 2 wrong command line; 3 a setting, policy, token file, or port must be"
    " corrected first; 130 interrupted."
)

app = typer.Typer(
    name="lucky-mcp",
    help="An MCP server that lets agents read governed databases through one guarded door.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options that come before every command."""


app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.add_typer(token.app, name="token")
app.add_typer(catalog.app, name="catalog")
app.add_typer(sources.app, name="sources")
app.add_typer(stops.principals, name="principals")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")
app.add_typer(masks.app, name="masks")
app.command("replay")(replay.replay)


def main() -> None:
    """Run the command line; errors that are not defects become one sentence on stderr."""
    try:
        app()
    except ConfigurationError as error:
        _stop(str(error), Exit.CONFIGURATION)
    except ReadError as error:
        _stop(error.what, Exit.FAILED)
    except LuckyError as error:
        _stop(str(error), Exit.FAILED)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


def _stop(sentence: str, code: Exit) -> NoReturn:
    print(f"lucky-mcp: {sentence}", file=sys.stderr)
    sys.exit(code)
