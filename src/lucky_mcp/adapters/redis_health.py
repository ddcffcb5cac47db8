"""How a server of keys is by its own word: what of INFO is named here, and no address or name in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.adapters.fetch import fetch_bounded
from lucky_mcp.adapters.redis_line import Command, Reply
from lucky_mcp.adapters.redis_rows import Rows
from lucky_mcp.enforcement.guarded import GuardedKeys
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.probe import Lag

COLUMNS = ("measure", "value")
# What of INFO is told, in this order; the rest (addresses, files, the names of accounts) is not.
MEASURES = (
    *("redis_version", "redis_mode", "role", "uptime_in_days"),
    *("used_memory", "used_memory_peak", "maxmemory", "maxmemory_policy", "mem_fragmentation_ratio"),
    *("connected_clients", "blocked_clients", "maxclients", "rejected_connections"),
    *("instantaneous_ops_per_sec", "total_commands_processed"),
    *("keyspace_hits", "keyspace_misses", "evicted_keys", "expired_keys"),
    *("connected_slaves", "master_link_status", "rdb_last_bgsave_status", "aof_enabled"),
)
NOT_KNOWN = "not known"

Ask = Callable[[Sequence[Command]], list[Reply]]


def health(read: GuardedKeys, ask: Ask) -> EngineRows:
    """Return what the server says of its memory, clients, hits and keys."""
    told = _told(ask)
    if not told:
        raise EngineError(EngineErrorKind.INVALID_QUERY, "it tells nothing of itself")
    rows: list[tuple[object, ...]] = [(name, told[name]) for name in MEASURES if name in told]
    rows.append(("hit_rate", _rate(told)))
    rows += [(name, value) for name, value in told.items() if name.startswith("db") and "keys=" in value]
    fetched = fetch_bounded(
        Rows(rows),
        rows_max=read.rows_max,
        bytes_max=read.bound.bytes_max,
        cell_chars_max=read.bound.cell_chars_max,
    )
    return fetched.named(COLUMNS)


def hit_rate(ask: Ask) -> str:
    """Return the share of lookups that found a key, since the server counts."""
    return _rate(_told(ask))


def lag(ask: Ask) -> Lag:
    """Return how long ago a replica heard of its primary."""
    told = _told(ask)
    if told.get("role") != "slave":
        return Lag(seconds=None, why="it replicates nothing by its own word")
    heard = told.get("master_last_io_seconds_ago", "")
    if told.get("master_link_status") != "up" or not heard.isdecimal():
        return Lag(seconds=None, why="replication does not run")
    return Lag(seconds=float(heard))


def _told(ask: Ask) -> Mapping[str, str]:
    (answer,) = ask([("INFO",)])
    if not isinstance(answer, bytes):
        return {}
    lines = (line.partition(":") for line in answer.decode("utf-8", "replace").splitlines())
    return {name: value.strip() for name, colon, value in lines if colon}


def _rate(told: Mapping[str, str]) -> str:
    hits, misses = told.get("keyspace_hits", ""), told.get("keyspace_misses", "")
    if not hits.isdecimal() or not misses.isdecimal() or not int(hits) + int(misses):
        return NOT_KNOWN
    return f"{100 * int(hits) / (int(hits) + int(misses)):.1f} %"
