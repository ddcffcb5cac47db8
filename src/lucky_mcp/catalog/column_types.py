"""The types that a value may be compared with safely, by the engines' own spellings."""

from __future__ import annotations

DECIMALS = frozenset({"DECIMAL", "NUMERIC"})
INTEGERS = frozenset({"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "BIGINT"})
FLOATS = frozenset({"FLOAT", "REAL", "DOUBLE", "DOUBLE PRECISION"})
TEXTS = frozenset({"VARCHAR", "CHAR", "CHARACTER VARYING", "CHARACTER", "TEXT", "MEDIUMTEXT", "LONGTEXT"})
TIMESTAMPS = frozenset({"TIMESTAMP", "DATETIME", "TIMESTAMP WITHOUT TIME ZONE"})
BOOLEANS = frozenset({"BOOLEAN", "BOOL"})
DATES = frozenset({"DATE"})
FAMILIES = {"whole": INTEGERS, "decimal": DECIMALS, "text": TEXTS, "date": DATES, "time": TIMESTAMPS}


def base_type(type_: str) -> tuple[str, str]:
    """Return the type's name in upper case, without UNSIGNED, and what stands behind its bracket."""
    base, _, sizes = type_.upper().partition("(")
    return base.strip().removesuffix(" UNSIGNED"), sizes


def key_family(type_: str) -> str:
    """Return the family in which values compare alike on every engine, or "": floating point is in none."""
    base = base_type(type_)[0]
    return next((name for name, types in FAMILIES.items() if base in types), "")
