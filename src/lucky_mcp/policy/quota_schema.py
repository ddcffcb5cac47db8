"""The part of `bounds.yaml` that limits what a caller asks for over time."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from lucky_mcp.model.quota import Quota


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuotaEntry(_Model):
    """Limits over all reads of one caller; what is left out is taken from the default, or has no limit."""

    calls_per_minute: int | None = Field(default=None, gt=0)
    reads_at_once: int | None = Field(default=None, gt=0)
    rows_per_hour: int | None = Field(default=None, gt=0)
    bytes_per_hour: int | None = Field(default=None, gt=0)
    redshift_seconds_per_day: int | None = Field(default=None, gt=0)
    cost_explorer_calls_per_day: int | None = Field(default=None, gt=0)

    def as_quota(self) -> Quota:
        """Return it as a value."""
        return Quota(**self.model_dump())


class QuotasEntry(_Model):
    """A role's entry changes the default, the smallest of a caller's roles counts, its own changes that.

    `principals` are subjects: people, and apps like `app:ask-lucky`.
    """

    default: QuotaEntry = QuotaEntry()
    roles: dict[str, QuotaEntry] = Field(default_factory=dict)
    principals: dict[str, QuotaEntry] = Field(default_factory=dict)
