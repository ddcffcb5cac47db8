"""Order remarks: mostly none, sometimes a wish, now and then a wish with a number or an address in it.

The wishes hold digits of their own, so that a mask which blanks every digit is seen to do too much.
"""

from __future__ import annotations

from random import Random
from typing import Final

from lucky_mcp.demo.contacts import email_address, us_phone
from lucky_mcp.demo.person_names import draw_name
from lucky_mcp.demo.rates import REMARK, REMARK_WITH_CONTACT

_WISHES: Final = (
    "less ice please",
    "oat milk, extra hot",
    "no straw",
    "2 extra shots",
    "cup for table 14",
    "half sugar, 2 napkins",
    "please call my name twice",
    "少冰，谢谢",
    "leave with the front desk, 12th floor",
    "allergic to nuts",
)
_WITH_PHONE: Final = (
    "call {contact} when ready",
    "pickup by a friend, {contact}",
    "到了请打电话 {contact}",
    "running late, text {contact} please",
)
_WITH_EMAIL: Final = (
    "receipt to {contact} please",
    "office order, cc {contact}",
    "发票寄到 {contact}",
)


def draw_remark(rng: Random) -> str | None:
    """Return the free text of one order, or None."""
    fate = rng.random()
    if fate >= REMARK:
        return None
    if fate >= REMARK_WITH_CONTACT:
        return rng.choice(_WISHES)
    index = rng.randrange(4_000)
    if rng.random() < 0.6:
        return rng.choice(_WITH_PHONE).format(contact=us_phone(rng, index))
    name = draw_name(rng)
    address = email_address(rng, index, name.latin_first, name.latin_last)
    return rng.choice(_WITH_EMAIL).format(contact=address)
