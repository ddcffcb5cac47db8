"""What is measured on: the project's policies over the demo's data, and a fleet of many more tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from lucky_mcp.demo.build import build_demo
from lucky_mcp.gateway.view import View
from lucky_mcp.model.names import TableName
from lucky_mcp.model.principal import Principal
from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)
LAST_DAY = date(2026, 2, 14)
ANALYST = Principal(subject="bench", roles=("analyst",))
SHOPS = tuple(range(10001, 10012))
GROWN = "aws-luckyus-opshop-rw"


def policies_over(data: Path) -> PolicySet:
    """Return the project's policies with the demo's databases in `data`."""
    return load_policies(ROOT / "policies", {"DEMO_DATA": str(data)})


def build(data: Path, scale: str) -> None:
    """Write the demo's databases."""
    build_demo(data, seed=7, end=LAST_DAY, scale=scale)


def view_of(policies: PolicySet) -> View:
    """Return a view in which every reference set has values."""
    return View(policies=policies, references=dict.fromkeys(policies.references, SHOPS), now=NOW)


def grown(policies: PolicySet, tables: int) -> PolicySet:
    """Return the policies with copies of one source's table, up to `tables` of them."""
    catalog, listed = policies.catalogs[GROWN], policies.tables[GROWN]
    (name, table), policy = next(iter(catalog.tables.items())), next(iter(listed.values()))
    copies = [
        TableName(schema=name.schema, table=f"t_{number:06}_{name.table}") for number in range(tables - 1)
    ]
    more = {copy: replace(table, name=copy) for copy in copies}
    governed = {copy: replace(policy, table=copy) for copy in copies}
    return replace(
        policies,
        catalogs={**policies.catalogs, GROWN: replace(catalog, tables={**more, **catalog.tables})},
        tables={**policies.tables, GROWN: {**governed, **listed}},
    )
