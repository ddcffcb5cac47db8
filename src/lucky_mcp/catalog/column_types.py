"""The types that a value may be compared with safely, by the engines' own spellings."""

from __future__ import annotations

from functools import lru_cache

DECIMALS = frozenset({"DECIMAL", "NUMERIC"})
INTEGERS = frozenset({"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "BIGINT"})
FLOATS = frozenset({"FLOAT", "REAL", "DOUBLE", "DOUBLE PRECISION"})
TEXTS = frozenset({"VARCHAR", "CHAR", "CHARACTER VARYING", "CHARACTER", "TEXT", "MEDIUMTEXT", "LONGTEXT"})
MORE_TEXTS = frozenset({"TINYTEXT", "ENUM", "SET", "UUID", "NAME"})
MORE_NUMBERS = frozenset(
    {"HUGEINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "LARGEINT", "DECIMALV3", "YEAR"}
)
TIMESTAMPS = frozenset({"TIMESTAMP", "DATETIME", "TIMESTAMP WITHOUT TIME ZONE"})
BOOLEANS = frozenset({"BOOLEAN", "BOOL"})
DATES = frozenset({"DATE"})
FAMILIES = {"whole": INTEGERS, "decimal": DECIMALS, "text": TEXTS, "date": DATES, "time": TIMESTAMPS}


TYPES_REMEMBERED = 4_096  # a fleet has some hundreds
UNSIGNED = (" ZEROFILL", " UNSIGNED", " SIGNED")


@lru_cache(TYPES_REMEMBERED)
def base_type(type_: str) -> tuple[str, str]:
    """Return the type's name in upper case, without UNSIGNED, and what its bracket holds.

    What stands behind the bracket belongs to the name: `timestamp(3) with time zone` is one with a zone.
    """
    name, _, rest = type_.upper().partition("(")
    sizes, _, behind = rest.rpartition(")")
    base = " ".join(f"{name} {behind}".split())
    for word in UNSIGNED:
        base = base.removesuffix(word)
    return base, sizes


def is_flag(type_: str) -> bool:
    """Whether it is what MySQL makes of BOOLEAN, so that a comparison with TRUE or FALSE is meant."""
    return base_type(type_) == ("TINYINT", "1")


def key_family(type_: str) -> str:
    """Return the family in which values compare alike on every engine, or "": floating point is in none."""
    base = base_type(type_)[0]
    return next((name for name, types in FAMILIES.items() if base in types), "")
