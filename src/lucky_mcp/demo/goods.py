"""What the stores keep in stock: materials that drinks are made of, and food that is sold as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from lucky_mcp.demo.products import PRODUCTS, Product


@dataclass(frozen=True, kw_only=True)
class Goods:
    """One article of the commodity catalogue; a material has no `product`, prices are in US cents."""

    number: int
    goods_mid: str
    name_en: str | None
    name_cn: str
    category: str
    base_cents: int
    product: Product | None = None


# Name, Chinese name, cents for a serving; what was never translated has no name.
_MATERIALS: Final[tuple[tuple[str | None, str, int], ...]] = (
    ("Espresso beans", "意式咖啡豆", 38), ("Hot cup 12 oz", "热饮杯", 9), ("Cold cup 16 oz", "冷饮杯", 11),
    ("Whole milk", "全脂牛奶", 27), ("Oat milk", "燕麦奶", 45), ("Coconut milk", "椰奶", 41),
    ("Cup lid", "杯盖", 4), ("Cup sleeve", "杯套", 3), ("Straw", "吸管", 2), ("Carrier bag", "手提袋", 6),
    ("Label", "标签", 1), ("Napkin", "餐巾纸", 1), ("Ice", "冰块", 2), ("Cane syrup", "蔗糖糖浆", 8),
    ("Vanilla syrup", "香草糖浆", 12), ("Caramel sauce", "焦糖酱", 14), ("Brown sugar syrup", "黑糖糖浆", 13),
    ("Chocolate sauce", "巧克力酱", 15), ("Matcha powder", "抹茶粉", 55), ("Jasmine tea", "茉莉花茶", 18),
    ("Cold brew concentrate", "冷萃浓缩液", 34), ("Drip coffee grounds", "滴滤咖啡粉", 21),
    ("Orange juice", "橙汁", 33), ("Apple juice", "苹果汁", 31), ("Pineapple juice", "菠萝汁", 32),
    ("Blood orange juice", "血橙汁", 36), ("Sparkling water", "气泡水", 17),
    ("Cold foam base", "冷泡奶盖基底", 29),
    (None, "生酪液", 44), (None, "厚乳", 39), (None, "陨石冻", 28), ("Popcorn topping", "爆米花碎", 19),
    ("Coconut water", "椰子水", 40), ("Cinnamon powder", "肉桂粉", 3), ("Sweetener", "代糖", 2),
    ("Stirrer", "搅拌棒", 1), ("Cup tray", "杯托", 7), ("Filter paper", "滤纸", 2),
    ("Cleaning tablet", "清洁片", 5),
    ("Milk jug cleaner", "奶缸清洁剂", 4), ("Glove", "手套", 2), ("Receipt roll", "小票纸", 1),
    ("Paper bag", "纸袋", 3),
)  # fmt: skip

_PRODUCT_GOODS: Final = tuple(
    Goods(
        number=number,
        goods_mid=f"G{number:04d}",
        name_en=product.name_en,
        name_cn=product.name_cn,
        category=product.category,
        base_cents=product.usd_cents,
        product=product,
    )
    for number, product in enumerate(PRODUCTS, start=1)
)
MATERIALS: Final = tuple(
    Goods(
        number=len(PRODUCTS) + number,
        goods_mid=f"M{number:04d}",
        name_en=name_en,
        name_cn=name_cn,
        category="material",
        base_cents=cents,
    )
    for number, (name_en, name_cn, cents) in enumerate(_MATERIALS, start=1)
)
GOODS: Final = (*_PRODUCT_GOODS, *MATERIALS)
GOODS_OF_PRODUCT: Final[Mapping[str, Goods]] = MappingProxyType(
    {product.spu_code: goods for product, goods in zip(PRODUCTS, _PRODUCT_GOODS, strict=True)}
)
STOCKED: Final = (*MATERIALS, *(goods for goods in _PRODUCT_GOODS if goods.category == "food"))
"""What is counted in a store: all materials, and food."""

_FIRST: Final[Mapping[str, str]] = MappingProxyType(
    {"coffee": "Espresso beans", "tea": "Jasmine tea", "refresher": "Sparkling water"}
)
_ALWAYS: Final = (
    "Whole milk", "Hot cup 12 oz", "Cup lid", "Label", "Napkin", "Cup sleeve", "Straw", "Ice", "Cane syrup",
    "Carrier bag", "Stirrer", "Sweetener", "Filter paper", "Cup tray",
)  # fmt: skip
_FLAVOURS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Coconut Latte": "Coconut milk",
        "Velvet Latte": "Cold foam base",
        "Iced Coconut Americano": "Coconut water",
        "Caramel Popcorn Latte": "Popcorn topping",
        "Brown Sugar Latte": "Brown sugar syrup",
        "Vanilla Latte": "Vanilla syrup",
        "Mocha": "Chocolate sauce",
        "Orange Americano": "Orange juice",
        "Kyoto Matcha Latte": "Matcha powder",
        "Coconut Matcha": "Coconut milk",
        "Apple Fizzy": "Apple juice",
        "Pineapple Cold Foam Cold Brew": "Pineapple juice",
        "Blood Orange Cold Brew": "Blood orange juice",
    }
)


def recipe(product: Product, depth: int) -> tuple[Goods, ...]:
    """Return what is booked for one piece of a product: food as itself, a drink by `depth` materials."""
    if product.category == "food":
        return (GOODS_OF_PRODUCT[product.spu_code],)
    by_name = {goods.name_en: goods for goods in MATERIALS}
    flavour = _FLAVOURS.get(product.name_en or "")
    wanted = (_FIRST[product.category], *_ALWAYS, *([flavour] if flavour else []))
    return tuple(by_name[name] for name in wanted[:depth])
