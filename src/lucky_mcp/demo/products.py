"""The menu: what is sold, for how much in each market, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lucky_mcp.demo.rates import CHINESE_ONLY_LINES, NZ_TEST_ORDERS, US_TEST_ORDERS


@dataclass(frozen=True, kw_only=True)
class Product:
    """One product; `name_en` is None where the catalogue was never translated, prices are in cents."""

    spu_code: str
    name_en: str | None
    name_cn: str
    category: str
    usd_cents: int
    nzd_cents: int
    weight: float

    @property
    def shown_name(self) -> str:
        """Return the name that is copied to an order line: Chinese where there is no other."""
        return self.name_en or self.name_cn

    def price_cents(self, currency_code: str) -> int:
        """Return the list price in cents of the given currency."""
        return self.nzd_cents if currency_code == "NZD" else self.usd_cents


_MENU: Final[tuple[tuple[str | None, str, str, int, int, float], ...]] = (
    ("Coconut Latte", "生椰拿铁", "coffee", 645, 980, 10.5),
    ("Velvet Latte", "丝绒拿铁", "coffee", 595, 920, 9.0),
    ("Iced Coconut Americano", "椰青冰美式", "coffee", 495, 790, 7.5),
    ("Americano", "美式", "coffee", 395, 650, 7.0),
    ("Latte", "拿铁", "coffee", 545, 850, 6.5),
    ("Drip Coffee", "滴滤咖啡", "coffee", 345, 600, 6.5),
    ("Cold Brew", "冷萃", "coffee", 475, 760, 5.5),
    ("Caramel Popcorn Latte", "焦糖爆米花拿铁", "coffee", 675, 1050, 4.0),
    ("Brown Sugar Latte", "黑糖拿铁", "coffee", 645, 990, 4.0),
    ("Vanilla Latte", "香草拿铁", "coffee", 595, 920, 4.0),
    ("Cappuccino", "卡布奇诺", "coffee", 525, 840, 3.5),
    ("Mocha", "摩卡", "coffee", 595, 930, 3.0),
    ("Flat White", "澳白", "coffee", 525, 840, 2.5),
    ("Orange Americano", "橙C美式", "coffee", 545, 860, 2.5),
    ("Kyoto Matcha Latte", "京都抹茶拿铁", "tea", 645, 990, 5.5),
    ("Coconut Matcha", "生椰抹茶", "tea", 675, 1050, 3.0),
    ("Jasmine Cold Brew Tea", "茉莉冷泡茶", "tea", 445, 720, 2.5),
    ("Apple Fizzy", "苹果气泡", "refresher", 495, 790, 1.5),
    ("Pineapple Cold Foam Cold Brew", "菠萝冷萃", "coffee", 595, 950, 1.0),
    ("Blood Orange Cold Brew", "血橙冷萃", "coffee", 595, 950, 1.5),
    ("Butter Croissant", "黄油可颂", "food", 395, 690, 3.5),
    ("Ham & Swiss Croissant", "火腿芝士可颂", "food", 575, 950, 2.0),
    ("Blueberry Muffin", "蓝莓马芬", "food", 375, 650, 1.5),
    ("Double Chocolate Cookie", "双重巧克力曲奇", "food", 325, 600, 1.5),
    (None, "生酪拿铁", "coffee", 675, 1080, 2.6),
    (None, "陨石拿铁", "coffee", 645, 990, 1.9),
    (None, "茉莉花香拿铁", "coffee", 645, 990, 1.5),
    (None, "厚乳拿铁", "coffee", 625, 960, 1.0),
)


def _weights() -> tuple[float, ...]:
    """Scale the untranslated products so that they make up the stated share of all order lines.

    Test orders almost never contain them, so the trading stores have to carry the whole share.
    """
    trading = 1.0 - NZ_TEST_ORDERS - US_TEST_ORDERS
    wanted = CHINESE_ONLY_LINES / trading
    named = sum(weight for name_en, *_, weight in _MENU if name_en)
    unnamed = sum(weight for name_en, *_, weight in _MENU if not name_en)
    lift = wanted / (1.0 - wanted) * named / unnamed
    return tuple(weight if name_en else weight * lift for name_en, *_, weight in _MENU)


def _build() -> tuple[Product, ...]:
    return tuple(
        Product(
            spu_code=f"SP{number:04d}",
            name_en=name_en,
            name_cn=name_cn,
            category=category,
            usd_cents=usd_cents,
            nzd_cents=nzd_cents,
            weight=weight,
        )
        for number, ((name_en, name_cn, category, usd_cents, nzd_cents, _), weight) in enumerate(
            zip(_MENU, _weights(), strict=True), start=1
        )
    )


def _named(products: Sequence[Product], name_en: str) -> Product:
    return next(product for product in products if product.name_en == name_en)


PRODUCTS: Final[tuple[Product, ...]] = _build()

TESTERS_FAVOURITE: Final[Product] = _named(PRODUCTS, "Pineapple Cold Foam Cold Brew")
"""What testers order in piles and customers hardly ever, so an unfiltered ranking is wrong at the top."""
