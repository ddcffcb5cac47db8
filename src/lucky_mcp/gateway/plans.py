"""The server's plan of a guarded text, for callers who have the system datasets: structure, no number of it.

A plan's numbers count hidden rows, and its conditions quote what the guard wrote in. What is left is which
table is read how, by which index, and the table's size as the system datasets tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log10

from lucky_mcp.gateway.execute import ExecutionFailed, Executor
from lucky_mcp.gateway.prepare import Prepared, tables_read
from lucky_mcp.gateway.system_datasets import has_system
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.probe import Step
from lucky_mcp.model.result import PlanStep
from lucky_mcp.policy.policy_set import PolicySet

NO_SERVER = "only servers of MySQL, MariaDB and PostgreSQL are asked for plans"
ANOTHER = "another table"
NOT_TOLD = "the server did not tell one now"


def may_see_plans(policies: PolicySet, principal: Principal) -> bool:
    """Whether plans are shown to the caller at all: whoever has the system datasets of servers sees them."""
    sees = any(policies.roles[name].reads_system for name in principal.roles if name in policies.roles)
    return sees and (principal.app is None or may_see_plans(policies, principal.app))


async def plan_shown(
    executor: Executor, policies: PolicySet, principal: Principal, prepared: Prepared
) -> tuple[tuple[PlanStep, ...], str]:
    """Return the plan's steps, or why there are none; `may_see_plans` was asked before."""
    if not has_system(policies, principal, prepared.source):
        return (), NO_SERVER
    tables = tuple(dict.fromkeys(tables_read(prepared)))
    by_name = _by_name(tables)
    try:
        steps, sizes = await executor.plan_of(prepared.guarded, principal.subject, tables)
    except ExecutionFailed:
        return (), NOT_TOLD
    return tuple(_shown(step, by_name, sizes) for step in steps), ""


def _by_name(tables: tuple[TableName, ...]) -> dict[str, TableName]:
    """Tables by the names that a plan gives them: their full ones, and short ones that no two share."""
    names = [each.table for each in tables]
    short = {each.table: each for each in tables if names.count(each.table) == 1}
    return {**short, **{str(each): each for each in tables}}


def _shown(step: Step, by_name: Mapping[str, TableName], sizes: Mapping[TableName, float]) -> PlanStep:
    """A name that is none of the statement's tables is not repeated: rules read tables of their own."""
    if not step.table:
        return PlanStep(table="", access=step.access, index="", rows_at_least="")
    if step.table not in by_name:
        return PlanStep(table=ANOTHER, access=step.access, index="", rows_at_least="")
    table = by_name[step.table]
    return PlanStep(
        table=str(table), access=step.access, index=step.index, rows_at_least=_power(sizes.get(table))
    )


def _power(rows: float | None) -> str:
    """The power of ten below a size, as the system datasets show it."""
    if rows is None:
        return ""
    return "0" if rows < 1 else str(10 ** floor(log10(rows)))
