"""What the audit remembers: one flat record per step of a read, each a line of JSON.

A read that reaches a database leaves two records with one `id`: `Begun` before the engine hears of it
and `Ended` after. A read refused earlier leaves `Ended` alone; an explanation leaves `Explained` alone.
Fields are text, numbers, truth values or lists of text, never nested, so that every log tool can filter
on them. No record holds a value out of a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A guarded read is about to be sent to its source.

    `id` is the receipt's id; `at` is ISO 8601 in UTC; `principal` is the subject. The three digests name
    the snapshots that decided. `sql_asked` is the agent's text, `sql_sent` the guarded text in the agent's
    `dialect`, `sql_engine` the text the engine received, in the dialect `engine`. `tables` are
    `schema.table`, `columns` `schema.table.column`, `filters` rule ids, `masks` and `tags`
    `schema.table.column:mask` and `…:tag`, `waivers` the rules that were in force for this caller alone:
    `kind id schema.table until …: why`. `app` is the application that asked for the principal, "" for none.
    """

    event: ClassVar[str] = "begun"

    id: str
    at: str
    principal: str
    roles: tuple[str, ...]
    source: str
    policy_digest: str
    catalog_digest: str
    references_digest: str
    sql_asked: str
    sql_sent: str
    sql_engine: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    filters: tuple[str, ...]
    masks: tuple[str, ...]
    tags: tuple[str, ...] = ()
    dialect: str = ""
    engine: str = ""
    waivers: tuple[str, ...] = ()
    app: str = ""
    app_roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A read is over: `outcome` is "ok" or the error code, `phase` the step it ended in.

    `detail` may say what the agent must not be told (a denied name, a driver's message): it stays here.
    `rows` and `bytes` are what was returned, `elapsed_ms` the whole pass, `truncation` "none", "rows" or
    "bytes". `server` says which server of a source with replicas answered, how far behind it was, and which
    were passed over. The last fields stand only for reads refused before `Begun`, as far as they were known;
    else they repeat it or are "".
    """

    event: ClassVar[str] = "ended"

    id: str
    at: str
    principal: str
    source: str
    outcome: str
    phase: str
    detail: str = ""
    rows: int = 0
    bytes: int = 0
    elapsed_ms: int = 0
    truncation: str = "none"
    server: str = ""
    roles: tuple[str, ...] = ()
    sql_asked: str = ""
    dialect: str = ""
    policy_digest: str = ""
    catalog_digest: str = ""
    references_digest: str = ""
    app: str = ""
    app_roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A dry run: everything `Begun` says, and the verdict; nothing was sent to any source.

    `verdict` is "permit" or "refused"; for a refusal `code` and `phase` tell where, `detail` why, and the
    fields of later steps are empty.
    """

    event: ClassVar[str] = "explained"

    id: str
    at: str
    principal: str
    roles: tuple[str, ...]
    source: str
    verdict: str
    code: str = ""
    phase: str = ""
    detail: str = ""
    policy_digest: str = ""
    catalog_digest: str = ""
    references_digest: str = ""
    sql_asked: str = ""
    sql_sent: str = ""
    sql_engine: str = ""
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dialect: str = ""
    engine: str = ""
    waivers: tuple[str, ...] = ()
    app: str = ""
    app_roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that changes who may read what: a token, a policy set, a catalog snapshot.

    `kind` is two words with a dot (`token.created`, `token.revoked`, `policy.loaded`,
    `catalog.accepted`); `principal` did it (`operator` at the command line); `target` is what it was done to.
    """

    event: ClassVar[str] = "event"

    id: str
    at: str
    kind: str
    principal: str
    target: str
    detail: str = ""


AuditRecord = Begun | Ended | Explained | Event
