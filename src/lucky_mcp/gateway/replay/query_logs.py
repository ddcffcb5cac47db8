"""Logs of statements that never passed the gateway, told apart by how they begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.gateway.replay.general_log import is_general_log, read_general_log
from lucky_mcp.gateway.replay.logged import Logged
from lucky_mcp.gateway.replay.samples import (
    is_activity,
    is_process_list,
    read_activity,
    read_process_list,
)

# The general log begins with what started it.
HEAD_LINES = 20


class JsonLine(BaseModel):
    """One statement in a gateway's or a proxy's log, as a line of JSON; whatever else it holds is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sql: str
    source: str = ""
    server: str = ""
    database: str = ""
    user: str = ""
    principal: str = ""


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A line that could not be read, at `file:line`."""

    place: str


def read_query_log(path: Path) -> Iterator[Logged | Damaged]:
    """Yield what a log holds; ConfigurationError when it cannot be read or is none of the known kinds."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            lines = (line.rstrip("\r\n") for line in file)
            head = list(islice(lines, HEAD_LINES))
            whole = chain(head, lines)
            first = next((line for line in head if line.strip()), "")
            if first.startswith("{"):
                yield from _json_lines(whole, path)
            elif is_process_list(first):
                yield from read_process_list(whole)
            elif is_activity(first):
                yield from read_activity(whole)
            elif any(map(is_general_log, head)):
                yield from read_general_log(whole)
            else:
                raise ConfigurationError(
                    f"{path}: not a log that is known: a general log of MySQL, SHOW FULL PROCESSLIST of"
                    " mysql --batch, pg_stat_activity of psql --csv, or lines of JSON with sql"
                )
    except OSError as failure:
        raise ConfigurationError(f"{path}: the log cannot be read ({failure.strerror})") from None


def _json_lines(lines: Iterator[str], path: Path) -> Iterator[Logged | Damaged]:
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = JsonLine.model_validate_json(text)
        except ValidationError:
            yield Damaged(place=f"{path}:{number}")
            continue
        yield Logged(
            sql=line.sql,
            user=line.user or line.principal,
            server=line.source or line.server,
            database=line.database,
        )
