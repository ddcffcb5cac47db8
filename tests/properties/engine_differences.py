"""What is the engine's and not ours: a failing comparison that the named list explains is counted apart.

The list is `tests/cases/engine_differences.yaml`; an entry needs a reason, and each match is counted by name,
so that an entry which excuses too much shows in the figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from tests.support.generator_checks import PLANS_DISAGREE
from tests.support.generator_servers import SERVERS

BY_SERVER = "the plain query has several answers by the server's plans"
LIST = Path(__file__).parent.parent / "cases" / "engine_differences.yaml"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One way in which an engine differs from itself by plan or by spelling, or from what the parser knows of it.

    It explains a finding when each pattern that is given occurs: `sql` in the query, `wrong` in what was
    found, `dialects` names where it may be: a dialect on the embedded engine, or a server. `proofs` gives, per
    dialect and source, a query that shows it, and `means` the same query spelled so that the engine takes it as
    it is meant, where no other plan does.
    """

    name: str
    dialects: tuple[str, ...]
    reason: str
    wrong: str
    proofs: Mapping[str, Mapping[str, str]]
    sql: str = ""
    means: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def explains(self, dialect: str, sql: str, wrong: str) -> bool:
        """Whether a finding is this one."""
        return (
            dialect in self.dialects
            and re.search(self.wrong, wrong) is not None
            and re.search(self.sql, sql) is not None
        )


@cache
def differences() -> tuple[Difference, ...]:
    """Return the list; TypeError for an entry with other keys."""
    entries = YAML(typ="safe").load(LIST.read_text(encoding="utf-8"))["differences"]
    return tuple(Difference(**{**each, "dialects": tuple(each["dialects"])}) for each in entries)


def explained(dialect: str, sql: str, wrong: str) -> str:
    """Return the name of the entry that explains a finding, or nothing.

    A server to which the plain query means several answers needs no entry: the guarded one is among them.
    """
    named = next((each.name for each in differences() if each.explains(dialect, sql, wrong)), "")
    return named or (BY_SERVER if dialect in SERVERS and wrong.startswith(PLANS_DISAGREE) else "")
