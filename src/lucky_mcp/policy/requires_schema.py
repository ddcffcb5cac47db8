"""The shape of `requires`: what the conditions of a query must say of each scan."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RequiresEntry(_Model):
    """What the conditions on each scan must say: one of `equals`, `range` and `via`, or `any_of` several."""

    equals: str | None = None
    values_max: int | None = Field(default=None, gt=0, le=1000)
    range: str | None = None
    days_max: int | None = Field(default=None, gt=0, le=3660)
    via: dict[str, str] | None = Field(default=None, min_length=1, max_length=1)
    any_of: tuple[RequiresEntry, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> RequiresEntry:
        said = [each for each in (self.equals, self.range, self.via, self.any_of) if each is not None]
        if len(said) != 1:
            raise ValueError("say one of equals, range, via and any_of")
        if (self.range is None) is not (self.days_max is None):
            raise ValueError("range and days_max go together")
        if self.values_max is not None and self.equals is None:
            raise ValueError("values_max goes with equals")
        if any(each.any_of is not None for each in self.any_of or ()):
            raise ValueError("any_of holds no other any_of")
        return self
