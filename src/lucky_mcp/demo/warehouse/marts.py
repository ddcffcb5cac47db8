"""The departments' views; each shows the column by which the market is known, so the guard reaches it."""

from __future__ import annotations

from typing import Final

from lucky_mcp.demo.tables import Column, View
from lucky_mcp.demo.warehouse.keys import SOURCE

_MART: Final = "mart_schema"
_STORE_ID: Final = Column(name="shop_dept_id", type="BIGINT", comment="Store key of the other databases")
_STORE_NAME: Final = Column(name="store_name", type="VARCHAR", comment="Store name")
_DAILY_REVENUE: Final = """
SELECT s.shop_dept_id, s.store_name, d.full_date AS business_date, COUNT(*) AS orders,
       CAST(SUM(o.item_count) AS BIGINT) AS items, SUM(o.net_amount) AS revenue
FROM dwh_schema.fact_orders AS o
JOIN dwh_schema.dim_store AS s ON s.store_key = o.store_key
JOIN dwh_schema.dim_date AS d ON d.date_key = o.date_key
WHERE o.order_status = 90
GROUP BY s.shop_dept_id, s.store_name, d.full_date
"""
_CUSTOMER_HEALTH: Final = """
SELECT c.country_code, c.segment, COUNT(*) AS customers, CAST(SUM(c.total_orders) AS BIGINT) AS orders,
       SUM(c.total_spend) AS spend, AVG(c.churn_risk_score) AS churn_risk
FROM dwh_schema.dim_customer AS c
GROUP BY c.country_code, c.segment
"""
_PRODUCT_MIX: Final = """
SELECT s.shop_dept_id, s.store_name, p.category, p.product_name, CAST(SUM(i.quantity) AS BIGINT) AS pieces,
       SUM(i.item_amount) AS gross_amount
FROM dwh_schema.fact_order_items AS i
JOIN dwh_schema.fact_orders AS o ON o.order_key = i.order_key
JOIN dwh_schema.dim_store AS s ON s.store_key = o.store_key
JOIN dwh_schema.dim_product AS p ON p.product_key = i.product_key
WHERE o.order_status = 90
GROUP BY s.shop_dept_id, s.store_name, p.category, p.product_name
"""

MARTS: Final[tuple[View, ...]] = (
    View(
        source=SOURCE,
        schema=_MART,
        name="mart_daily_store_revenue",
        comment="Completed orders and revenue of each store and day, test stores included",
        columns=(
            _STORE_ID,
            _STORE_NAME,
            Column(name="business_date", type="DATE", comment="Day of the orders"),
            Column(name="orders", type="BIGINT", comment="Completed orders"),
            Column(name="items", type="BIGINT", comment="Pieces sold"),
            Column(name="revenue", type="DECIMAL(38,2)", comment="Amount charged, in the store's currency"),
        ),
        sql=_DAILY_REVENUE.strip(),
    ),
    View(
        source=SOURCE,
        schema=_MART,
        name="mart_customer_health",
        comment="Accounts by market and segment",
        columns=(
            Column(name="country_code", type="VARCHAR", comment="Market: US, or CK for test accounts"),
            Column(name="segment", type="VARCHAR", comment="VIP, Growth, Maintain, At-Risk or Lapsed"),
            Column(name="customers", type="BIGINT", comment="Accounts"),
            Column(name="orders", type="BIGINT", comment="Completed orders"),
            Column(name="spend", type="DECIMAL(38,2)", comment="What they paid, currencies added up as one"),
            Column(name="churn_risk", type="DOUBLE", comment="Mean risk score, 0 to 100"),
        ),
        sql=_CUSTOMER_HEALTH.strip(),
    ),
    View(
        source=SOURCE,
        schema=_MART,
        name="mart_product_mix",
        comment="What each store sold of each product, test stores included",
        columns=(
            _STORE_ID,
            _STORE_NAME,
            Column(name="category", type="VARCHAR", comment="coffee, tea, refresher or food"),
            Column(name="product_name", type="VARCHAR", comment="Name; Chinese where never translated"),
            Column(name="pieces", type="BIGINT", comment="Pieces sold"),
            Column(name="gross_amount", type="DECIMAL(38,2)", comment="Before discounts, in its currency"),
        ),
        sql=_PRODUCT_MIX.strip(),
    ),
)
