"""The shape of `*.test.yaml`: what a dataset's reviewers expect of it, as questions and their verdicts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lucky_mcp.errors import Code
from lucky_mcp.policy.schema import MaskWord

Shown = Literal["plain", "absent"] | MaskWord


class Expectation(BaseModel):
    """One question and what must come of it.

    `as` is a role, or several; `attributes` are those of the token; `expect` is `permit` or the code of a
    refusal. What else is given is checked: `rules` are all rules that apply (filters, and masks of columns
    that are read), `columns` how columns of the tables read are seen, `denied_by` what is behind a refusal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    roles: str | tuple[str, ...] = Field(alias="as")
    attributes: dict[str, tuple[str | int, ...]] = Field(default_factory=dict)
    source: str = ""
    sql: str
    expect: Literal["permit"] | Code = "permit"
    rules: tuple[str, ...] | None = None
    columns: dict[str, Shown] = Field(default_factory=dict)
    denied_by: str = ""


class ExpectationsFile(BaseModel):
    """`datasets/<domain>/<dataset>.test.yaml`; `source` is where questions go that name none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    tests: tuple[Expectation, ...] = Field(min_length=1)
