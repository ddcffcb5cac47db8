"""The rows of docs/sql-support.md, and what the cases say about each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from lucky_mcp.demo.roster import DIALECTS
from lucky_mcp.model.source import Dialect
from tests.support.cases import CASES, RefusalCase, RewriteCase, refusal_cases, rewrite_cases

LISTED = CASES / "constructs"
GROUPS = (
    "joins",
    "subqueries",
    "with",
    "sets",
    "groups",
    "windows",
    "rows",
    "columns",
    "tables",
    "views",
    "makers",
    "conditions",
    "values",
    "dates",
    "nested",
    "names",
    "texts",
    "server",
    "statements",
)
NAMES = {
    Dialect.MYSQL: "MySQL",
    Dialect.POSTGRES: "PostgreSQL",
    Dialect.REDSHIFT: "Redshift",
    Dialect.DUCKDB: "DuckDB",
    Dialect.DORIS: "Doris",
}
DEFAULTS = {"source": "aws-luckyus-salesorder-rw", "role": "analyst"}
KEYS = {"sql", "absent", "twin", "why", *Dialect}
Case = RewriteCase | RefusalCase


@dataclass(frozen=True, kw_only=True)
class Construct:
    """One row of the matrix.

    `sql` is asked in every dialect that has no text of its `own`. `absent` are the dialects whose language has no
    such thing. `twin` asks the clean twin in words that plain translation carries over, by dialect. `why` says why
    the guard refuses it where the language has it, by dialect, or once for all (""). All rows of a file ask one
    `source` as one `role`.
    """

    file: str
    group: str
    source: str
    role: str
    name: str
    sql: str
    own: Mapping[str, str]
    absent: frozenset[Dialect]
    twin: Mapping[str, str]
    why: Mapping[str, str]

    def text(self, dialect: Dialect) -> str:
        """Return the text to ask in a dialect."""
        return self.own.get(dialect.value, self.sql)

    def spoken(self, dialect: Dialect) -> str:
        """Return what a case file says of its dialect: nothing when it is the source's own."""
        return "" if dialect.value == DIALECTS[self.source] else dialect.value

    def reason(self, dialect: Dialect) -> str:
        """Return why a dialect's text is refused; "" when nobody has said so."""
        return self.why.get(dialect.value, self.why.get("", ""))


@cache
def constructs(folder: Path = LISTED) -> tuple[Construct, ...]:
    """Return every row in the order of the page; ValueError for a file or a key that nobody would read."""
    if unread := {path.stem for path in folder.glob("*.yaml")} ^ set(GROUPS):
        raise ValueError(f"{folder.name}: {sorted(unread)} and GROUPS differ")
    return tuple(row for name in GROUPS for row in _rows(folder / f"{name}.yaml"))


def _rows(path: Path) -> list[Construct]:
    tree = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    if unknown := sorted(set(tree) - {"group", "constructs", *DEFAULTS}):
        raise ValueError(f"{path.name}: unknown key {unknown[0]!r}")
    return [_row(path, tree, str(name), entry) for name, entry in tree["constructs"].items()]


def _row(path: Path, tree: Mapping[str, object], name: str, entry: Mapping[str, object]) -> Construct:
    if unknown := sorted(set(entry) - KEYS):
        raise ValueError(f"{path.name}: {name}: unknown key {unknown[0]!r}")
    if not isinstance(entry.get("sql"), str):
        raise ValueError(f"{path.name}: {name}: sql is missing")
    absent = entry.get("absent", [])
    return Construct(
        file=path.stem,
        group=str(tree["group"]),
        source=str(tree.get("source", DEFAULTS["source"])),
        role=str(tree.get("role", DEFAULTS["role"])),
        name=name,
        sql=str(entry["sql"]),
        own={each.value: str(entry[each.value]) for each in Dialect if each.value in entry},
        absent=frozenset(Dialect) if absent == "all" else frozenset(map(Dialect, absent)),  # type: ignore[call-overload]
        twin=_by_dialect(entry.get("twin", {})),
        why=_by_dialect(entry.get("why", {})),
    )


def _by_dialect(value: object) -> Mapping[str, str]:
    """A text for all dialects stands under ""; ValueError for a key that is no dialect."""
    if isinstance(value, str):
        return {"": value}
    texts = dict(value)  # type: ignore[call-overload]
    return {str(Dialect(key)): str(text) for key, text in texts.items()}


def case_title(construct: Construct, dialect: Dialect) -> str:
    """Return the title of the case of one cell."""
    return f"{NAMES[dialect]}, {construct.name}"


def known_cases() -> dict[str, Case]:
    """Return every case by its title, those that wait to be filled in too."""
    found: dict[str, Case] = {}
    for case in (*rewrite_cases(unfilled=True), *refusal_cases()):
        found[case.title] = case
    return found
