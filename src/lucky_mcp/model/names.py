"""Names of things in the fleet, always complete: a leaf name is never authorised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class TableName:
    """A base table within one source, spelled as its catalog spells it."""

    schema: str
    table: str

    @classmethod
    def parse(cls, text: str) -> TableName:
        """Read `schema.table`; ValueError when there is not exactly one dot."""
        schema, dot, table = text.partition(".")
        if not (schema and dot and table) or "." in table:
            raise ValueError(f"{text!r} is not of the form schema.table")
        return cls(schema=schema, table=table)

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"
