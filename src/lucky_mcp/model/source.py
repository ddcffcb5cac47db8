"""A place that data can be read from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The engine that runs the text."""

    DUCKDB = "duckdb"
    LAKE = "lake"
    MYSQL = "mysql"
    POSTGRES = "postgres"


EMBEDDED = frozenset({Kind.DUCKDB, Kind.LAKE})
"""The kinds that the embedded engine runs: on a file of its own, or on a folder of Parquet files."""


class Dialect(StrEnum):
    """The SQL that agents write; it differs from the engine's only for embedded sources."""

    MYSQL = "mysql"
    POSTGRES = "postgres"
    REDSHIFT = "redshift"
    DUCKDB = "duckdb"
    DORIS = "doris"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One entry of `policies/sources.yaml`.

    `url` holds no credentials once loaded into a message: print `name`, never `url`.
    `default_schema` is where an unqualified table name is looked up; None refuses such names.
    """

    name: str
    kind: Kind
    dialect: Dialect
    url: str
    domain: str
    short_name: str
    default_schema: str | None = None
    time_zone: str = "America/New_York"
    classification: str = "internal"
    status: str = "active"
    owner: str = ""
    description: str = ""

    def __repr__(self) -> str:
        return f"Source({self.name!r})"
