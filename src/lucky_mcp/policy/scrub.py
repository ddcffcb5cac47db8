"""What `scrub` replaces in free text, as patterns that every engine's regular expressions read alike.

They use classes, ranges, counted groups and nothing else, and no letter in a class: some servers compare
without case, and would let a letter stand for others. Each class is apart from the one that follows it,
so that a leftmost-first and a leftmost-longest engine find the same. More is replaced than need be:
a number or an address that is shown cannot be taken back.
"""

from __future__ import annotations

from typing import Final

EMAIL_WORD, PHONE_WORD, CARD_WORD = "[email]", "[phone]", "[card]"

DIGIT: Final = "0-9\u0660-\u0669\u06f0-\u06f9\uff10-\uff19"
# Everything that people and programs put between digits: ASCII signs and blanks, Latin-1 signs (without the
# micro sign, which is a letter), combining marks, general punctuation, the marks of keycap emoji, CJK signs,
# variation selectors and full-width signs.
SIGN: Final = (
    "\\t\\r\\n -/:-?_`{-~\\[\\\\\\]^"
    "\u00a0-\u00b4\u00b6-\u00bf\u0300-\u0344\u0346-\u036f\u2000-\u206f\u20d0-\u20ff"
    "\u3000-\u303f\ufe00-\ufe6a\uff00-\uff0f\uff1a-\uff1f\uff3b-\uff40\uff5b-\uff65\ufeff"
)
AT: Final = "@\ufe6b\uff20"
BLANK: Final = " \\t\\r\\n\u3000"
BREAK: Final = f"{BLANK},;:()<>\uff0c\uff1b\uff1a\uff08\uff09\u3001"

# An address begins at most 64 characters before its @ (no longer name is valid) and ends at a blank or comma.
EMAIL: Final = f"[^{BREAK}\u3002{AT}]{{0,64}}[{BLANK}]{{0,3}}[{AT}][{BLANK}]{{0,3}}[^{BREAK}]*"
_BETWEEN: Final = f"[{SIGN}]{{0,5}}"
_TAIL: Final = f"([{DIGIT}{SIGN}]*[{DIGIT}])?"
PLUS_PHONE: Final = f"[+\uff0b]{_BETWEEN}[{DIGIT}]({_BETWEEN}[{DIGIT}]){{6}}{_TAIL}"
CARD: Final = f"[{DIGIT}]({_BETWEEN}[{DIGIT}]){{12}}{_TAIL}"
PHONE: Final = f"[{DIGIT}]({_BETWEEN}[{DIGIT}]){{6}}{_TAIL}"

# In this order: an address may hold a number, and a card would otherwise be taken for a telephone number.
PATTERNS: Final = ((EMAIL, EMAIL_WORD), (PLUS_PHONE, PHONE_WORD), (CARD, CARD_WORD), (PHONE, PHONE_WORD))
