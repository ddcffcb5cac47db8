"""A gateway over one Redis source with rules of a test's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lucky_mcp.audit.sink import AuditSink
from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.gateway.read import Gateway
from lucky_mcp.model.source import Dialect, Kind, Server, Source
from lucky_mcp.policy.grants import PASSWORD as PLACE
from lucky_mcp.policy.grants import grant_script
from lucky_mcp.policy.key_rules import compile_keys
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.yaml_files import YamlFile
from tests.support.house import gateway_over
from tests.support.redis_server import RedisServer
from tests.support.token_keys import KEYS

CLUSTER = "luckyus-test"
PASSWORD = "LIVE_REDIS"


def on_server(socket: Path, **changes: Any) -> Source:
    """Return a source that is on a server at a socket."""
    server = Server(host=str(socket), port=6379, user="lucky_reader", password=f"env:{PASSWORD}", tls=False)
    return _source(Kind.REDIS, server=replace(server, **changes))


def embedded(folder: Path, keys: list[Mapping[str, Any]], info: Mapping[str, Any] | None = None) -> Source:
    """Return a source over keys of its own, each with name, type, value and ttl_s."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "keys.redis.json"
    written = {"info": dict(info or {}), "keys": [{"ttl_s": None, **key} for key in keys]}
    path.write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
    return _source(Kind.FAKEREDIS, url=f"fakeredis:///{path}")


def _source(kind: Kind, *, url: str = "", server: Server | None = None) -> Source:
    return Source(
        name=CLUSTER,
        kind=kind,
        dialect=Dialect.DUCKDB,
        url=url,
        domain="sales",
        short_name="test",
        server=server,
    )


def make_reader(server: RedisServer) -> None:
    """Make the account of the grants script, with its password."""
    script = grant_script(on_server(server.folder / "redis.sock"), Catalog(source="", tables={}))
    (line,) = [each for each in script.splitlines() if not each.startswith("#")]
    with server.client() as admin:
        admin.execute_command(*line.replace(f">{PLACE}", "nopass").split())
        admin.execute_command("ACL", "SETUSER", "lucky_reader", "resetpass", ">let me read")


def ruled(base: PolicySet, source: Source, folder: Path, rules: str) -> PolicySet:
    """Return policies with that one source, and rules in the words of a file of `redis/`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rules.yaml"
    head = f"category: t\nowner: t\nclassification: internal\nclusters: [{source.name}]\n"
    path.write_text(head + rules, encoding="utf-8")
    sources = {source.name: source}
    keys = compile_keys([YamlFile(path, folder)], sources, base.roles, base.tags)
    catalogs = {source.name: Catalog(source=source.name, tables={})}
    return replace(base, sources=sources, keys=keys, tables={}, catalogs=catalogs, references={})


def gateway_to(policies: PolicySet, *, audit: AuditSink | None = None) -> Gateway:
    """Return a gateway that knows the account's password and the key of the token mask."""
    return gateway_over(policies, audit=audit, environment={PASSWORD: "let me read"}, token_keys=KEYS)
