"""The shape of the YAML files: unknown keys, roles and masks are refused, whatever they are called."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lucky_mcp.model.source import SERVERS, Dialect, Kind
from lucky_mcp.policy.routing_schema import LimitsEntry, ReplicaEntry, ReplicationEntry
from lucky_mcp.policy.source_rules import contradiction


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
Level = Literal["public", "internal", "confidential", "restricted"]
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
    """

    kind: Kind
    dialect: Dialect
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
        account = self.user or self.workgroup
        if self.status != "planned" and not (self.host and account if is_server else self.url):
            needed = "a host and a user" if is_server else "a url"
            raise ValueError(f"a source needs {needed}, unless its status is planned")
        if fault := contradiction(self):
            raise ValueError(fault)
        if (self.posture == "warn") != bool(self.posture_why.strip()):
            raise ValueError("posture: warn and posture_why, the reason for it, go together")
        if self.host and self.dialect not in SERVER_DIALECTS[self.kind]:
            raise ValueError(f"a source of kind {self.kind} cannot speak {self.dialect}")
        return self


class SourcesFile(_Model):
    """`sources.yaml`."""

    sources: dict[str, SourceEntry]


class RoleEntry(_Model):
    """One role: its toolset, the highest level it may read, and the mask per tag.

    A sensitive tag without a mask is denied. `reads_system` gives it the datasets of the schema `system`.
    """

    description: str
    toolset: Toolset | None = None
    reads_up_to: Level = "internal"
    masks: dict[str, Mask] = Field(default_factory=dict)
    unlisted: Literal["deny"] = "deny"
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


class ContractRule(_Model):
    """A filter on every table that has one of the columns."""

    when_column: str | tuple[str, ...]
    row_filter: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names, whether one or several were written."""
        return (self.when_column,) if isinstance(self.when_column, str) else self.when_column


class Contract(_Model):
    """A mandatory filter; no grant removes it."""

    owner: str
    why: str
    expires: date
    rules: tuple[ContractRule, ...]
    via: dict[str, dict[str, str]] = Field(default_factory=dict)
    not_filtered: dict[str, str] = Field(default_factory=dict)


class ContractsFile(_Model):
    """`contracts.yaml`."""

    contracts: dict[str, Contract]


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


class BoundsFile(_Model):
    """`bounds.yaml`: the smallest limit of all that apply wins; `system` roles have their own default."""

    default: BoundEntry
    roles: dict[str, BoundEntry] = Field(default_factory=dict)
    kinds: dict[Kind, BoundEntry] = Field(default_factory=dict)


class ColumnEntry(_Model):
    """A listed column; its tags are added to those the classifiers give."""

    tags: tuple[str, ...] = ()
    description: str = ""
    joins: str | None = None


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


class TableEntry(_Model):
    """A listed table with its visible columns; `requires` holds for every grant."""

    description: str
    columns: dict[str, ColumnEntry | None]
    requires: RequiresEntry | None = None


class Grant(_Model):
    """Lets roles read the dataset, or some `tables` of it; `masks` may only tighten what the role has."""

    id: str
    roles: tuple[str, ...]
    why: str
    tables: tuple[str, ...] | None = Field(default=None, min_length=1)
    masks: dict[str, Mask] = Field(default_factory=dict)
    row_filter: str | None = None
    requires: RequiresEntry | None = None


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
