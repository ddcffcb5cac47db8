"""`lucky-mcp audit tail`: the last records of every chain, and those that come."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping
from heapq import merge
from pathlib import Path
from typing import Annotated, Any

import typer

LOOK_SECONDS = 0.5


def tail(
    lines: Annotated[int, typer.Option("--lines", min=0, help="How many records of the past.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with records as they are written.")] = False,
    directory: Annotated[
        Path | None, typer.Option("--directory", help="Where the log is; audit/ in LUCKY_STATE.")
    ] = None,
) -> None:
    """Print the last records of all chains by their time, as JSON without the seals."""
    from lucky_mcp.audit.follow import Follower
    from lucky_mcp.settings import load_settings

    follower = Follower(directory or load_settings().audit_directory)
    for record in deque(merge(*follower.fresh(), key=_at), maxlen=lines):
        _show(record)
    while follow:
        time.sleep(LOOK_SECONDS)
        for record in merge(*follower.fresh(), key=_at):
            _show(record)


def _at(record: Mapping[str, Any]) -> str:
    return str(record.get("at", ""))


def _show(record: Mapping[str, Any]) -> None:
    seals = ("chain", "seq", "mac")
    shown = {name: value for name, value in record.items() if name not in seals and value not in ("", [])}
    print(json.dumps(shown, ensure_ascii=True), flush=True)
