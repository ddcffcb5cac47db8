"""Which columns and rules are exercised: by the questions beside the datasets, and by the audit of late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from lucky_mcp.audit.read_log import Asked, as_one
from lucky_mcp.gateway.review.access import roles_of_people
from lucky_mcp.gateway.review.explain import Reviewed, explain_as
from lucky_mcp.gateway.review.key_coverage import rules_about_keys, rules_of_key
from lucky_mcp.gateway.review.run_expectations import placed
from lucky_mcp.gateway.review.stand_ins import attribute_stand_ins
from lucky_mcp.gateway.review.timed_diff import people_named
from lucky_mcp.model.decision import Rule
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.policy_set import PolicySet, TablePolicy

PERMIT = "permit"


class By(StrEnum):
    """What exercised something."""

    TESTS = "tests"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True)
class TableCoverage:
    """One table that a dataset file lists: what read or checked each of its columns."""

    source: str
    table: str
    columns: Mapping[str, frozenset[By]]


@dataclass(frozen=True, kw_only=True)
class RuleCoverage:
    """One rule, and what it had a say in."""

    id: str
    place: str
    by: frozenset[By]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """All tables and rules of a directory; `questions` counts what was asked again, by where it came from."""

    tables: tuple[TableCoverage, ...]
    rules: tuple[RuleCoverage, ...]
    questions: Mapping[By, int]


async def coverage(policies: PolicySet, root: Path, asked: Iterable[Asked], now: datetime) -> Coverage:
    """Ask every question again, under the policies as they are and without a database."""
    columns: set[tuple[str, str, By]] = set()
    rules: set[tuple[str, By]] = set()
    questions = dict.fromkeys(By, 0)

    def note(by: By, source: str, reviewed: Reviewed, caller: Principal, at: datetime) -> None:
        questions[by] += 1
        found = policies.source(source)
        if found is not None:
            columns.update((found.name, column, by) for column in reviewed.reads)
            rules.update((rule, by) for rule in _rules(policies, found.name, reviewed, caller, at))

    for each in placed(root):
        reviewed = await explain_as(
            policies, each.caller, each.source, each.expected.asked, each.asked_at(now)
        )
        note(By.TESTS, each.source, reviewed, each.caller, each.asked_at(now))
        found = policies.source(each.source)
        if found is not None and found.is_keyed:
            of_key = rules_of_key(policies, each.caller, found, each.expected.asked)
            rules.update((rule, By.TESTS) for rule in of_key)
        checked = each.expected.columns
        columns.update(
            (found.name, name, By.TESTS)
            for name, _ in (reviewed.columns if found is not None else ())
            if found is not None and any(name == known or name.endswith(f".{known}") for known in checked)
        )
    attributes = attribute_stand_ins(policies)
    for question in as_one(asked, people_named(policies)):
        caller = Principal(subject=question.person, roles=question.roles, attributes=attributes)
        found = policies.source(question.source)
        if found is not None and found.is_keyed:  # names of keys are not kept, so none can be asked again
            questions[By.AUDIT] += 1
            rules.update((rule, By.AUDIT) for rule in question.rules)
            continue
        note(
            By.AUDIT,
            question.source,
            await explain_as(policies, caller, question.source, question.sql, now),
            caller,
            now,
        )
    return Coverage(
        tables=tuple(_tables(policies, columns)),
        rules=tuple(
            RuleCoverage(
                id=rule.id, place=rule.place, by=frozenset(by for by in By if (rule.id, by) in rules)
            )
            for rule in _all_rules(policies)
        ),
        questions=questions,
    )


def _rules(
    policies: PolicySet, source: str, reviewed: Reviewed, caller: Principal, at: datetime
) -> Iterator[str]:
    """Rules that apply, grants by which a table may be read, and what hides something."""
    yield from reviewed.rules
    yield from (cause.rule_id for cause in reviewed.hidden)
    tables = {name.rpartition(".")[0] for name in (reviewed.reads if reviewed.code == PERMIT else ())}
    for name, policy in policies.tables.get(source, {}).items():
        if str(name) in tables:
            yield from (grant.rule.id for grant in policy.grants if grant.is_for(caller, at))


def _tables(policies: PolicySet, columns: set[tuple[str, str, By]]) -> Iterator[TableCoverage]:
    for source in sorted(policies.tables):
        for name, policy in sorted(policies.tables[source].items()):
            if policy.is_unlisted:
                continue
            yield TableCoverage(
                source=source,
                table=str(name),
                columns={
                    column.name: frozenset(
                        by for by in By if (source, f"{name}.{column.name}", by) in columns
                    )
                    for column in policy.columns
                },
            )


def _all_rules(policies: PolicySet) -> Iterator[Rule]:
    """Yield each rule once: masks of people's roles, contracts, grants and denials, and those about keys."""
    found: dict[str, Rule] = {}
    for role in roles_of_people(policies):
        for mask in policies.roles[role].masks.values():
            found.setdefault(mask.rule.id, mask.rule)
    for tables in policies.tables.values():
        for policy in tables.values():
            for rule in _rules_of(policy):
                found.setdefault(rule.id, rule)
    for rule in rules_about_keys(policies):
        found.setdefault(rule.id, rule)
    yield from found.values()


def _rules_of(policy: TablePolicy) -> Iterator[Rule]:
    yield from (each.rule for each in policy.contracts)
    yield from (each.rule for each in policy.via)
    yield from (each.rule for each in policy.grants)
    yield from (each.rule for each in policy.denials)
    yield from (each.rule for each in policy.timed)
