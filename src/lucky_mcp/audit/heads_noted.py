"""How far each chain goes, noted in a file to be kept where whoever may write the log may not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lucky_mcp.errors import ConfigurationError


def noted_text(heads: Mapping[str, tuple[int, str]]) -> str:
    """Return the heads, one chain a line."""
    return "".join(f"{chain} {seq} {mac}\n" for chain, (seq, mac) in sorted(heads.items()))


def write_noted(path: Path, heads: Mapping[str, tuple[int, str]]) -> None:
    """Write the heads; ConfigurationError when the file cannot be written."""
    try:
        path.write_text(noted_text(heads), encoding="ascii")
    except OSError as error:
        raise ConfigurationError(f"{path}: the heads cannot be written ({error.strerror})") from None


def read_noted(path: Path) -> dict[str, tuple[int, str]]:
    """Read what `write_noted` wrote; ConfigurationError for anything else."""
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return {chain: (int(seq), mac) for chain, seq, mac in rows}
    except OSError as error:
        raise ConfigurationError(f"{path}: the heads cannot be read ({error.strerror})") from None
    except ValueError:
        raise ConfigurationError(f"{path}: this is not a file of `audit verify --note-heads`") from None
