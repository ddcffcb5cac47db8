"""The rows of docs/sql-support.md, what the cases say about each of them, and the page made of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from lucky_mcp.model.source import Dialect
from tests.support.cases import CASES, RefusalCase, RewriteCase, refusal_cases, rewrite_cases

LISTED = CASES / "constructs.yaml"
PAGE = CASES.parent.parent / "docs" / "sql-support.md"
NAMES = {
    Dialect.MYSQL: "MySQL",
    Dialect.POSTGRES: "PostgreSQL",
    Dialect.REDSHIFT: "Redshift",
    Dialect.DUCKDB: "DuckDB",
    Dialect.DORIS: "Doris",
}
HEAD = """# SQL support

<!-- Made by `make docs` from tests/cases/constructs.yaml and the cases it names; do not edit by hand. -->

What agents may write, in each dialect. Every cell has a case of the title `Dialect, construct` in
`tests/cases/rewrite/<dialect>/matrix.yaml`, with the rows that the filtered and masked copy gives, or in
`tests/cases/refused/<dialect>/matrix.yaml`. All of them ran on the embedded engine.

- `yes`: it is read, and answers as on the filtered and masked copy.
- `no`: it is refused, for the reason below the table.
- `–`: the dialect's language has no such thing.
"""


@dataclass(frozen=True, kw_only=True)
class Construct:
    """One row: `default` is the text of every dialect that has none of its own; None: not in the dialect."""

    group: str
    name: str
    default: str | None
    own: Mapping[str, str | None] = field(default_factory=dict)

    def text(self, dialect: Dialect) -> str | None:
        """The text to ask in a dialect, or None."""
        return self.own.get(dialect.value, self.default)


@cache
def constructs(path: Path = LISTED) -> tuple[Construct, ...]:
    """Return every row in order; ValueError for a key that is no dialect."""
    found = []
    for group, rows in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items():
        for name, texts in rows.items():
            own = {key: text for key, text in texts.items() if key != "sql"}
            if unknown := own.keys() - set(Dialect):
                raise ValueError(f"{name}: {unknown} is no dialect")
            found.append(Construct(group=group, name=name, default=texts.get("sql"), own=own))
    return tuple(found)


def case_title(construct: Construct, dialect: Dialect) -> str:
    """The title of the case of one cell."""
    return f"{NAMES[dialect]}, {construct.name}"


def known_cases() -> dict[str, RewriteCase | RefusalCase]:
    """Return every case by its title, those that wait to be filled in too."""
    found: dict[str, RewriteCase | RefusalCase] = {}
    for case in (*rewrite_cases(unfilled=True), *refusal_cases()):
        found[case.title] = case
    return found


def page() -> str:
    """Return the whole page; KeyError when a cell has no case."""
    known = known_cases()
    parts = [HEAD]
    for group in dict.fromkeys(each.group for each in constructs()):
        parts.append(_section(group, [each for each in constructs() if each.group == group], known))
    return "\n".join(parts)


def _section(
    group: str, rows: list[Construct], known: Mapping[str, RewriteCase | RefusalCase]
) -> str:
    lines = [f"## {group}", "", "| construct | " + " | ".join(NAMES.values()) + " |"]
    lines.append("|---|" + "---|" * len(NAMES))
    reasons: dict[str, list[str]] = {}
    for row in rows:
        cells = []
        for dialect, name in NAMES.items():
            case = known[case_title(row, dialect)] if row.text(dialect) is not None else None
            cells.append("–" if case is None else "no" if isinstance(case, RefusalCase) else "yes")
            if isinstance(case, RefusalCase):
                reasons.setdefault(f"{_shown(row.name)}: {_why(case)}", []).append(name)
        lines.append(f"| {_shown(row.name)} | " + " | ".join(cells) + " |")
    if reasons:
        lines += ["", *(f"- {reason} ({', '.join(names)})" for reason, names in reasons.items())]
    return "\n".join(lines) + "\n"


def _why(case: RefusalCase) -> str:
    return f"{case.code}, {'; '.join(case.text)}"


def _shown(name: str) -> str:
    return name.replace("|", "\\|").replace("*", "\\*")
