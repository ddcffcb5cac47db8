"""Recordings: one question on each line of a JSONL file, and what is expected to become of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from lucky_mcp.audit.read_log import Asked
from lucky_mcp.errors import Code, ConfigurationError
from lucky_mcp.model.principal import Principal

PERMIT = "permit"
VERDICTS = (PERMIT, *map(str, Code))


def _verdict(text: str) -> str:
    if text not in VERDICTS:
        raise ValueError("is 'permit' or one of the error codes")
    return text


class RecordedLine(BaseModel):
    """One question: who asked what of which source, and the verdict that is expected.

    `filters` are rule ids and `masks` `schema.table.column:mask`, as the audit has them; in front of a mask's
    column as much may be left out as stays clear. `rows` are compared without their order. `at` is the time
    that counts as now, `app_roles` are those of an app that asks for the principal. What is left out is not
    compared.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    principal: str
    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    source: str
    sql: str
    verdict: Annotated[str, AfterValidator(_verdict)]
    id: str = ""
    question: str = ""
    app_roles: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    filters: tuple[str, ...] | None = None
    masks: tuple[str, ...] | None = None
    rows: tuple[tuple[JsonValue, ...], ...] | None = None
    at: datetime | None = None
    times: Annotated[int, Field(ge=1)] = 1

    @property
    def caller(self) -> Principal:
        """Who asks."""
        app = Principal(subject="app:recorded", roles=self.app_roles, attributes=self.attributes)
        return Principal(
            subject=self.principal,
            roles=self.roles,
            attributes=self.attributes,
            app=app if self.app_roles else None,
        )


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A question and its place, `file:line`."""

    place: str
    line: RecordedLine


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """A line that is no recording, and why."""

    place: str
    why: str


def read_recordings(path: Path) -> Iterator[Recording | Malformed]:
    """Yield each line that is not blank; ConfigurationError for a file that cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, text in enumerate(file, start=1):
                if text.strip():
                    yield _read(text, f"{path}:{number}")
    except OSError as failure:
        raise ConfigurationError(f"{path}: the recordings cannot be read ({failure.strerror})") from None


def recorded_before(paths: list[Path]) -> tuple[Asked, ...]:
    """Return the questions of recordings as those of an audit log, for a comparison of two policy sets."""
    lines = (each for path in paths for each in read_recordings(path))
    return tuple(
        Asked(
            roles=each.line.roles,
            app_roles=each.line.app_roles,
            source=each.line.source,
            sql=each.line.sql,
            outcome="ok" if each.line.verdict == PERMIT else each.line.verdict,
            receipt=each.place,
            times=each.line.times,
        )
        for each in lines
        if isinstance(each, Recording)
    )


def is_recordings(path: Path) -> bool:
    """Whether the first line that can be read is a recording, not a record of an audit log.

    A directory is that of an audit log.
    """
    if path.is_dir():
        return False
    return any(isinstance(each, Recording) for _, each in zip(range(10), read_recordings(path), strict=False))


def _read(text: str, place: str) -> Recording | Malformed:
    try:
        return Recording(place=place, line=RecordedLine.model_validate_json(text))
    except ValidationError as failure:
        return Malformed(place=place, why=_why(failure))


def _why(failure: ValidationError) -> str:
    """Say what is wrong without the value: a line may hold what nobody is to read in a report."""
    first = failure.errors(include_input=False, include_context=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
