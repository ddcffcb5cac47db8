"""The coupon templates: those that customers use, one that nobody ever could, and two of the testers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class CouponTemplate:
    """One template; `share` is what it takes off, in percent of the list price."""

    template_id: int
    name: str
    audience: str
    share: int


def _template(number: int, name: str, audience: str, share: int) -> CouponTemplate:
    return CouponTemplate(template_id=7_000 + number, name=name, audience=audience, share=share)


TEMPLATES: Final = (
    _template(1, "Welcome back 20% off", "customer", 20),
    _template(2, "Afternoon 20% off", "customer", 20),
    _template(3, "30% off any coffee", "customer", 30),
    _template(4, "Rainy day 30% off", "customer", 30),
    _template(5, "50% off second week", "customer", 50),
    _template(6, "Friends' 50% off", "customer", 50),
    _template(7, "First cup 70% off", "customer", 70),
    _template(8, "Opening week 70% off", "customer", 70),
)
STUDENT: Final = _template(20, "Student 40% off", "student", 40)
"""Issued by the thousand and never redeemed: its check of the student card fails for everybody."""

IQA2: Final = (
    _template(90, "IQA2 regression 50% off", "test", 50),
    _template(91, "IQA2 load test 50% off", "test", 50),
)
ALL_TEMPLATES: Final = (*TEMPLATES, STUDENT, *IQA2)
