"""The token file: JSON of who holds which token, readable by its owner alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.claims import principal_of
from lucky_mcp.model.principal import Principal
from lucky_mcp.secrets.private_files import read_private, write_private

WHAT = "token file"


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
    content = read_private(path, WHAT)
    if content is None:
        return ()
    try:
        return _Content.model_validate_json(content).tokens
    except ValidationError as error:
        raise ConfigurationError(
            f"{path}: the token file is damaged ({_first_problem(error)}); restore it from a backup,"
            " or move it away and create new tokens with: lucky-mcp token create"
        ) from error


def write_tokens(path: Path, tokens: tuple[StoredToken, ...]) -> None:
    """Replace `path` whole; ConfigurationError when it cannot be written."""
    write_private(path, _Content(tokens=tokens).model_dump_json(indent=2) + "\n", WHAT)


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
