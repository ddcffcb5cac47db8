"""The shape of `*.test.yaml`: what a dataset's reviewers expect of it, as questions and their verdicts."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lucky_mcp.errors import Code
from lucky_mcp.policy.schema import MaskWord

Cell = bool | int | float | date | str | None
Shown = Literal["plain", "absent", "averaged", "rare"] | MaskWord


class Expectation(BaseModel):
    """One question and what must come of it.

    `as` is a role, or several; `attributes` are those of the token, `person` its subject where rules name
    people, `on` the day on which it is asked where rules end (else today); `expect` is `permit` or a code
    of refusal. What else is given is checked: `rules` are all rules that apply (filters, and masks of columns
    that are read), `columns` how columns of the tables read are seen, `denied_by` what is behind a refusal.
    `key` is asked of a Redis cluster in place of `sql`; its columns are the parts of the name in braces,
    `value`, and fields. `rows` are the answer on the demo's data, in any order; they are compared by
    `policy test --demo` alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    roles: str | tuple[str, ...] = Field(alias="as")
    person: str = ""
    on: date | None = None
    attributes: dict[str, tuple[str | int, ...]] = Field(default_factory=dict)
    source: str = ""
    sql: str = ""
    key: str = ""
    expect: Literal["permit"] | Code = "permit"
    rules: tuple[str, ...] | None = None
    columns: dict[str, Shown] = Field(default_factory=dict)
    denied_by: str = ""
    rows: tuple[tuple[Cell, ...], ...] | None = None

    @model_validator(mode="after")
    def _has_rows_that_can_be(self) -> Expectation:
        if self.rows is not None and (self.expect != "permit" or self.on is not None):
            raise ValueError("rows are what a permitted question answers now: leave out expect and on")
        if bool(self.sql) is bool(self.key):
            raise ValueError("a question is sql, or the name of a key")
        if self.key and self.rows is not None:
            raise ValueError("rows are of tables: leave them out")
        return self

    @property
    def asked(self) -> str:
        """The statement, or the name of the key."""
        return self.sql or self.key


class ExpectationsFile(BaseModel):
    """`datasets/<domain>/<dataset>.test.yaml`, `redis/<category>.test.yaml`; `source` is where questions go
    that name none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    tests: tuple[Expectation, ...] = Field(min_length=1)
