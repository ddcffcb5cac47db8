"""What agents read about this server: Markdown files, kept apart from code so that anyone can improve them.

prompts/instructions.md       the server's instructions, under 2 KB
prompts/tools/<tool>.md       `# Title`, the description, `## Arguments` with one `- name: text` each
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lucky_mcp.errors import ConfigurationError

INSTRUCTIONS_BYTES_MAX = 2048
_ARGUMENTS_HEADING = "## Arguments"


@dataclass(frozen=True, kw_only=True)
class ToolText:
    """The words of one tool; `arguments` maps each argument to its description."""

    title: str
    description: str
    arguments: Mapping[str, str]


def prompts_directory() -> Path:
    """Where the texts are: inside the installed package, or at the top of a source checkout."""
    installed = Path(__file__).parents[1] / "prompts"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "prompts"


def read_instructions(directory: Path) -> str:
    """The server's instructions; clients cut them at 2 KB, so longer ones are refused."""
    path = directory / "instructions.md"
    text = _read(path)
    size = len(text.encode("utf-8"))
    if size >= INSTRUCTIONS_BYTES_MAX:
        raise ConfigurationError(
            f"{path}: {size} bytes, but clients cut instructions at {INSTRUCTIONS_BYTES_MAX}; shorten them"
        )
    return text


def read_tool_text(directory: Path, tool: str) -> ToolText:
    """The words of `tool`; ConfigurationError names the file and what it lacks."""
    path = directory / "tools" / f"{tool}.md"
    body, heading, arguments = _read(path).partition(_ARGUMENTS_HEADING)
    title, _, description = body.strip().partition("\n")
    if not title.startswith("# ") or not description.strip() or not heading:
        raise ConfigurationError(f"{path}: it must hold `# Title`, a description and `{_ARGUMENTS_HEADING}`")
    return ToolText(
        title=title.removeprefix("# ").strip(),
        description=description.strip(),
        arguments=_read_arguments(arguments, path),
    )


def _read_arguments(text: str, path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    last = ""
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("- "):
            last, colon, meaning = line.removeprefix("- ").partition(": ")
            if not colon or not meaning or last in found:
                raise ConfigurationError(f"{path}: `{line}` must read `- name: text`, each name once")
            found[last] = meaning
        elif last:
            found[last] += " " + line
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: this text is missing or unreadable") from error
