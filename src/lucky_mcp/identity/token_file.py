"""The token file: JSON of who holds which token, readable by its owner alone."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.claims import principal_of
from lucky_mcp.model.principal import Principal


class StoredToken(BaseModel):
    """One token: the hash of its secret, never the secret; times are ISO 8601 with a zone."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, Field(pattern=r"^t-[0-9a-f]{8}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    subject: str
    roles: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]] = {}
    created: AwareDatetime
    expires: AwareDatetime | None = None

    @model_validator(mode="after")
    def _describes_a_principal(self) -> StoredToken:
        self.principal()
        return self

    def principal(self) -> Principal:
        """Who presents this token; ValueError when the entry names nobody that may exist."""
        return principal_of({"sub": self.subject, "roles": self.roles, "attributes": self.attributes})

    def is_expired(self, now: datetime) -> bool:
        """Whether the token is no longer good at `now`."""
        return self.expires is not None and now >= self.expires


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Literal[1] = 1
    tokens: tuple[StoredToken, ...] = ()

    @model_validator(mode="after")
    def _are_unique(self) -> _Content:
        for key in ("id", "sha256"):
            if len({getattr(token, key) for token in self.tokens}) != len(self.tokens):
                raise ValueError(f"two tokens have the same {key}")
        return self


def read_tokens(path: Path) -> tuple[StoredToken, ...]:
    """Every token in `path` (none when there is no file); ConfigurationError when it cannot be trusted."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigurationError(f"{path}: the token file cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise ConfigurationError(
            f"{path}: others may open the token file (mode {mode:04o}); run: chmod 600 {path}"
        )
    try:
        return _Content.model_validate_json(content).tokens
    except ValidationError as error:
        raise ConfigurationError(
            f"{path}: the token file is damaged ({_first_problem(error)}); restore it from a backup,"
            " or move it away and create new tokens with: lucky-mcp token create"
        ) from error


def write_tokens(path: Path, tokens: tuple[StoredToken, ...]) -> None:
    """Replace `path` whole, so that a reader never meets half a file; ConfigurationError when it cannot."""
    content = _Content(tokens=tokens).model_dump_json(indent=2) + "\n"
    fresh = path.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(fd)
        fresh.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: the token file cannot be written ({error.strerror})") from error


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Keep other processes from changing `path` meanwhile, so that no token is lost in between."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{path.parent}: tokens cannot be kept there ({error.strerror})") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
