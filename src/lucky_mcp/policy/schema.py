"""The shape of the YAML files: unknown keys, roles and masks are refused, whatever they are called."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lucky_mcp.model.source import KEYED, SERVERS, Dialect, Kind
from lucky_mcp.policy.column_schema import ColumnEntry, KMinEntry
from lucky_mcp.policy.contract_schema import Contract as Contract
from lucky_mcp.policy.contract_schema import ContractsFile as ContractsFile
from lucky_mcp.policy.identity_schema import IdentityFile as IdentityFile
from lucky_mcp.policy.levels import Level as Level
from lucky_mcp.policy.levels import RoleLevel
from lucky_mcp.policy.quota_schema import QuotasEntry
from lucky_mcp.policy.requires_schema import RequiresEntry as RequiresEntry
from lucky_mcp.policy.routing_schema import LimitsEntry, ReplicaEntry, ReplicationEntry
from lucky_mcp.policy.source_rules import contradiction
from lucky_mcp.policy.timed_schema import Callers, Expiry, break_glass_fault


class MaskWord(StrEnum):
    """Masks as reviewers write them; without a key `token` shows what `redact` does."""

    LAST4 = "last4"
    EMAIL_DOMAIN = "email_domain"
    INITIAL = "initial"
    YEAR = "year"
    MONTH = "month"
    ROUND = "round"
    TOKEN = "token"  # noqa: S105 (the name of a mask)
    SCRUB = "scrub"
    REDACT = "redact"
    NULL = "null"
    DENY = "deny"


def _yaml_null(value: object) -> object:
    """YAML reads the mask name `null` as nothing; reviewers mean the mask."""
    return "null" if value is None else value


Mask = Annotated[MaskWord, BeforeValidator(_yaml_null)]
Toolset = Literal[
    "ask_lucky", "analysis", "operations", "executive", "customer_care", "engineer", "dba", "review"
]


SERVER_KEYS = frozenset(
    {
        *("host", "port", "user", "password", "database", "tls", "tls_ca"),
        *("connections_max", "posture", "posture_why", "workgroup", "region"),
        *("replicas", "replication", "limits", "role"),
    }
)
SERVER_DIALECTS = {
    Kind.MYSQL: frozenset({Dialect.MYSQL, Dialect.DORIS}),
    Kind.POSTGRES: frozenset({Dialect.POSTGRES}),
    Kind.REDSHIFT: frozenset({Dialect.REDSHIFT}),
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceEntry(_Model):
    """One source; `kind` is the engine that runs the text, `dialect` the SQL that agents write.

    Embedded kinds have a `url`, kinds on a server `host` and what goes with it (see `Server`); a planned
    source has neither, it is never opened. `posture: warn` puts up with an account that can write.
    Redis has no `dialect`, and its `database` is a number.
    """

    kind: Kind
    dialect: Dialect | None = None
    url: str = ""
    host: str = ""
    port: int | str | None = None
    user: str = ""
    password: str = ""
    database: str = ""
    tls: bool | None = None
    tls_ca: str = ""
    connections_max: int = Field(default=4, ge=1, le=64)
    posture: Literal["refuse", "warn"] = "refuse"
    posture_why: str = ""
    replicas: tuple[ReplicaEntry, ...] = Field(default=(), max_length=8)
    replication: ReplicationEntry = ReplicationEntry()
    role: Literal["", "writer"] = ""
    limits: LimitsEntry = LimitsEntry()
    workgroup: str = ""
    region: str = ""
    domain: str
    short_name: str | None = None
    default_schema: str | None = None
    time_zone: str = "America/New_York"
    classification: Level = "internal"
    status: Literal["active", "down", "planned"] = "active"
    owner: str
    description: str = ""

    @model_validator(mode="after")
    def _has_a_place_unless_planned(self) -> SourceEntry:
        is_server = self.kind in SERVERS
        if is_server and self.url:
            raise ValueError(f"a source of kind {self.kind} has host, port and user instead of a url")
        if not is_server and SERVER_KEYS & self.model_fields_set:
            wrong = ", ".join(sorted(SERVER_KEYS & self.model_fields_set))
            raise ValueError(f"a source of kind {self.kind} has a url instead of {wrong}")
        account = self.user or self.workgroup or self.kind in KEYED
        if (self.dialect is None) is not (self.kind in KEYED):
            raise ValueError("a source has the dialect that agents write, unless it is Redis")
        if self.status != "planned" and not (self.host and account if is_server else self.url):
            needed = "a host and a user" if is_server else "a url"
            raise ValueError(f"a source needs {needed}, unless its status is planned")
        if fault := contradiction(self):
            raise ValueError(fault)
        if (self.posture == "warn") != bool(self.posture_why.strip()):
            raise ValueError("posture: warn and posture_why, the reason for it, go together")
        if self.host and self.dialect and self.dialect not in SERVER_DIALECTS[self.kind]:
            raise ValueError(f"a source of kind {self.kind} cannot speak {self.dialect}")
        return self


class SourcesFile(_Model):
    """`sources.yaml`."""

    sources: dict[str, SourceEntry]


class RoleEntry(_Model):
    """One role: its toolset, the highest level it may read, and the mask per tag.

    A sensitive tag without a mask is denied. `reads_system` gives it the datasets of the schema `system`,
    `unlisted: classify` what the classifiers can tell of tables that no dataset file lists.
    """

    description: str
    toolset: Toolset | None = None
    reads_up_to: RoleLevel = "internal"
    masks: dict[str, Mask] = Field(default_factory=dict)
    unlisted: Literal["deny", "classify"] = "deny"
    reads_metadata: bool = False
    reads_system: bool = False


class RolesFile(_Model):
    """`roles.yaml`."""

    roles: dict[str, RoleEntry]


class TagEntry(_Model):
    """One classifier: columns whose name matches a pattern (a whole-name regular expression) get the tag."""

    tag: str
    names: tuple[str, ...]
    types: tuple[str, ...] = ()
    why: str


class TagsFile(_Model):
    """`tags.yaml`; a tag whose name starts with one of `sensitive` is masked or absent, never plain.

    `declared` are tags that no classifier gives, with what they say: dataset files give them by hand.
    """

    sensitive: tuple[str, ...]
    classifiers: tuple[TagEntry, ...]
    declared: dict[str, str] = Field(default_factory=dict)


class ReferenceEntry(_Model):
    """A set of values read from one source and used by filters on others."""

    source: str
    sql: str
    refresh_s: int = Field(gt=0)
    max_age_s: int = Field(gt=0)
    values_max: int = Field(gt=0, le=100_000)
    why: str


class ReferencesFile(_Model):
    """`references.yaml`."""

    references: dict[str, ReferenceEntry]


class BoundEntry(_Model):
    """Limits; what is left out is taken from the default."""

    rows_max: int | None = Field(default=None, gt=0)
    rows_default: int | None = Field(default=None, gt=0)
    bytes_max: int | None = Field(default=None, gt=0)
    cell_chars_max: int | None = Field(default=None, gt=0)
    timeout_ms: int | None = Field(default=None, gt=0, le=60_000)
    probes_max: int | None = Field(default=None, gt=0)


class BoundsFile(_Model):
    """`bounds.yaml`: the smallest limit of all that apply wins; `system` roles have their own default.

    `quotas` are about all reads of one caller, the others about one read.
    """

    default: BoundEntry
    roles: dict[str, BoundEntry] = Field(default_factory=dict)
    kinds: dict[Kind, BoundEntry] = Field(default_factory=dict)
    quotas: QuotasEntry = QuotasEntry()


class TableEntry(_Model):
    """A listed table with its visible columns; `requires` holds for every grant."""

    description: str
    columns: dict[str, ColumnEntry | None]
    classification: Level | None = None
    requires: RequiresEntry | None = None
    k_min: KMinEntry | None = None


class Grant(_Model):
    """Lets roles read the dataset, or some `tables` of it; `masks` may only tighten what the role has.

    With `principals` and `expires` in place of roles it is break-glass: those people read also what is
    restricted or above their roles' level, with the masks of their roles, until then.
    """

    id: str
    roles: tuple[str, ...] = ()
    principals: Callers = ()
    expires: Expiry | None = None
    why: str
    tables: tuple[str, ...] | None = Field(default=None, min_length=1)
    masks: dict[str, Mask] = Field(default_factory=dict)
    row_filter: str | None = None
    requires: RequiresEntry | None = None
    k_min: KMinEntry | None = None

    @model_validator(mode="after")
    def _is_for_roles_or_for_people_until_a_day(self) -> Grant:
        if fault := break_glass_fault(self.roles, self.principals, self.expires, self.why):
            raise ValueError(fault)
        return self


class Denial(_Model):
    """Takes the dataset, or some columns of it, from roles; it wins over every grant."""

    id: str
    roles: tuple[str, ...]
    why: str
    columns: tuple[str, ...] = ()


class DatasetFile(_Model):
    """`datasets/<domain>/<dataset>.yaml`."""

    dataset: str
    owner: str
    classification: Level
    source: str
    tables: dict[str, TableEntry]
    grants: tuple[Grant, ...] = ()
    denials: tuple[Denial, ...] = ()
