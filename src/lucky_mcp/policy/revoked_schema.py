"""Signed tokens that count no longer although they have not expired, as reviewers write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

# Every token is held against each of them.
REVOKED_MAX = 1_000
Text = Annotated[str, StringConstraints(min_length=1)]


class RevokedEntry(BaseModel):
    """One token by its claim `jti`, or every token of a `subject`; of those with `issued_before` the older.

    `subject` is the name as the issuer writes it, or as it is here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    why: Text
    jti: str = ""
    subject: str = ""
    issued_before: AwareDatetime | None = None

    def __str__(self) -> str:
        """What it revokes, for a reader of differences."""
        what = f"jti {self.jti}" if self.jti else f"subject {self.subject}"
        return f"{what} before {self.issued_before.isoformat()}" if self.issued_before else what

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the entry as a whole."""
        if bool(self.jti) is bool(self.subject):
            yield "it has either jti or subject"
        elif self.jti and self.issued_before:
            yield "issued_before goes with subject: a jti is one token"


Revoked = Annotated[tuple[RevokedEntry, ...], Field(max_length=REVOKED_MAX)]
