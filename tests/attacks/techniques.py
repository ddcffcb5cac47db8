"""The techniques of `tests/cases/attacks/*.yaml`: what is asked, of whom, as whom, and why it is dangerous.

A file holds one class. `sql` is one text for every family of `families`, or one per family; `{guess}` stands for a
value that is true of hidden data and, asked again, for one that is not; `{user}` and the like for facts that an
attacker may know. `first` is asked before; `tool` and `arguments` stand in for `sql` with the other tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.reference import CRM, MAP, ORDERS, SHOPS

FOLDER = Path(__file__).resolve().parent.parent / "cases" / "attacks"
ENGINES: Mapping[str, tuple[str, ...]] = {
    "mysql": ("mysql", "doris", "mariadb", "mysql-server"),
    "postgres": ("postgres", "postgresql"),
    "redshift": ("redshift", "redshift-wire"),
    "duckdb": ("duckdb", "lake-s3"),
    "redis": ("redis",),
}
"""By family: the dialects on the embedded engine, then the server. Redis has no text: it is asked with its own tools."""
EMBEDDED = ("mysql", "doris", "postgres", "redshift", "duckdb")
ON_SERVERS = ("mariadb", "mysql-server", "postgresql", "redshift-wire", "lake-s3", "redis")
SQL_FAMILIES = ("mysql", "postgres", "redshift", "duckdb")
SOURCES: Mapping[str, str] = {
    "crm": CRM,
    "orders": ORDERS,
    "shops": SHOPS,
    "map": MAP,
    "warehouse": "redshift",
    "staff": "aws-luckyus-iehr-rw",
    "dify": "aws-luckyus-dify-rw",
    "lake": "s3-data-lake",
    "nowhere": "no-such-source",
    "market": "luckyus-isales-market",
    "order-cache": "luckyus-isales-order",
    "session": "luckyus-session",
    "stock": "luckyus-scm-shopstock",
}
CLUSTERS = {SOURCES[each] for each in ("market", "order-cache", "session", "stock")}
SERVED: Mapping[str, set[str]] = {
    "mariadb": {CRM, ORDERS, SHOPS},
    "mysql-server": {CRM, ORDERS, SHOPS},
    "postgresql": {CRM, ORDERS, SHOPS, MAP},
    "redshift-wire": {CRM, ORDERS, SHOPS, SOURCES["warehouse"]},
    "lake-s3": {SOURCES["lake"]},
    "redis": CLUSTERS,
}
SERVER_ONLY_TOOLS = {"get_source_health"}


@dataclass(frozen=True, kw_only=True)
class Technique:
    """One way to learn, change or exhaust something; `texts` by family."""

    id: str
    kind: str
    why: str
    role: str
    source: str
    texts: Mapping[str, str]
    first: tuple[str, ...] = ()
    tool: str = "run_query"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    guess: str = ""
    unguarded: str = ""
    varies: str = ""
    effect: str = "tells"
    never: tuple[str, ...] = ()
    """What an answer must not hold beside tokens."""

    def on(self, engine: str) -> bool:
        """Whether it is tried on an engine."""
        if self.only and engine not in self.only:
            return False
        if self.source == SOURCES["lake"] and engine in EMBEDDED:
            return False
        if engine in SERVED and self.source not in SERVED[engine]:
            return False
        if self.tool in SERVER_ONLY_TOOLS and engine not in SERVED:
            return False
        return engine in {each for family in self.texts for each in ENGINES[family]}

    def text(self, engine: str) -> str:
        """Return what is asked there, with its places still open."""
        return next(text for family, text in self.texts.items() if engine in ENGINES[family])


@cache
def techniques() -> tuple[Technique, ...]:
    """Return every technique; ValueError when one is said twice or in part."""
    found = [each for path in sorted(FOLDER.glob("*.yaml")) for each in _in_file(path)]
    ids = [each.id for each in found]
    if len(set(ids)) != len(ids):
        raise ValueError(f"said twice: {sorted({each for each in ids if ids.count(each) > 1})}")
    asked = {}
    for each in found:
        for family, text in each.texts.items():
            key = (
                family,
                each.role,
                each.source,
                each.tool,
                re.sub(r"[ \n]+", " ", text),
                str(each.arguments),
                each.first,
            )
            if key in asked and each.tool == "run_query":
                raise ValueError(f"{each.id} asks what {asked[key]} asks")
            asked[key] = each.id
    return tuple(found)


def _in_file(path: Path) -> Iterator[Technique]:
    document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    known = {"class", "about", "families", "source", "role", "effect", "techniques", "unguarded", "varies"}
    if extra := document.keys() - known:
        raise ValueError(f"{path.name}: unknown {sorted(extra)}")
    for given in document["techniques"]:
        yield _technique(path, document, given)


def _technique(path: Path, document: Mapping[str, Any], given: Mapping[str, Any]) -> Technique:
    known = {"id", "why", "sql", "role", "source", "first", "tool", "arguments", "only", "guess"}
    if extra := given.keys() - known - {"unguarded", "varies", "effect", "families", "never"}:
        raise ValueError(f"{path.name}: unknown {sorted(extra)} in {given.get('id')}")
    kind, sql = document["class"], given.get("sql", "")
    families = given.get("families") or document.get("families") or list(SQL_FAMILIES)
    texts = dict(sql) if isinstance(sql, dict) else dict.fromkeys(families, str(sql))
    if not given.get("why") or not texts or not (sql or given.get("tool")):
        raise ValueError(f"{path.name}: {given.get('id')} says too little")
    if unknown := texts.keys() - ENGINES.keys():
        raise ValueError(f"{path.name}: no family {sorted(unknown)}")

    def of(name: str, otherwise: Any) -> Any:
        return given.get(name, document.get(name, otherwise))

    return Technique(
        id=f"{kind}/{given['id']}",
        kind=kind,
        why=given["why"],
        role=of("role", "analyst"),
        source=SOURCES[of("source", "crm")],
        texts=texts,
        first=tuple(given.get("first", ())),
        tool=given.get("tool", "run_query"),
        arguments=given.get("arguments", {}),
        only=frozenset(given.get("only", ())),
        guess=given.get("guess", ""),
        unguarded=of("unguarded", ""),
        varies=of("varies", ""),
        effect=of("effect", "tells"),
        never=tuple(given.get("never", ())),
    )
