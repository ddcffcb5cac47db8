"""What the policy commands have in common on the command line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

FAILED = 1
UNREADABLE = 3


class Layout(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"


Directory = Annotated[
    Path | None, typer.Argument(metavar="DIR", help="The policy directory; LUCKY_POLICIES when left out.")
]
Policies = Annotated[Path | None, typer.Option(help="The policy directory; LUCKY_POLICIES when left out.")]
Attributes = Annotated[
    list[str] | None, typer.Option(help="An attribute for row filters, e.g. shops=1,2; repeatable.")
]


def policies_in(directory: Path | None) -> Path:
    """Return the directory given, else the one that the settings name."""
    from lucky_mcp.errors import ConfigurationError
    from lucky_mcp.settings import load_settings

    found = directory or load_settings().policies
    if found is None:
        raise ConfigurationError("which policies? give DIR, or set LUCKY_POLICIES")
    return found
