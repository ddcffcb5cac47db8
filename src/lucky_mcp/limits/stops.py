"""What operators have stopped: sources and callers, in a file that each process looks at before each read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.secrets.private_files import Stamp, read_private, sole_writer, stamp_of, write_private

WHAT = "file of stops"
REASON_CHARS_MAX = 200


class StopKind(StrEnum):
    """What can be stopped."""

    SOURCE = "source"
    PRINCIPAL = "principal"


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters")
    return text


class Stop(BaseModel):
    """One stop: of a source by its full name, or of a caller by its subject. `reason` is told to callers."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: StopKind
    name: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARS_MAX), AfterValidator(_plain)]
    at: AwareDatetime


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Literal[1] = 1
    stops: tuple[Stop, ...] = ()


class StopFile:
    """The stops of one state directory; a file that is not there stops nothing."""

    def __init__(self, path: Path, *, now: Callable[[], datetime]) -> None:
        self._path = path
        self.now = now
        self._stamp: Stamp = None
        self._stops: dict[tuple[StopKind, str], Stop] = {}

    def find(self, *, source: str, principal: str) -> Stop | None:
        """Return what stops a read of `source` ("": none yet) by `principal`; None when nothing does.

        One look at the file's state, and a new reading when it changed. ConfigurationError for a file that
        cannot be trusted: what is stopped is not known then.
        """
        self._refresh()
        if not self._stops:
            return None
        return self._stops.get((StopKind.PRINCIPAL, principal)) or self._stops.get((StopKind.SOURCE, source))

    def all(self) -> tuple[Stop, ...]:
        """Return every stop, the oldest first."""
        self._refresh()
        return tuple(self._stops.values())

    def stop(self, kind: StopKind, name: str, reason: str) -> Stop:
        """Add a stop, or give it another reason; ValueError for a reason that is empty or too long."""
        try:
            made = Stop(kind=kind, name=name, reason=" ".join(reason.split()), at=self.now())
        except ValidationError:
            raise ValueError(
                f"a reason has 1 to {REASON_CHARS_MAX} characters, all of them printable"
            ) from None
        with sole_writer(self._path, WHAT):
            self._write((*self._without(kind, name), made))
        return made

    def resume(self, kind: StopKind, name: str) -> Stop | None:
        """Take a stop away and return it; None when there is none."""
        with sole_writer(self._path, WHAT):
            kept = self._without(kind, name)
            gone = self._stops.get((kind, name))
            if gone is not None:
                self._write(kept)
        return gone

    def _without(self, kind: StopKind, name: str) -> tuple[Stop, ...]:
        self._refresh()
        return tuple(each for key, each in self._stops.items() if key != (kind, name))

    def _write(self, stops: tuple[Stop, ...]) -> None:
        write_private(self._path, _Content(stops=stops).model_dump_json(indent=2) + "\n", WHAT)

    def _refresh(self) -> None:
        stamp = stamp_of(self._path)
        if stamp is not None and stamp == self._stamp:
            return
        self._stops, self._stamp = {}, None
        content = read_private(self._path, WHAT)
        if content is None:
            return
        try:
            stops = _Content.model_validate_json(content).stops
        except ValidationError as error:
            raise ConfigurationError(
                f"{self._path}: the {WHAT} is damaged, so every read is refused; write it again with"
                " `lucky-mcp sources stop`, after moving it away"
            ) from error
        self._stops, self._stamp = {(each.kind, each.name): each for each in stops}, stamp
