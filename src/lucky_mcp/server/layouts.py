"""Rows as CSV, Markdown, JSON or Slack text: what stands below the receipt line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import tzinfo

from lucky_mcp.server.cells import as_json, as_text, one_line

Row = Sequence[object]

SLACK_CHARS_MAX = 2900
_SLACK_CELL_CHARS_MAX = 300
# Everything that some reader takes for the end of a line, besides RFC 4180's own special characters.
_NEEDS_QUOTES = frozenset('",\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029')


def csv(columns: Sequence[str], rows: Iterable[Row], zone: tzinfo | None) -> str:
    """RFC 4180 with plain line feeds; NULL is an empty field, the empty text is `""`."""
    lines = [",".join(_csv_field(name, zone) for name in columns)]
    lines += [",".join(_csv_field(value, zone) for value in row) for row in rows]
    return "\n".join(lines)


def _csv_field(value: object, zone: tzinfo | None) -> str:
    if value is None:
        return ""
    text = as_text(value, zone)
    if text and _NEEDS_QUOTES.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def markdown(columns: Sequence[str], rows: Iterable[Row], zone: tzinfo | None) -> str:
    """A pipe table; NULL is an empty cell, the empty text is `""`, line breaks are `<br>`."""
    lines = [_pipes(_markdown_cell(name, zone) for name in columns), _pipes("---" for _ in columns)]
    lines += [_pipes(_markdown_cell(value, zone) for value in row) for row in rows]
    return "\n".join(lines)


def _pipes(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _markdown_cell(value: object, zone: tzinfo | None) -> str:
    if value is None:
        return ""
    text = as_text(value, zone)
    if not text:
        return '""'
    lines = text.replace("\\", "\\\\").replace("|", "\\|").splitlines()
    return "<br>".join(lines) or "<br>"


def json_table(columns: Sequence[str], rows: Iterable[Row], zone: tzinfo | None) -> str:
    """`{"columns": […], "rows": [[…]]}`, compact: half the size of one object per row."""
    table = {"columns": list(columns), "rows": [[as_json(value, zone) for value in row] for row in rows]}
    return json.dumps(table, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def slack_bullets(
    columns: Sequence[str], rows: Iterable[Row], zone: tzinfo | None, *, chars_max: int
) -> list[str]:
    """One bullet per row, as many whole rows as fit in `chars_max`; Slack renders no tables."""
    bullets: list[str] = []
    left = chars_max
    for row in rows:
        named = zip(columns, row, strict=True)
        bullet = "• " + " · ".join(f"{slack_text(name)}: {_slack_cell(value, zone)}" for name, value in named)
        left -= len(bullet) + 1
        if left < 0:
            break
        bullets.append(bullet)
    return bullets


def slack_text(text: str) -> str:
    """Keep `text` from becoming a mention or a link: Slack reads both out of angle brackets."""
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_cell(value: object, zone: tzinfo | None) -> str:
    if value is None:
        return "–"
    text = as_text(value, zone)
    if len(text) > _SLACK_CELL_CHARS_MAX:
        text = text[:_SLACK_CELL_CHARS_MAX] + "… (cut)"
    return slack_text(text) or '""'
