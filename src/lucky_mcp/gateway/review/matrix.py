"""The role × column matrix: how each role sees each column of each table, and which rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lucky_mcp.gateway.review.access import TableAccess, accesses, roles_of_people
from lucky_mcp.gateway.review.key_access import form_of, key_accesses, key_columns
from lucky_mcp.gateway.system_datasets import DATASET as SYSTEM
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.source import Source
from lucky_mcp.policy.policy_set import PolicySet, Timed


@dataclass(frozen=True, kw_only=True)
class MatrixTable:
    """One table: its columns as the files list them, and what each role sees of it, by role.

    `timed` are the rules in force that end by themselves, for people and for roles.
    """

    source: str
    table: str
    level: str
    columns: tuple[str, ...]
    by_role: tuple[TableAccess, ...]
    timed: tuple[Timed, ...] = ()


def matrix(
    policies: PolicySet,
    *,
    roles: tuple[str, ...] = (),
    source: str = "",
    table: str = "",
    now: datetime | None = None,
) -> Iterator[MatrixTable]:
    """Yield the tables of a source (or all, or the one of a name) as each of the roles sees them.

    Without roles they are all that people can have; without `now` whatever ends by itself has ended.
    ValueError names what is not there.
    """
    chosen = roles or roles_of_people(policies)
    for role in chosen:
        if role not in policies.roles:
            raise ValueError(f"there is no role {role!r}; roles.yaml has {', '.join(policies.roles)}")
    wanted = policies.source(source) if source else None
    if source and wanted is None:
        raise ValueError(f"there is no source {source!r}")
    by_role = {
        role: {(each.source, each.table): each for each in accesses(policies, (role,), now)}
        for role in chosen
    }
    found = 0
    for name in sorted(policies.tables):
        for key, policy in sorted(policies.tables[name].items()):
            if (wanted is not None and name != wanted.name) or (table and table not in {str(key), key.table}):
                continue
            if policy.dataset == SYSTEM and not policy.grants:
                continue  # what the built-in views read, which nobody reads by its name
            found += 1
            yield MatrixTable(
                source=name,
                table=str(key),
                level=policy.level,
                columns=tuple(column.name for column in policy.columns),
                by_role=tuple(by_role[role][name, str(key)] for role in chosen),
                timed=tuple(each for each in policy.timed if not each.is_over(now)),
            )
    for each in _keys(policies, chosen, wanted, table):
        found += 1
        yield each
    if table and not found:
        raise ValueError(f"no dataset file lists a table {table!r}")


def _keys(
    policies: PolicySet, roles: tuple[str, ...], wanted: Source | None, table: str
) -> Iterator[MatrixTable]:
    by_role = {
        role: {
            (each.source, each.table): each
            for each in key_accesses(policies, Principal(subject="review:nobody", roles=(role,)))
        }
        for role in roles
    }
    for name in sorted(policies.keys):
        rules = {form_of(rule): rule for rule in policies.keys[name].rules}
        for form, rule in rules.items():
            if (wanted is not None and name != wanted.name) or (
                table and table not in {form, rule.template.text}
            ):
                continue
            yield MatrixTable(
                source=name,
                table=form,
                level=rule.level,
                columns=key_columns(rule),
                by_role=tuple(by_role[role][name, form] for role in roles),
            )
