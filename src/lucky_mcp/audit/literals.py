"""What agents write as values, kept in the log as stand-ins: the same value always has the same one.

So the log says that two reads named the same customer, and whoever knows the customer's number can ask for
them; whoever has the log alone learns neither name nor number. What names nobody stays: short numbers, recent
dates, times, formats, units, codes of two characters. Comments go. Of what is
asked of keys all quoted values go.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import replace
from datetime import date
from functools import lru_cache

from lucky_mcp.audit.keys import AuditKey
from lucky_mcp.audit.record import AuditRecord, Begun, Ended, Explained
from lucky_mcp.model.source import Dialect
from lucky_mcp.policy.scrub import EMAIL
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.stand_ins import with_stand_ins

KEYS = "redis"  # what is asked of keys has its values quoted, and is no SQL
DIGITS_KEPT = 5
CHARACTERS_KEPT = 2
YEAR_KEPT = 2015  # nobody who is of an age to be a customer was born since
TEXTS_REMEMBERED = 2_048
NAME_CHARACTERS_MAX, NAMES_REMEMBERED = 259, 8_192  # four parts of 64 and what joins them
CUT = " characters)"
_EPOCH_MS = range(1_420_070_400_000, 2_000_000_000_000)

_TIMES = re.compile(
    r"(?P<year>\d{4})[-/](?P<month>\d\d?)([-/](?P<day>\d\d?))?([ T]\d\d?(:\d\d(:\d\d(\.\d{1,9})?)?)?)?"
    r"\s?(Z|[+-]\d\d(:?\d\d)?)?"
)
_FORMATS = re.compile(
    r"(%[A-Za-z]|[-/: .,])*"
    r"|(YYYY|YY|MM|MON|MONTH|DDD|DD|DAY|DY|HH24|HH12|HH|MI|SS|Q|WW|IW|IYYY|AM|FM|[-/: .,_])+"
    r"|(\d{1,5}\s*)?(second|minute|hour|day|week|month|quarter|year|dow|doy|isodow|epoch)s?"
    r"|(\d\d?:\d\d(:\d\d)?)|([+-]\d\d:\d\d)|UTC|(America|Europe|Asia|Etc)/[A-Za-z_]{1,30}"
    r"|\$(\.[A-Za-z_]{1,30}|\[\d{1,2}\])*",
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r"\w{1,64}(\.\w{1,64}){0,3}")
_LONG_NUMBER = re.compile(r"\d{9,}")
# What may be a value in a message: quoted, an address, or a number as long as a telephone's or a customer's.
_VALUES = re.compile(rf"'[^']*'|\"[^\"]*\"|`[^`]*`|(?P<address>{EMAIL})|(?P<number>\d{{9,}})")
# What is asked of keys: values as `PreparedKeys.text` quotes them, patterns with stars around a fixed part.
_KEY_VALUES = re.compile(
    rf"'(?P<before>\**)(?P<value>[^']*?)(?P<after>\**)(?:'|\Z)|(?P<address>{EMAIL})|(?P<number>\d{{9,}})"
)
# Names as databases quote them in their messages; a value rarely looks like one.
_NAME_IN_MESSAGE = re.compile(r"[A-Za-z]\w*([._][A-Za-z]\w*)+|(field list|\w+ clause|group statement)")
_TELEPHONE = re.compile(r"[+(]?\d[\d\s().-]{5,}\d")
_AROUND = "% _\t\r\n"


class Literals:
    """Stand-ins by one key."""

    def __init__(self, key: AuditKey) -> None:
        self._key = key.literals
        self._remembered = lru_cache(TEXTS_REMEMBERED)(self._text)

    def scrubbed(self, record: AuditRecord) -> AuditRecord:
        """Return the record without values in its texts."""
        if isinstance(record, Ended):
            asked = self.text(record.sql_asked, record.dialect)
            return replace(record, sql_asked=asked, detail=self.message(record.detail))
        if not isinstance(record, Begun | Explained):
            return record
        made = replace(
            record,
            sql_asked=self.text(record.sql_asked, record.dialect),
            sql_sent=self.text(record.sql_sent, record.dialect),
            sql_engine=self.text(record.sql_engine, record.engine),
        )
        return replace(made, detail=self.message(made.detail)) if isinstance(made, Explained) else made

    def text(self, sql: str, dialect: str) -> str:
        """Return a statement without values; what is no SQL is cut off at its first quote."""
        return self._remembered(sql, dialect) if sql else ""

    def message(self, text: str) -> str:
        """Return a message for operators without the values that databases quote in theirs."""
        return _VALUES.sub(self._in_message, text)

    def forms(self, value: str) -> frozenset[str]:
        """Return the words by which a statement in the log names this value."""
        in_keys = value.strip("*").replace("'", " ")  # as `_in_keys` has it
        made = {f"~{self.stand_in(each)}" for each in (value, in_keys)} | {_number_of(self.stand_in(value))}
        return frozenset(made | ({value} if self._string(value) is None and value else set()))

    def stand_in(self, value: str) -> str:
        """Return 16 hexadecimal digits for a value, the same for all ways of writing it."""
        return hmac.digest(self._key, canonical(value).encode(), hashlib.sha256).hex()[:16]

    def number(self, text: str) -> str | None:
        """Return the stand-in of a number, None for one that may stay."""
        digits = re.sub(r"\D", "", text)
        if len(digits) <= DIGITS_KEPT or _is_day(digits) or (digits == text and int(digits) in _EPOCH_MS):
            return None
        return _number_of(self.stand_in(text))

    def _text(self, sql: str, dialect: str) -> str:
        if dialect == KEYS:
            return _KEY_VALUES.sub(self._in_keys, sql)
        grammar = GRAMMARS[Dialect(dialect) if dialect else Dialect.MYSQL]
        made = with_stand_ins(sql, grammar, string=self._string, number=self.number, name=self._name)
        if made is not None and not sql.endswith(CUT):
            return made
        kept = self.message(re.split("['\"`]", sql, maxsplit=1)[0])
        return f"{kept}… ({len(sql):,}{CUT}"

    def _string(self, text: str) -> str | None:
        if len(text) <= CHARACTERS_KEPT or _FORMATS.fullmatch(text) or _is_recent(text):
            return None
        if text.isascii() and text.isdigit() and self.number(text) is None:
            return None
        before = "%" if text.startswith("%") else ""
        return f"{before}~{self.stand_in(text)}{'%' if text.endswith('%') else ''}"

    def _name(self, text: str) -> str | None:
        is_plain = len(text) <= NAME_CHARACTERS_MAX and _is_plain_name(text)
        return None if is_plain else f"x{self.stand_in(text)}"

    def _in_keys(self, found: re.Match[str]) -> str:
        """Names of keys and fields are values, whatever they look like: `ann_lee` is a person."""
        if found["value"] is None:
            return self._in_message(found)
        made = f"~{self.stand_in(found['value'])}" if found["value"] else ""
        return f"'{found['before']}{made}{found['after']}'"

    def _in_message(self, found: re.Match[str]) -> str:
        if found["address"]:
            return f"~{self.stand_in(found[0])}"
        if found["number"]:
            return self.number(found[0]) or found[0]
        quote, inside = found[0][0], found[0][1:-1]
        made = None if _NAME_IN_MESSAGE.fullmatch(inside) else self._string(inside)
        return found[0] if made is None else f"{quote}{made}{quote}"


@lru_cache(NAMES_REMEMBERED)
def _is_plain_name(text: str) -> bool:
    return _PLAIN_NAME.fullmatch(text) is not None and _LONG_NUMBER.search(text) is None


def canonical(value: str) -> str:
    """Return a value without the way it is written: case, width, blanks, wildcards, telephone signs."""
    text = unicodedata.normalize("NFKC", value).encode("utf-8", "replace").decode().casefold().strip(_AROUND)
    if _TELEPHONE.fullmatch(text):
        digits = re.sub(r"\D", "", text)
        return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
    return text


def _number_of(stand_in: str) -> str:
    """Eighteen digits that begin with a nine: a whole number in every database."""
    return f"9{int(stand_in, 16) % 10**17:017}"


def _is_recent(text: str) -> bool:
    found = _TIMES.fullmatch(text)
    return found is not None and int(found["year"]) >= YEAR_KEPT


def _is_day(digits: str) -> bool:
    if len(digits) not in (6, 8) or int(digits[:4]) not in range(YEAR_KEPT, 2100):
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:] or 1))
    except ValueError:
        return False
    return True
