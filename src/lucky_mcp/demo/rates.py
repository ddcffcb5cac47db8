"""The stated size of every data problem in the demo, in one place.

The product exists to survive these problems, so each is present on purpose and at a known rate; the tests
measure the generated rows against their own copy of the numbers. Shares are fractions of the named rows.
"""

from __future__ import annotations

from typing import Final

# Orders.
NZ_TEST_ORDERS: Final = 0.044
"""Orders in NZD at the Cook Islands test stores (fleet facts: 21,245 beside 487,251)."""

US_TEST_ORDERS: Final = 0.010
"""Orders in USD at NJ Test Kitchen and IQA2: the currency alone does not give them away."""

EMPTY_SHOP_NAME: Final = 0.030
"""Orders whose copied shop name is the empty string."""

REMARK: Final = 0.080
"""Orders with any free text."""

REMARK_WITH_CONTACT: Final = 0.015
"""Orders whose free text holds a telephone number or an e-mail address; part of REMARK."""

CHINESE_ONLY_LINES: Final = 0.060
"""Order lines whose product has no English name."""

CANCELLED: Final = 0.030
REFUNDED: Final = 0.013

# Accounts.
CK_ACCOUNTS: Final = 0.040
PHONE_NULL: Final = 0.015
PHONE_EMPTY: Final = 0.010
PHONE_TOO_SHORT: Final = 0.010
EMAIL_NULL: Final = 0.020
EMAIL_EMPTY: Final = 0.010
EMAIL_WITHOUT_AT: Final = 0.007
EMAIL_TWO_AT: Final = 0.005
WITHOUT_PROFILE: Final = 0.060
CHINESE_NAME: Final = 0.060
NAME_NULL: Final = 0.030
BIRTHDAY_NULL: Final = 0.050

# Payments.
PAYMENTS_ABOVE_ORDERS: Final = 518_427 / 487_251 - 1
"""Trades beyond one for each completed order: refunds and what they refund, splits, failed attempts."""

PADDED_ORDER_ID: Final = 0.020
"""Order keys kept as text that an older gateway wrote with leading zeros: as text they match no order."""

# Coupons.
COUPONS_EXPIRED: Final = 0.940
COUPONS_ACTIVE: Final = 0.024
IQA2_COUPONS: Final = 0.010
"""Coupons of the templates that testers issue to themselves."""

STUDENT_COUPONS: Final = 0.024
"""Coupons of the student template, none of which was ever redeemed (57,471 of 2.42 million issued)."""

# Devices.
DEVICES: Final = 216
DEVICES_OFFLINE: Final = 0.57

# Messages.
SMS_WITH_CONTACT: Final = 0.040
"""Messages whose text repeats a name, a number or an address."""
