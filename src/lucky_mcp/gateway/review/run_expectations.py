"""`policy test`: the questions beside the datasets, asked as their callers, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from lucky_mcp.gateway.review.explain import Reviewed, explain_as
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.expectations import Expectation, ExpectationsFile
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.yaml_files import YamlFile

PATTERN = "*.test.yaml"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One expectation at `file:line`, and in what the answer differs from it; nothing when it is met.

    `rows_left`: it expects rows, which were not read.
    """

    place: str
    name: str
    differences: tuple[str, ...]
    rows_left: bool = False


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One question of the files: where it stands, and the source it goes to."""

    place: str
    source: str
    expected: Expectation

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that ask."""
        roles = self.expected.roles
        return (roles,) if isinstance(roles, str) else roles

    @property
    def caller(self) -> Principal:
        """Who asks."""
        attributes = {name: tuple(map(str, values)) for name, values in self.expected.attributes.items()}
        return Principal(
            subject=self.expected.person or "policy:test", roles=self.roles, attributes=attributes
        )

    def asked_at(self, now: datetime) -> datetime:
        """When it is asked: on the day that it names, else now."""
        day = self.expected.on
        return now if day is None else datetime.combine(day, time(12), UTC)


def placed(root: Path) -> Iterator[Placed]:
    """Yield every question below `root`; ConfigurationError for a file that has not the shape."""
    for path in sorted([*(root / "datasets").rglob(PATTERN), *(root / "redis").glob(PATTERN)]):
        file = YamlFile(path, root)
        content = file.read_as(ExpectationsFile)
        for index, expected in enumerate(content.tests):
            source = expected.source or content.source
            yield Placed(place=file.place(("tests", index)), source=source, expected=expected)


async def run_expectations(policies: PolicySet, root: Path, now: datetime) -> tuple[Outcome, ...]:
    """Ask every question below `root`; ConfigurationError for a file that has not the shape."""
    outcomes = []
    for each in placed(root):
        reviewed = await explain_as(
            policies, each.caller, each.source, each.expected.asked, each.asked_at(now)
        )
        outcomes.append(
            Outcome(
                place=each.place,
                name=each.expected.name,
                differences=tuple(_differences(policies, each, reviewed)),
                rows_left=each.expected.rows is not None,
            )
        )
    return tuple(outcomes)


def _differences(policies: PolicySet, question: Placed, reviewed: Reviewed) -> Iterator[str]:
    expected = question.expected
    yield from (f"there is no role {role!r}" for role in question.roles if role not in policies.roles)
    if reviewed.code != str(expected.expect):
        told = f" ({reviewed.told.splitlines()[0]})" if reviewed.told else ""
        yield f"expected {expected.expect}, got {reviewed.code}{told}"
    if expected.rules is not None and set(expected.rules) != reviewed.rules:
        yield f"expected the rules {_listed(expected.rules)}, got {_listed(reviewed.rules)}"
    for column, shown in expected.columns.items():
        yield from _column_difference(column, str(shown), reviewed)
    causes = [text for cause in reviewed.hidden for text in (cause.rule_id, cause.why)]
    if expected.denied_by and not any(text.startswith(expected.denied_by) for text in causes):
        found = _listed({text for text in causes if text})
        yield f"expected to be denied by {expected.denied_by!r}, got {found}"


def _column_difference(column: str, expected: str, reviewed: Reviewed) -> Iterator[str]:
    found = [shown for name, shown in reviewed.columns if name == column or name.endswith(f".{column}")]
    if not found:
        yield f"no table of the question has a column {column!r}"
    elif len(found) > 1:
        yield f"{column!r} is a column of {len(found)} tables: write table.column"
    elif found[0] != expected:
        yield f"expected {column} {expected}, got {found[0]}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts)) or "none"
