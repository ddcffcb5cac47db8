"""What an operator sets from outside: environment variables that start with LUCKY_, and nothing else.

A variable with that start that is not a setting is refused, because a mistyped name would otherwise
leave a default in force without anybody noticing. LUCKY_TEST_* belongs to the test suite and LUCKY_MCP_*
to clients' configuration files; both are ignored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from lucky_mcp.audit.keys import AuditKeys, keys_of
from lucky_mcp.audit.rotation import Rotation
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.identity.delegations import Handles
from lucky_mcp.identity.opened import open_handles
from lucky_mcp.limits.meter import Meter
from lucky_mcp.limits.opened import open_meter
from lucky_mcp.secrets.token_keys import TokenKeys

PREFIX = "LUCKY_"
# Variables of the test suite, and of clients' configuration files, which a child process inherits.
_FOREIGN_PREFIXES = ("LUCKY_TEST_", "LUCKY_MCP_")


def _default_state() -> Path:
    """The user's state directory by the XDG convention."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "lucky-mcp"


def _split(value: object) -> object:
    """Read `a,b` as two entries; a list made by code stays as it is."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _origin(value: str) -> str:
    """Take an address without a path; over plain http only this machine's."""
    parts = urlsplit(value)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if value and (
        parts.scheme not in (("https", "http") if local else ("https",))
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError("it is https://name or https://name:port, without a path")
    return value.rstrip("/")


def _named(value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what would let every name in; a star may only stand before a name and its dot."""
    for part in value:
        name = re.sub(r"^[a-z]+://", "", part).removeprefix("*.")
        if not re.search("[A-Za-z0-9]", name) or "*" in name or "?" in name:
            raise ValueError("it lists names, or *.name for those below one")
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """All settings; options of the command line win over the environment, the environment over defaults."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    policies: Annotated[Path | None, Field(description="The policy directory; needed to serve.")] = None
    state: Annotated[
        Path,
        Field(
            default_factory=_default_state,
            description="A private directory for tokens, stops and audit; by default below $XDG_STATE_HOME.",
        ),
    ]
    token: Annotated[
        SecretStr | None,
        Field(description="Who calls over stdio: a token from `token create`."),
    ] = None
    token_key: Annotated[
        str,
        Field(description="Where the key of the token mask is: env:NAME or file:/path, 32 bytes or more."),
    ] = ""
    token_key_previous: Annotated[
        str,
        Field(description="Where the key before it is, to look up old tokens by; see docs/masks.md."),
    ] = ""
    audit_key: Annotated[
        str,
        Field(description="Where the key that seals the audit log is; see docs/audit.md."),
    ] = ""
    audit_keys_previous: Annotated[
        Names,
        Field(description="Where the keys before it are, separated by commas, to check older segments."),
    ] = ()
    audit_segment_mb: Annotated[
        int, Field(ge=1, le=4096, description="The size in MiB at which a segment of the audit log ends.")
    ] = 64
    audit_segment_hours: Annotated[
        int, Field(ge=1, le=8784, description="The age in hours at which a segment of the audit log ends.")
    ] = 24
    limits_url: Annotated[
        str, Field(description="A Redis in which several processes count together: redis://host:port/0.")
    ] = ""
    limits_password: Annotated[str, Field(description="Where the password of that Redis is.")] = ""
    limits_processes: Annotated[
        int,
        Field(ge=1, le=1000, description="Among how many processes limits are divided that count alone."),
    ] = 1
    host: Annotated[str, Field(min_length=1, description="The address to serve HTTP on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="The port for HTTP; 0 takes any free.")] = 8765
    public_url: Annotated[
        str,
        AfterValidator(_origin),
        Field(description="The address by which clients reach this server: https://name, without path."),
    ] = ""
    workers: Annotated[
        int, Field(ge=1, le=64, description="How many processes serve HTTP on the port, each by itself.")
    ] = 1
    allowed_hosts: Annotated[
        Names,
        AfterValidator(_named),
        Field(description="Host headers to accept, separated by commas; needed behind a public name."),
    ] = ()
    allowed_origins: Annotated[
        Names,
        AfterValidator(_named),
        Field(description="Browser origins to accept, separated by commas; others are refused."),
    ] = ()
    metrics_port: Annotated[
        int | None,
        Field(ge=0, le=65535, description="A port for Prometheus alone; without one there is none."),
    ] = None
    metrics_host: Annotated[str, Field(min_length=1, description="The address on which that port is.")] = (
        "127.0.0.1"
    )
    metrics_token: Annotated[
        str,
        Field(description="Where the token for /metrics is; with one, /metrics is on the main port as well."),
    ] = ""
    sse: Annotated[bool, Field(description="Whether /sse is served beside /mcp.")] = True
    sse_streams_max: Annotated[int, Field(ge=1, le=10_000, description="Open streams of /sse at most.")] = 200
    sse_streams_per_caller_max: Annotated[
        int, Field(ge=1, le=10_000, description="Open streams of /sse of one caller at most.")
    ] = 100
    calls_max: Annotated[
        int, Field(ge=1, le=10_000, description="Tool calls that one process answers at a time.")
    ] = 64
    connections_max: Annotated[
        int, Field(ge=16, le=100_000, description="Open connections to one process at most.")
    ] = 1000
    body_max_kb: Annotated[
        int, Field(ge=16, le=4096, description="The size in KiB of one request at most.")
    ] = 1024
    drain_s: Annotated[
        int,
        Field(ge=0, le=3600, description="Seconds that open calls have when the process is told to stop."),
    ] = 20
    prompts: Annotated[
        Path | None,
        Field(description="A directory of texts to use instead of the package's own."),
    ] = None

    catalog_refresh_s: Annotated[
        int,
        Field(ge=0, description="Seconds between two looks at each source for drift; 0 never looks."),
    ] = 3600

    policies_reload_s: Annotated[
        float,
        Field(ge=0, description="Seconds between two looks at the policy directory; 0 never reloads it."),
    ] = 5

    def token_keys(self, environment: Mapping[str, str]) -> TokenKeys:
        """The keys of the token mask; ConfigurationError when one is set and cannot be used."""
        keys = TokenKeys(
            reference=self.token_key, previous_reference=self.token_key_previous, environment=environment
        )
        keys.check()
        return keys

    def meter(self, environment: Mapping[str, str]) -> Meter:
        """What callers are counted by; ConfigurationError when it cannot be."""
        return open_meter(self.limits_url, self.limits_password, self.limits_processes, environment)

    def handles(self, environment: Mapping[str, str], now: Callable[[], datetime]) -> Handles:
        """Where the handles of apps are kept; ConfigurationError when it cannot be used."""
        alone = self.limits_processes == 1
        # A key that lies beside one process's log is not that of its replicas.
        seal = self.audit_keys(environment).current.handles if self.audit_key else b""
        return open_handles(self.limits_url, self.limits_password, environment, now, alone=alone, seal=seal)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name by which clients may call this server."""
        own = urlsplit(self.public_url).hostname
        return (*self.allowed_hosts, own) if own else self.allowed_hosts

    @property
    def tokens_path(self) -> Path:
        """The token file."""
        return self.state / "tokens.json"

    @property
    def stops_path(self) -> Path:
        """What operators have stopped."""
        return self.state / "stops.json"

    def audit_keys(self, environment: Mapping[str, str]) -> AuditKeys:
        """The keys of the audit log; ConfigurationError when one cannot be used."""
        return keys_of(
            reference=self.audit_key,
            previous=self.audit_keys_previous,
            own=self.state / "audit.key",
            environment=environment,
        )

    @property
    def audit_rotation(self) -> Rotation:
        """When a segment of the audit log ends."""
        return Rotation(
            bytes_max=self.audit_segment_mb << 20, age_max=timedelta(hours=self.audit_segment_hours)
        )

    @property
    def audit_directory(self) -> Path:
        """Where the audit log is."""
        return self.state / "audit"


def load_settings(**given: object) -> Settings:
    """Settings of the environment and `given` (None: not given); ConfigurationError names the wrong one."""
    _refuse_unknown(os.environ)
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigurationError(_one_sentence(error)) from error


def own_policies() -> Path:
    """The project's policies: inside the installed package, or at the top of a source checkout."""
    installed = Path(__file__).parent / "policies"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "policies"


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and not name.startswith(_FOREIGN_PREFIXES) and name not in known:
            raise ConfigurationError(f"{name} is not a setting; settings are {', '.join(sorted(known))}")


def _one_sentence(error: ValidationError) -> str:
    """Say which setting is wrong and why, without its value: it may be a secret."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else "a setting"
    return f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}"
