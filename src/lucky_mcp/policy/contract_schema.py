"""The shape of `contracts.yaml`: mandatory filters, and for whom they rest for a while."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lucky_mcp.policy.timed_schema import Callers, Expiry, Why


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContractRule(_Model):
    """A filter on every table that has one of the columns."""

    when_column: str | tuple[str, ...]
    row_filter: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names, whether one or several were written."""
        return (self.when_column,) if isinstance(self.when_column, str) else self.when_column


QUALITY = "system:quality"


class Exemption(_Model):
    """Takes the contract off the tables it names, for people (`principals`) or `roles`, until it expires.

    `source` is needed where two sources have a table of that name. Without an `id` it is called after the
    contract and its first table. For `system:quality` it yields aggregates alone: counters of what is hidden.
    """

    id: str = ""
    table: str | tuple[str, ...]
    source: str = ""
    principals: Callers = ()
    roles: Callers = ()
    why: Why
    expires: Expiry

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Exemption:
        if bool(self.principals) is bool(self.roles):
            raise ValueError("an exemption is for principals or for roles: say one of them")
        if any(name.startswith("system:") and name != QUALITY for name in (*self.principals, *self.roles)):
            raise ValueError(f"an exemption is for people, roles or {QUALITY}, not for the gateway itself")
        if not self.tables:
            raise ValueError("an exemption names a table")
        return self

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables, whether one or several were written."""
        return (self.table,) if isinstance(self.table, str) else self.table

    def id_in(self, contract: str) -> str:
        """Return the name that receipts, the audit and reviewers use."""
        return self.id or f"{contract}-exempt-{self.tables[0].rpartition('.')[2]}"


class Contract(_Model):
    """A mandatory filter; no grant removes it."""

    owner: str
    why: str
    expires: date
    rules: tuple[ContractRule, ...]
    via: dict[str, dict[str, str]] = Field(default_factory=dict)
    not_filtered: dict[str, str] = Field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()


class ContractsFile(_Model):
    """`contracts.yaml`."""

    contracts: dict[str, Contract]
