"""What the pages say, taken apart: headings, fenced blocks and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADING = re.compile(r"(?P<level>#{1,6}) (?P<title>.+)")
FENCE = re.compile(r"(?P<mark>~{3,}|`{3,})(?P<info>.*)")
CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: the words behind its opening fence, its text, and the heading it stands under."""

    info: str
    text: str
    heading: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """One Markdown file, its prose apart from its fenced blocks."""

    path: Path
    prose: tuple[tuple[int, str], ...]
    blocks: tuple[Block, ...]

    def headings(self, level: int) -> list[str]:
        """Return the titles of one level, in order."""
        found = (HEADING.fullmatch(line) for _, line in self.prose)
        return [match["title"] for match in found if match and len(match["level"]) == level]

    def section(self, title: str) -> str:
        """Return the prose under a heading, up to the next one."""
        lines: list[str] = []
        inside = False
        for _, line in self.prose:
            match = HEADING.fullmatch(line)
            if match:
                inside = match["title"] == title
            elif inside:
                lines.append(line)
        return "\n".join(lines)

    def tables(self, title: str) -> list[list[str]]:
        """Return the rows of every table under a heading, without the heads; cells as they are written."""
        rows = [line for line in self.section(title).splitlines() if line.startswith("|")]
        heads = {index for index, row in enumerate(rows) if set(row) <= set("|- ")}
        kept = [row for index, row in enumerate(rows) if index not in heads and index + 1 not in heads]
        return [[cell.strip() for cell in CELL.split(row)[1:-1]] for row in kept]


def read_page(path: Path) -> Page:
    """Return one page; ValueError for a fence that is never closed."""
    prose: list[tuple[int, str]] = []
    blocks: list[Block] = []
    heading, lines = "", iter(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        fence = FENCE.match(line)
        if not fence:
            match = HEADING.fullmatch(line)
            heading = match["title"] if match else heading
            prose.append((number, line))
            continue
        text = "\n".join(_until(fence["mark"], lines, f"{path.name}:{number}"))
        blocks.append(Block(info=fence["info"].strip(), text=text, heading=heading, line=number))
    return Page(path=path, prose=tuple(prose), blocks=tuple(blocks))


def _until(mark: str, lines: Iterator[tuple[int, str]], place: str) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == mark:
            return
        yield line
    raise ValueError(f"{place}: the fence is never closed")


def plain(cell: str) -> str:
    """Return a table cell without its code marks and escapes; (empty) is the empty text."""
    if cell == "(empty)":
        return ""
    return cell.replace("\\|", "|").removeprefix("`").removesuffix("`")
