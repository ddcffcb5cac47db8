"""Columns that are read in aggregates alone, in words."""

from __future__ import annotations

from lucky_mcp.model.decision import Averaged


def averaged_in_words(averaged: Averaged, column: str = "") -> str:
    """Return of whom averages are, as callers and reviewers read it; with a `column`, as they write it."""
    calls = [f"{name}({column})" if column else name for name in ("AVG", "SUM", "COUNT")]
    counted = f"values of {averaged.person}" if averaged.person else "rows"
    groups = f" with the same {', '.join(averaged.by)}" if averaged.by else ""
    return f"{calls[0]}, {calls[1]} or {calls[2]} over at least {averaged.group_min} {counted}{groups}"
