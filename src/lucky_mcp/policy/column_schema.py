"""The shape of what a dataset file says about one column."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lucky_mcp.policy.levels import Level

GROUP_LEAST, GROUP_MOST = 2, 100_000


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AggregateOnlyEntry(_Model):
    """The column is read as AVG, SUM or COUNT of at least `group_min` rows, or persons, and never listed.

    `by` are the columns that may tell groups apart; without them everybody is one group. `person` is the
    column whose values are counted instead of rows.
    """

    group_min: int = Field(ge=GROUP_LEAST, le=GROUP_MOST)
    by: tuple[str, ...] = Field(default=(), max_length=8)
    person: str | None = None
    why: str = "nobody's own value is shown"


class KMinEntry(_Model):
    """A combination of values of `by` that fewer than `rows` rows have is shown as NULL, in all of `by`."""

    rows: int = Field(ge=GROUP_LEAST, le=GROUP_MOST)
    by: tuple[str, ...] = Field(min_length=1, max_length=8)


class ColumnEntry(_Model):
    """A listed column; its tags are added to those the classifiers give.

    Its level is the highest of its own `classification`, the table's, the dataset's and the source's.
    """

    tags: tuple[str, ...] = ()
    classification: Level | None = None
    description: str = ""
    joins: str | None = None
    aggregate_only: AggregateOnlyEntry | None = None
