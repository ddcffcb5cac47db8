"""Column names that personal data goes by, far beyond what the classifiers of a directory know.

They only make a reviewer look: nothing is masked by them. Parts of a name are matched, so `contact_tel_2` and
`receiverMobile` are found; names that only count or date such a thing (`email_sent_at`) are not.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = {
    "a telephone number": "phone|mobile|tel|telephone|cellphone|msisdn|fax|whatsapp|shouji|dianhua",
    "an e-mail address": "e?mail|youxiang",
    "the name of a person": (
        "(?:first|last|full|family|given|real|middle|nick|user|customer|member|contact|receiver|recipient"
        "|consignee|employee|staff|holder|guardian|driver)_?name|surname|xingming|payee|payer"
    ),
    "an address": "addr|address|street|zip|zip_?code|postcode|postal_?code|dizhi",
    "a date of birth or an age": "birth|birthday|birth_?date|date_of_birth|dob|age|shengri",
    "an identity number": "ssn|id_?card|identity_no|passport(?:_no)?|licen[cs]e(?:_no)?|tax_?id|shenfenzheng",
    "a card or an account": "card(?:_?(?:no|number|num|last4))?|pan|iban|bank_?account|account_?no|cvv",
    "an account elsewhere": "(?:open|union|google|apple)_?id|wechat|weixin|qq|alipay|facebook|instagram",
    "a trace of a device": "imei|idf[av]|push_token|mac_?addr(?:ess)?|ip|ip_?addr(?:ess)?|user_?agent|cookie",
    "whereabouts of a person": "gps|home_(?:lat|lon|lng|location)|last_location",
    "a personal trait": "gender|sex|marital_status|religion|ethnicity|nationality|salary|wage|income|health",
    "a secret": "password|passwd|pwd|secret|api_?key|access_?key|private_?key|credential|otp|pin_?code",
    "free text": "remark|comment|note|memo|message|feedback|complaint|free_?text",
    "a document that may hold anything": "payload|properties|extra|ext_?info|attributes|raw_?data",
}
_PATTERNS: Final = {
    what: re.compile(f"(?:.*_)?(?:{words})s?(?:_(?:no|num|number|text))?_?\\d*")
    for what, words in _WORDS.items()
}
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ONLY_SAYS_WHETHER: Final = re.compile(r"(?:is|has|can|num|count)_.*")


def looks_personal(column: str) -> str:
    """Return what a column of that name may hold, or "" when the name says nothing of the kind."""
    name = _CAMEL.sub("_", column).lower()
    if _ONLY_SAYS_WHETHER.fullmatch(name):
        return ""
    return next((what for what, pattern in _PATTERNS.items() if pattern.fullmatch(name)), "")
