"""Sources on servers: how an entry becomes an address, and what is refused, at its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.source import Limits, Replication, Server, Source
from lucky_mcp.policy.loader import load_policies

ENTRY: Mapping[str, object] = {
    "kind": "mysql",
    "dialect": "mysql",
    "host": "db.example.com",
    "user": "reader",
    "password": "env:DB_PASSWORD",
    "domain": "sales",
    "owner": "data",
}
FILES = {
    "roles": "roles: {}",
    "tags": "sensitive: [pii]\nclassifiers: []",
    "contracts": "contracts: {}",
    "references": "references: {}",
    "bounds": "default: {rows_max: 1, rows_default: 1, bytes_max: 1, cell_chars_max: 1, timeout_ms: 1}",
}
REDSHIFT: Mapping[str, object] = {"kind": "redshift", "dialect": "redshift", "user": None, "password": None}
REFUSED = [
    ({"password": "s3cr3t"}, "never the password itself"),
    ({"password": "env:not a name"}, "never the password itself"),
    ({"password": "file:relative"}, "never the password itself"),
    ({"tls": False}, "TLS cannot be off"),
    ({"host": "10.0.0.7", "tls": False}, "TLS cannot be off"),
    ({"host": ""}, "a host and a user"),
    ({"user": ""}, "a host and a user"),
    ({"url": "mysql://x"}, "instead of a url"),
    ({"port": 99999}, "a port is a number"),
    ({"port": "${PORT}"}, "PORT is not set"),
    ({"host": "${HOST}"}, "HOST is not set"),
    ({"tls_ca": "missing.pem"}, "no such file"),
    ({"posture": "warn"}, "go together"),
    ({"posture_why": "because"}, "go together"),
    ({"posture": "warn", "posture_why": "  "}, "go together"),
    ({"posture": "allow"}, "posture"),
    ({"connections_max": 0}, "connections_max"),
    ({"dialect": "postgres"}, "cannot speak postgres"),
    ({"kind": "postgres", "dialect": "doris"}, "cannot speak doris"),
    ({"kind": "duckdb", "url": "duckdb:///x", "host": "h"}, "has a url instead of host, password, user"),
    ({"passwd": "x"}, "passwd"),
    ({"replicas": [{"host": "ro", "tls": False}]}, "TLS cannot be off"),
    ({"replicas": [{"host": "ro", "password": "s3cr3t"}]}, "never the password itself"),
    ({"replicas": [{"host": "${HOST}"}]}, "HOST is not set"),
    ({"replicas": [{"port": 1}]}, "host"),
    ({"replicas": [{"host": "ro", "posture": "warn"}]}, "posture"),
    ({"replicas": [{"host": "ro"}], "dialect": "doris"}, "no replicas"),
    ({"replication": {"stop_s": 10}}, "goes with replicas"),
    ({"replicas": [{"host": "ro"}], "replication": {"alert_s": 9, "stop_s": 8}}, "at most stop_s"),
    ({"replicas": [{"host": "ro"}], "replication": {"heartbeat": "a.b; DROP"}}, "heartbeat"),
    ({"role": "reader"}, "role"),
    ({"role": "writer", "dialect": "doris"}, "leave role and limits out"),
    ({"limits": {"rows_examined_max": 0}}, "rows_examined_max"),
    ({"limits": {"rows": 5}}, "rows"),
    ({"kind": "duckdb", "url": "duckdb:///x", "limits": {}}, "has a url instead of"),
    ({"kind": "duckdb", "url": "duckdb:///x", "replicas": [{"host": "h"}]}, "has a url instead of"),
    ({"workgroup": "w"}, "only a source of kind redshift"),
    ({**REDSHIFT, "workgroup": "w", "user": "u"}, "leave user and password out"),
    ({**REDSHIFT, "workgroup": "w", "password": "env:P"}, "leave user and password out"),
    ({**REDSHIFT, "workgroup": "w", "host": "localhost"}, "IAM needs TLS"),
    ({**REDSHIFT, "user": "u", "region": "us-east-1"}, "that of a workgroup"),
    ({**REDSHIFT, "user": "u", "tls_ca": "x.pem"}, "no tls_ca"),
    ({**REDSHIFT, "user": None}, "a host and a user"),
    ({**REDSHIFT, "user": "u", "replicas": [{"host": "ro"}]}, "no replicas"),
    ({**REDSHIFT, "user": "u", "dialect": "postgres"}, "cannot speak postgres"),
]


def loaded(folder: Path, environment: Mapping[str, str] = {}, **changed: object) -> Server | None:
    return source(folder, environment, **changed).server


def source(folder: Path, environment: Mapping[str, str] = {}, **changed: object) -> Source:
    for name, text in FILES.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    lines = [f"    {key}: {value!r}" for key, value in {**ENTRY, **changed}.items() if value is not None]
    text = "\n".join(["sources:", "  the-source:", *lines]).replace("True", "true").replace("False", "false")
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    return load_policies(folder, environment).sources["the-source"]


def test_the_defaults_are_the_careful_ones(tmp_path: Path) -> None:
    assert loaded(tmp_path) == Server(
        host="db.example.com",
        port=3306,
        user="reader",
        password="env:DB_PASSWORD",
        database="",
        tls=True,
        ca="",
        connections_max=4,
        writable_because="",
    )


@pytest.mark.parametrize("host", ["/run/mysqld/mysqld.sock", "localhost", "127.0.0.1", "::1"])
def test_on_this_machine_tls_is_off_unless_asked_for(host: str, tmp_path: Path) -> None:
    plain, asked = loaded(tmp_path, host=host), loaded(tmp_path, host=host, tls=True)
    assert plain is not None and not plain.tls
    assert asked is not None and asked.tls


@pytest.mark.parametrize("host", ["db", "10.0.0.7", "localhost.example.com", "127.0.0.1.example.com", "::2"])
def test_everywhere_else_it_is_on(host: str, tmp_path: Path) -> None:
    server = loaded(tmp_path, host=host)
    assert server is not None and server.tls


def test_names_are_filled_in_but_a_secret_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    environment = {"H": "h.example.com", "P": "5433", "U": "u", "DB_PASSWORD": "s3cr3t"}
    server = loaded(
        tmp_path,
        environment,
        kind="postgres",
        dialect="postgres",
        host="${H}",
        port="${P}",
        user="${U}",
        database="shop",
        tls_ca="ca.pem",
        posture="warn",
        posture_why="the vendor's account",
    )
    assert server == Server(
        host="h.example.com",
        port=5433,
        user="u",
        password="env:DB_PASSWORD",
        database="shop",
        tls=True,
        ca=str(tmp_path / "ca.pem"),
        writable_because="the vendor's account",
    )
    assert "s3cr3t" not in repr(server)


def test_a_replica_is_as_its_source_but_for_what_it_says(tmp_path: Path) -> None:
    found = source(
        tmp_path,
        {"RO": "ro.example.com"},
        connections_max=6,
        replicas=[{"host": "${RO}"}, {"host": "127.0.0.1", "port": 3307, "user": "r2", "connections_max": 2}],
        replication={"stop_s": 60, "heartbeat": "ops.heartbeat", "writer_serves": False},
    )
    own = Server(
        host="db.example.com", port=3306, user="reader", password="env:DB_PASSWORD", connections_max=6
    )
    assert found.server == own
    assert found.replicas == (
        replace(own, host="ro.example.com"),
        replace(own, host="127.0.0.1", port=3307, user="r2", connections_max=2, tls=False),
    )
    assert found.replication == Replication(stop_s=60, heartbeat="ops.heartbeat", writer_serves=False)
    assert [(each.name, each.server, each.replicas) for each in found.as_replicas] == [
        ("the-source replica 1", found.replicas[0], ()),
        ("the-source replica 2", found.replicas[1], ()),
    ]


def test_what_a_server_can_bear(tmp_path: Path) -> None:
    assert source(tmp_path).limits == Limits()
    assert not source(tmp_path).is_production_writer
    found = source(tmp_path, role="writer", limits={"rows_examined_heavy": 5, "running_max": 7})
    assert (found.is_production_writer, found.limits) == (True, Limits(rows_examined_heavy=5, running_max=7))
    assert not any(each.is_production_writer for each in found.as_replicas)


def test_a_planned_source_has_no_server(tmp_path: Path) -> None:
    assert loaded(tmp_path, host=None, user=None, password=None, status="planned") is None


@pytest.mark.parametrize(
    ("changed", "said"), REFUSED, ids=[said + str(n) for n, (_, said) in enumerate(REFUSED)]
)
def test_what_is_refused(changed: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        loaded(tmp_path, **changed)
    assert "sources.yaml:" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_a_workgroup_is_read_as_whoever_iam_says(tmp_path: Path) -> None:
    assert loaded(tmp_path, **REDSHIFT, workgroup="lake-house", region="us-east-1") == Server(
        host="db.example.com", port=5439, user="", workgroup="lake-house", region="us-east-1"
    )
