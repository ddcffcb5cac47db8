"""What ends by itself, as it is written: for whom, why, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

LAST_YEAR = 2099


def _ends(value: date | datetime) -> date | datetime:
    if value.year > LAST_YEAR:
        raise ValueError(f"it must end by {LAST_YEAR}")
    return value


# A day lasts until its end in UTC; a time has its zone.
Expiry = Annotated[AwareDatetime | date, AfterValidator(_ends)]
Why = Annotated[str, Field(pattern=r"\S")]
# As the subjects of tokens are written.
Callers = tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}$")], ...]


def end_of(expires: date | datetime) -> datetime:
    """Return the first moment at which something is over: a day is in force until its end, in UTC."""
    if isinstance(expires, datetime):
        return expires.astimezone(UTC)
    return datetime.combine(expires, time.min, UTC) + timedelta(days=1)


def shown(expires: date | datetime) -> str:
    """Return the end as it is told to callers: a day, or a time in UTC."""
    if isinstance(expires, datetime):
        return expires.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return expires.isoformat()


def is_over(expires: date | datetime, today: date) -> bool:
    """Whether something is over when a day begins, in UTC."""
    return datetime.combine(today, time.min, UTC) >= end_of(expires)


def break_glass_fault(
    roles: tuple[str, ...], principals: tuple[str, ...], expires: date | datetime | None, why: str
) -> str:
    """Return what is wrong with a grant's callers; "" when it is for roles, or for people until an end."""
    if bool(roles) is bool(principals):
        return "a grant is for roles or for principals: say one of them"
    if roles:
        return "a grant to roles does not expire: name principals" if expires is not None else ""
    if expires is None:
        return "a grant to principals needs expires: until when they have it"
    if not why.strip():
        return "a grant to principals needs why: the reason is on record with every read"
    if any(name.startswith("system:") for name in principals):
        return "a grant to principals is for people, not for the gateway itself"
    return ""
