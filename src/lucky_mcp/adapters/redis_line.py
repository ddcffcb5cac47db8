"""What goes over a line to a server of keys: commands of a closed list, none of which changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from lucky_mcp.model.commands import COMMANDS

Command = tuple[str | bytes | int, ...]

NAME = "lucky-mcp"


@dataclass(frozen=True)
class Failed:
    """What a server answers instead: the first word of it is its kind."""

    text: str

    @property
    def kind(self) -> str:
        """The server's word for what went wrong."""
        return self.text.partition(" ")[0]


Reply: TypeAlias = "bytes | int | list[Reply] | Failed | None"


class CommandRefused(Exception):
    """A command that is not of the closed list; a defect of ours, and nothing was sent."""


class Line(Protocol):
    """One connection; each method blocks, and raises EngineError."""

    def open(self) -> None:
        """Connect and log in."""

    def ask(self, commands: Sequence[Command]) -> list[Reply]:
        """Send commands together, and return an answer to each."""

    def within(self, seconds: float) -> None:
        """Give up each answer that takes longer."""

    def stop(self) -> None:
        """From another thread: make every call that is under way here fail; raises nothing."""

    def close(self) -> None:
        """Close the connection; raises nothing."""


def checked(commands: Sequence[Command]) -> Sequence[Command]:
    """Return the commands if each is of the closed list."""
    for name, *_ in commands:
        if name not in COMMANDS:
            raise CommandRefused("a command that is not of the list")
    return commands
