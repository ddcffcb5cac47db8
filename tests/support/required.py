"""The cases of `tests/cases/requires.yaml`, read strictly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.cases import CASES, CaseFault

PATH = CASES / "requires.yaml"
GROUP_KEYS = {"source", "role", "dialect", "permitted", "refused"}


@dataclass(frozen=True, kw_only=True)
class PermittedCase:
    """A query whose scans say what is required, and the clean twin's answer (`twin`: in other words)."""

    title: str
    role: str
    source: str
    dialect: str
    sql: str
    rows: str
    twin: str = ""


@dataclass(frozen=True, kw_only=True)
class RefusedCase:
    """A query that does not; the refusal says what is `needed`, and may hand over a `rewrite`."""

    title: str
    role: str
    source: str
    dialect: str
    sql: str
    needed: str
    rewrite: bool = False


def permitted_cases(path: Path = PATH) -> list[PermittedCase]:
    """Return the permitted cases; CaseFault for one without rows."""
    return [PermittedCase(**entry) for entry in _entries(path, "permitted", PermittedCase)]


def refused_cases(path: Path = PATH) -> list[RefusedCase]:
    """Return the refused cases; CaseFault for one that does not say what is needed."""
    return [RefusedCase(**entry) for entry in _entries(path, "refused", RefusedCase)]


def _entries(path: Path, part: str, kind: type) -> Iterator[dict[str, Any]]:
    titles: set[str] = set()
    for group in YAML(typ="safe").load(path.read_text(encoding="utf-8")):
        if not set(group) <= GROUP_KEYS:
            raise CaseFault(f"{path.name}: unknown key in a group of {group.get('source')}")
        shared = {key: group.get(key, "") for key in ("source", "role", "dialect")}
        for case in group[part]:
            known = {field.name for field in fields(kind)}
            needed = "rows" if part == "permitted" else "needed"
            if not set(case) <= known or needed not in case or case["title"] in titles:
                fault = f"an unknown key, no {needed}, or a repeated title"
                raise CaseFault(f"{path.name}: {case.get('title')!r}: {fault}")
            titles.add(case["title"])
            yield {**shared, **case}
