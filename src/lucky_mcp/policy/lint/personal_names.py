"""What a column's name says that it may hold, in words, by the vocabulary of `policy scaffold`.

It only makes a reviewer look: nothing is masked by it. Names that leave doubt (`content`, `contact`) say
nothing here, since there are no values to settle it by.
"""

from __future__ import annotations

from typing import Final

from lucky_mcp.policy.classify.names import read_name

_WORDS: Final = {
    "secret": "a secret",
    "pii.email": "an e-mail address",
    "pii.network": "an address on a network",
    "pii.device": "a trace of a device",
    "pii.id": "an identity number",
    "pii.card": "a card or an account",
    "pii.phone": "a telephone number",
    "pii.account": "an account elsewhere",
    "pii.birthday": "a date of birth or an age",
    "pii.salary": "what somebody earns",
    "pii.trait": "a personal trait",
    "pii.location": "whereabouts of a person",
    "pii.address": "an address",
    "pii.name": "the name of a person",
    "free_text": "free text",
}


def looks_personal(column: str) -> str:
    """Return what a column of that name may hold, or "" when the name says nothing of the kind for sure."""
    said = read_name(column)
    sure = said.tag and said.sure and not said.against
    return _WORDS.get(said.tag, "personal data") if sure else ""
