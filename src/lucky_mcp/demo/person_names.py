"""Invented customer names: two independent draws from lists of common names, so no row describes a person."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from lucky_mcp.demo.rates import CHINESE_NAME

_FIRST: Final = (
    "Ava", "Liam", "Noah", "Emma", "Mia", "Lucas", "Sofia", "Ethan", "Isabel", "Mateo", "Chloe", "Daniel",
    "Grace", "Omar", "Priya", "Arjun", "Hana", "Kenji", "Jin", "Minji", "Fatima", "Yusuf", "Nina", "Oscar",
    "Ruth", "Samuel", "Tara", "Victor", "Wendy", "Xavier", "Yara", "Zoe", "Nathan", "Olivia", "Peter", "Rosa",
)  # fmt: skip
_LAST: Final = (
    "Adams", "Baker", "Carter", "Diaz", "Evans", "Foster", "Garcia", "Huang", "Ito", "Jones", "Kim", "Lee",
    "Martin", "Nguyen", "O'Neil", "Patel", "Quinn", "Rivera", "Singh", "Turner", "Usman", "Vega", "Wong",
    "Xu", "Young", "Zhang", "Brooks", "Cohen", "Dunn", "Ellis", "Flores", "Grant", "Hughes", "Irwin",
)  # fmt: skip
_CHINESE_FIRST: Final = (
    ("伟", "Wei"), ("芳", "Fang"), ("娜", "Na"), ("敏", "Min"), ("静", "Jing"), ("磊", "Lei"), ("洋", "Yang"),
    ("晓明", "Xiaoming"), ("思雨", "Siyu"), ("子涵", "Zihan"), ("雨桐", "Yutong"), ("浩然", "Haoran"),
)  # fmt: skip
_CHINESE_LAST: Final = (
    ("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"), ("陈", "Chen"), ("杨", "Yang"),
    ("赵", "Zhao"), ("黄", "Huang"), ("周", "Zhou"), ("吴", "Wu"), ("欧阳", "Ouyang"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PersonName:
    """A name as the person writes it, and in Latin letters for the e-mail address."""

    first: str
    last: str
    latin_first: str
    latin_last: str


def draw_name(rng: Random) -> PersonName:
    """Return an invented name; a stated share is in Chinese characters."""
    if rng.random() < CHINESE_NAME:
        (first, latin_first), (last, latin_last) = rng.choice(_CHINESE_FIRST), rng.choice(_CHINESE_LAST)
        return PersonName(first=first, last=last, latin_first=latin_first, latin_last=latin_last)
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return PersonName(first=first, last=last, latin_first=first, latin_last=last.replace("'", ""))
