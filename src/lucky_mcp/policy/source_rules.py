"""Which keys of a source on a server do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lucky_mcp.model.source import Dialect, Kind

if TYPE_CHECKING:
    from lucky_mcp.policy.schema import SourceEntry


def contradiction(entry: SourceEntry) -> str:
    """Return what one entry says that cannot be; empty when nothing."""
    is_redshift = entry.kind is Kind.REDSHIFT
    said = (
        (
            bool(entry.workgroup or entry.region) and not is_redshift,
            "only a source of kind redshift has a workgroup and its region",
        ),
        (
            bool(entry.workgroup and (entry.user or entry.password)),
            "a workgroup's account comes from IAM: leave user and password out",
        ),
        (bool(entry.region) and not entry.workgroup, "a region is that of a workgroup"),
        (
            bool(entry.tls_ca) and is_redshift,
            "kind redshift has no tls_ca: its driver trusts Amazon and the system",
        ),
        (
            bool(entry.replicas) and (is_redshift or entry.dialect is Dialect.DORIS),
            "a Doris or Redshift source has no replicas of its own",
        ),
        (
            bool({"role", "limits"} & entry.model_fields_set)
            and (is_redshift or entry.dialect is Dialect.DORIS),
            "a Doris or Redshift source is not asked what it can bear: leave role and limits out",
        ),
        (
            entry.kind is Kind.REDIS and not (entry.database or "0").isdecimal(),
            "a database of Redis is a number",
        ),
        (
            bool({"role", "limits"} & entry.model_fields_set) and entry.kind is Kind.REDIS,
            "Redis is not asked what it can bear: leave role and limits out",
        ),
        (
            "replication" in entry.model_fields_set and not entry.replicas,
            "replication goes with replicas",
        ),
    )
    return next((fault for is_so, fault in said if is_so), "")
