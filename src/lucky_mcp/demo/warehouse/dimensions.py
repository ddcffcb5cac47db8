"""The dimensions of places and things: stores, products, devices, staff, suppliers, coupons, channels."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from lucky_mcp.demo.coupon_templates import ALL_TEMPLATES
from lucky_mcp.demo.devices import devices
from lucky_mcp.demo.employees import employees
from lucky_mcp.demo.goods import GOODS
from lucky_mcp.demo.lazy_rows import Row
from lucky_mcp.demo.money import from_cents
from lucky_mcp.demo.tables import Column, Table
from lucky_mcp.demo.warehouse.keys import CHANNELS, STORE_KEY, STORE_KEYS, TEMPLATE_KEYS, dwh_table
from lucky_mcp.demo.world import World

_STORE_COLUMNS: Final = (
    Column(name="store_key", type="BIGINT", comment="Store key of the warehouse"),
    Column(name="shop_dept_id", type="BIGINT", comment="Store key of the other databases"),
    Column(name="store_name", type="VARCHAR", comment="Store name"),
    Column(name="address", type="VARCHAR", comment="Street address"),
    Column(name="borough", type="VARCHAR", comment="New York borough, NULL elsewhere"),
    Column(name="city", type="VARCHAR", comment="City"),
    Column(name="state", type="VARCHAR", comment="State, NULL outside the United States"),
    Column(name="zip_code", type="VARCHAR", comment="Not loaded yet, always NULL"),
    Column(name="latitude", type="DECIMAL(10,7)", comment="Degrees north"),
    Column(name="longitude", type="DECIMAL(10,7)", comment="Degrees east"),
    Column(name="store_type", type="VARCHAR", comment="retail or kiosk"),
    Column(name="opening_date", type="DATE", comment="First day with orders"),
    Column(name="maturity_stage", type="VARCHAR", comment="ramp or mature"),
    Column(name="tax_zone", type="VARCHAR", comment="Where tax is due"),
)
_PRODUCT_COLUMNS: Final = (
    Column(name="product_key", type="BIGINT", comment="Article key of the warehouse"),
    Column(name="spu_code", type="VARCHAR", comment="Product key, NULL for materials"),
    Column(name="product_name", type="VARCHAR", comment="Name; Chinese where it was never translated"),
    Column(name="category", type="VARCHAR", comment="coffee, tea, refresher, food or material"),
    Column(name="subcategory", type="VARCHAR", comment="drink, food or material"),
    Column(name="base_price", type="DECIMAL(10,2)", comment="Price of a product, cost of a material; USD"),
    Column(name="recipe_cost", type="DECIMAL(10,2)", comment="What one piece costs to make"),
    Column(name="contribution_margin", type="DECIMAL(10,2)", comment="base_price less recipe_cost"),
)
_DEVICE_COLUMNS: Final = (
    Column(name="device_key", type="BIGINT", comment="Device key of the warehouse"),
    Column(name="device_mark", type="VARCHAR", comment="Device key of the other databases"),
    STORE_KEY,
    Column(name="device_type", type="VARCHAR", comment="For example espresso_machine or refrigerator"),
    Column(name="device_status", type="VARCHAR", comment="online or offline, as of the last day"),
)
_EMPLOYEE_COLUMNS: Final = (
    Column(name="employee_key", type="BIGINT", comment="Staff key of the warehouse, without a name"),
    STORE_KEY,
    Column(name="position", type="VARCHAR", comment="barista, shift_lead or store_manager"),
    Column(name="hire_date", type="DATE", comment="First day"),
)
_SUPPLIER_COLUMNS: Final = (
    Column(name="supplier_key", type="BIGINT", comment="Supplier key"),
    Column(name="supplier_name", type="VARCHAR", comment="Name of the company"),
    Column(name="category", type="VARCHAR", comment="What it delivers"),
)
_TEMPLATE_COLUMNS: Final = (
    Column(name="coupon_template_key", type="BIGINT", comment="Template key of the warehouse"),
    Column(name="template_id", type="INTEGER", comment="Template key of the marketing database"),
    Column(name="template_name", type="VARCHAR", comment="Name; those of testers begin with IQA2"),
    Column(name="audience", type="VARCHAR", comment="customer, student or test"),
    Column(name="discount_percent", type="INTEGER", comment="Share of the list price it takes off"),
)
_CHANNEL_COLUMNS: Final = (
    Column(name="channel_key", type="BIGINT", comment="Channel key"),
    Column(name="channel_name", type="VARCHAR", comment="pickup or delivery"),
)
_RAMP_DAYS: Final = 90
_RECIPE_SHARE: Final = 0.31
_SUPPLIERS: Final = (
    ("Sample Roasters", "beans"), ("Example Dairy", "milk"), ("Placeholder Packaging", "cups and lids"),
    ("Demo Syrups", "syrups"), ("Invented Bakery", "food"), ("Fictional Tea", "tea"),
)  # fmt: skip


def dimension_tables(world: World) -> tuple[Table, ...]:
    """Return the dimensions but those of days, times and accounts."""
    suppliers = tuple((number, *supplier) for number, supplier in enumerate(_SUPPLIERS, start=1))
    channels = tuple(enumerate(CHANNELS, start=1))
    return (
        dwh_table("dim_store", "Stores, test stores included", _STORE_COLUMNS, tuple(_stores(world))),
        dwh_table("dim_product", "Products and materials", _PRODUCT_COLUMNS, tuple(_products())),
        dwh_table("dim_device", "Machines in the stores", _DEVICE_COLUMNS, tuple(_devices(world))),
        dwh_table("dim_employee", "Staff without names", _EMPLOYEE_COLUMNS, tuple(_employees(world))),
        dwh_table("dim_supplier", "Suppliers", _SUPPLIER_COLUMNS, suppliers),
        dwh_table("dim_coupon_template", "Coupon templates", _TEMPLATE_COLUMNS, tuple(_templates())),
        dwh_table("dim_channel", "How an order is handed over", _CHANNEL_COLUMNS, channels),
    )


def _stores(world: World) -> Iterator[Row]:
    states = {"New York": "NY", "Jersey City": "NJ"}
    for store in world.stores:
        state = states.get(store.city)
        yield (
            STORE_KEYS[store.id],
            store.id,
            store.name,
            store.address,
            store.borough,
            store.city,
            state,
            None,
            Decimal(str(store.latitude)).quantize(Decimal("1e-7")),
            Decimal(str(store.longitude)).quantize(Decimal("1e-7")),
            "kiosk" if "Kiosk" in store.name else "retail",
            store.open_date,
            "ramp" if (world.end - store.open_date).days < _RAMP_DAYS else "mature",
            {"NY": "NYC", "NJ": "NJ"}.get(state or "", "none"),
        )


def _products() -> Iterator[Row]:
    for goods in GOODS:
        drink = "drink" if goods.category not in ("food", "material") else goods.category
        price = goods.base_cents
        cost = round(price * _RECIPE_SHARE) if goods.product else price
        yield (
            goods.number,
            goods.product.spu_code if goods.product else None,
            goods.name_en or goods.name_cn,
            goods.category,
            drink,
            from_cents(price),
            from_cents(cost),
            from_cents(price - cost),
        )


def _devices(world: World) -> Iterator[Row]:
    for device in devices(world):
        status = "online" if device.online else "offline"
        yield (device.number, device.mark, STORE_KEYS[device.store.id], device.kind, status)


def _employees(world: World) -> Iterator[Row]:
    for number, each in enumerate(employees(world), start=1):
        yield (number, STORE_KEYS[each.store.id], each.position, each.hired)


def _templates() -> Iterator[Row]:
    for each in ALL_TEMPLATES:
        yield (TEMPLATE_KEYS[each.template_id], each.template_id, each.name, each.audience, each.share)
