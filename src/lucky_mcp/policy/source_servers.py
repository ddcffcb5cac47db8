"""The server of a source: secrets by reference, and TLS unless it is on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.source import SERVERS, Kind, Server
from lucky_mcp.policy.schema import SourceEntry
from lucky_mcp.policy.source_urls import expand
from lucky_mcp.policy.yaml_files import YamlFile
from lucky_mcp.secrets.references import HOW, is_reference

PORTS = {Kind.MYSQL: 3306, Kind.POSTGRES: 5432, Kind.REDSHIFT: 5439, Kind.REDIS: 6379}


def server_for(
    name: str, entry: SourceEntry, file: YamlFile, directory: Path, environment: Mapping[str, str]
) -> Server | None:
    """Return where a source's server is; None for other kinds and sources that are only planned.

    ConfigurationError for a secret that is written out, an unset name, and TLS switched off on the way to
    another machine.
    """
    if entry.kind not in SERVERS or not entry.host:
        return None
    return _server(entry, ("sources", name), file, directory, environment)


def replicas_for(
    name: str, entry: SourceEntry, file: YamlFile, directory: Path, environment: Mapping[str, str]
) -> tuple[Server, ...]:
    """Return where the replicas are; what an entry leaves out is as its source says. Errors as above."""
    if entry.kind not in SERVERS or not entry.host:
        return ()
    return tuple(
        _server(
            entry.model_copy(update=replica.model_dump(exclude_unset=True)),
            ("sources", name, "replicas", number),
            file,
            directory,
            environment,
        )
        for number, replica in enumerate(entry.replicas)
    )


def _server(
    entry: SourceEntry,
    place: tuple[str | int, ...],
    file: YamlFile,
    directory: Path,
    environment: Mapping[str, str],
) -> Server:
    def at(key: str) -> str:
        return file.place((*place, key))

    if entry.password and not is_reference(entry.password):
        raise ConfigurationError(f"{at('password')}: write {HOW}, never the password itself")
    host = expand(entry.host, environment, at("host"))
    is_here = _is_here(host)
    if entry.tls is False and not is_here:
        raise ConfigurationError(f"{at('tls')}: TLS cannot be off on the way to another machine")
    port = expand(str(entry.port), environment, at("port")) if entry.port else str(PORTS[entry.kind])
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"{at('port')}: a port is a number up to 65535")
    if entry.workgroup and (entry.tls is False or (is_here and not entry.tls)):
        raise ConfigurationError(f"{at('workgroup')}: IAM needs TLS")
    ca = expand(entry.tls_ca, environment, at("tls_ca"))
    if ca and not (directory / ca).is_file():
        raise ConfigurationError(f"{at('tls_ca')}: there is no such file of certificates")
    return Server(
        host=host,
        port=int(port),
        user=expand(entry.user, environment, at("user")),
        password=entry.password,
        database=entry.database,
        tls=not is_here if entry.tls is None else entry.tls,
        ca=str(directory / ca) if ca else "",
        connections_max=entry.connections_max,
        writable_because=entry.posture_why if entry.posture == "warn" else "",
        workgroup=entry.workgroup,
        region=entry.region,
    )


def _is_here(host: str) -> bool:
    """A Unix socket, or an address of this machine."""
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
