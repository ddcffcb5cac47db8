"""A gateway that answers from what a test gives it, so that the server's own words are what is tested."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

from lucky_mcp.audit.sink import MemorySink
from lucky_mcp.errors import NameRefused
from lucky_mcp.model.principal import Principal
from lucky_mcp.model.request import SqlRead
from lucky_mcp.model.result import AppliedRule, Digests, Explanation, ReadResult, Receipt, Truncation
from lucky_mcp.model.visible import ShownColumn, ShownFilter, ShownJoin, VisibleSource, VisibleTable
from lucky_mcp.policy.identity_rules import NOBODY

DIGESTS = Digests(policy="a" * 16, catalog="b" * 16, references="c" * 16)
TOOLSETS: Mapping[str, frozenset[str]] = {
    "analyst": frozenset({"ask_lucky"}),
    "executive": frozenset({"executive"}),
    "dba": frozenset({"dba"}),
    "security_reviewer": frozenset({"review"}),
    "data_engineer": frozenset({"engineer"}),
    "ml_engineer": frozenset({"analysis"}),
    "people_analyst": frozenset({"analysis"}),
    "operations_manager": frozenset({"operations"}),
    "customer_care": frozenset({"customer_care"}),
}

SALES = VisibleSource(
    name="aws-luckyus-salesorder-rw",
    short_name="salesorder",
    kind="duckdb",
    dialect="mysql",
    domain="sales",
    status="active",
    time_zone="America/New_York",
    description="Orders,\nand their items",
    tables=2,
)
MAP = VisibleSource(
    name="aws-luckyus-pgilkmap-rw",
    short_name="pgilkmap",
    kind="duckdb",
    dialect="postgres",
    domain="operations",
    status="active",
    time_zone="UTC",
    description="Store map",
    tables=1,
)
ORDERS = VisibleTable(
    source=SALES.name,
    dialect="mysql",
    schema="luckyus_sales_order",
    table="t_sales_order_m",
    domain="sales",
    dataset="sales.orders",
    description="One row per order; order_status 90 is completed.",
    columns=(
        ShownColumn(name="order_id", type="BIGINT", mask="", tags=(), comment="key"),
        ShownColumn(name="register", type="DATETIME", mask="redact", tags=("pii",), comment=""),
        ShownColumn(
            name="order_time", type="DATETIME", mask="", tags=("time", "safe"), comment="local, to the second"
        ),
        ShownColumn(name="phone", type="VARCHAR", mask="last4", tags=("pii.phone",), comment=""),
    ),
    primary_key=("order_id",),
    indexes=(("order_time", "order_id"),),
    filters=(
        ShownFilter(
            rule_id="us-market", condition="currency_code = 'USD'", why="test orders", owner="finance-data"
        ),
    ),
    not_filtered="",
    joins=(
        ShownJoin(
            source=SALES.name,
            table="luckyus_sales_order.t_order_item",
            condition="t_sales_order_m.order_id = t_order_item.order_id",
            join="JOIN luckyus_sales_order.t_order_item ON t_sales_order_m.order_id = t_order_item.order_id",
        ),
    ),
)


def receipt(**changes: object) -> Receipt:
    """An ordinary receipt, with `changes`."""
    given: dict[str, object] = {
        "id": "r-7f3a",
        "source": SALES.name,
        "elapsed_ms": 18,
        "filters": ("us-market",),
        "masked": (("phone", "last4"),),
        "not_filtered": (),
        "digests": DIGESTS,
    }
    return Receipt(**{**given, **changes})  # type: ignore[arg-type]


def rows(columns: tuple[str, ...], *values: tuple[object, ...], **changes: object) -> ReadResult:
    """An ordinary result of `values`, with `changes`."""
    given: dict[str, object] = {
        "columns": columns,
        "rows": values,
        "truncation": Truncation.NONE,
        "rows_max": 100,
        "rows_cap": 1000,
        "bytes": 100,
        "cells_cut": 0,
        "receipt": receipt(),
    }
    return ReadResult(**{**given, **changes})  # type: ignore[arg-type]


EXPLANATION = Explanation(
    source=SALES.name,
    dialect="mysql",
    sql_sent="SELECT COUNT(*) FROM (SELECT order_id FROM t WHERE currency_code = 'USD') AS t",
    sql_engine="engine text",
    tables=("luckyus_sales_order.t_sales_order_m",),
    applied=(
        AppliedRule(
            table="luckyus_sales_order.t_sales_order_m",
            effect="rows: currency_code = 'USD'",
            rule_id="us-market",
            place="contracts.yaml:7",
            why="test orders, and more",
            owner="finance-data",
        ),
    ),
    rows_max=100,
    timeout_ms=10000,
    receipt_id="r-1",
    digests=DIGESTS,
)


class FakeVisible:
    """Everybody sees two sources and one table; toolsets follow `TOOLSETS`."""

    def sources(self, principal: Principal) -> tuple[VisibleSource, ...]:
        return (SALES, MAP)

    def tables(self, principal: Principal, source: str | None = None) -> tuple[VisibleTable, ...]:
        return (ORDERS,)

    def table(self, principal: Principal, source: str, table: str) -> VisibleTable:
        if table != f"{ORDERS.schema}.{ORDERS.table}":
            raise NameRefused(
                "there is no such table in this source",
                nearest=(f"{ORDERS.schema}.{ORDERS.table}",),
                audit_detail="denied: restricted",
            )
        return ORDERS

    def toolsets(self, principal: Principal) -> frozenset[str]:
        return frozenset().union(*(TOOLSETS.get(role, frozenset()) for role in principal.roles))

    def search(
        self, principal: Principal, question: str, domain: str | None, limit: int
    ) -> tuple[VisibleTable, ...]:
        return (ORDERS,)[:limit] if domain in (None, ORDERS.domain) else ()


ReadWork = Callable[[SqlRead], Awaitable[ReadResult] | ReadResult]


@dataclass
class FakeGateway:
    """Answers reads with `work`, or raises what `work` raises, and remembers who asked what."""

    work: Callable[[SqlRead], ReadResult] | None = None
    explanation: Explanation | Exception = EXPLANATION
    visible: FakeVisible = field(default_factory=FakeVisible)
    asked: list[tuple[Principal, SqlRead]] = field(default_factory=list)
    stops: dict[str, str] = field(default_factory=dict)
    policies: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(sources={}, roles={}, identity=NOBODY)
    )
    audit: MemorySink = field(default_factory=MemorySink)

    def health(self) -> dict[str, str]:
        return {}

    async def read(self, principal: Principal, request: SqlRead) -> ReadResult:
        self.asked.append((principal, request))
        return self.work(request) if self.work else rows(("n",), (1,))

    def stopped(self, source: str) -> str:
        return self.stops.get(source, "")

    async def explain(
        self, principal: Principal, request: SqlRead, *, with_plan: bool = False
    ) -> Explanation:
        self.asked.append((principal, request))
        if isinstance(self.explanation, Exception):
            raise self.explanation
        return self.explanation
