"""Loads a policy directory whole: it is valid in every part, or there is no PolicySet."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from types import MappingProxyType

from lucky_mcp.catalog.loader import read_snapshot
from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.decision import Bound, Rule
from lucky_mcp.model.names import TableName
from lucky_mcp.model.source import KEYED, Dialect, Limits, Replication, Server, Source
from lucky_mcp.policy.compile_contracts import ContractCompiler
from lucky_mcp.policy.compile_dataset import DatasetCompiler
from lucky_mcp.policy.compile_exemptions import check_exemption, check_ids, written_exemptions
from lucky_mcp.policy.identity_rules import NOBODY, read_identity
from lucky_mcp.policy.key_rules import compile_keys, key_paths
from lucky_mcp.policy.levels import levels_of
from lucky_mcp.policy.masks import mask_named
from lucky_mcp.policy.policy_set import MaskRule, PolicySet, Reference, Role, TablePolicy
from lucky_mcp.policy.quotas import quotas_of
from lucky_mcp.policy.schema import (
    BoundEntry,
    BoundsFile,
    ContractsFile,
    DatasetFile,
    Level,
    MaskWord,
    ReferenceEntry,
    ReferencesFile,
    RoleEntry,
    RolesFile,
    SourceEntry,
    SourcesFile,
    TagsFile,
)
from lucky_mcp.policy.source_servers import replicas_for, server_for
from lucky_mcp.policy.source_urls import expand_url
from lucky_mcp.policy.tags import Tags, compile_tags
from lucky_mcp.policy.unlisted import UnlistedCompiler, unlisted_roles
from lucky_mcp.policy.without_key import TOKEN_KEY, WITHOUT_KEY
from lucky_mcp.policy.yaml_files import YamlFile

# What a scaffold wrote and no reviewer has renamed yet.
PROPOSED = ".proposed.yaml"
REQUIRED_FILES = ("sources", "roles", "tags", "contracts", "references", "bounds")
OPTIONAL_FILES = ("identity",)


def load_policies(
    directory: Path,
    environment: Mapping[str, str] = MappingProxyType({}),
    *,
    with_datasets: bool = True,
) -> PolicySet:
    """Return the PolicySet of a directory; ConfigurationError names file, line and fault.

    `environment` supplies `${NAME}` in source URLs. Without the dataset files nothing but metadata can
    be read: that is what the first crawl of a source needs, before its tables are known. Without a
    LUCKY_TOKEN_KEY in it tokens cannot be made, and the mask `token` is `redact`.
    """
    has_token_key = bool(environment.get(TOKEN_KEY))
    if not directory.is_dir():
        raise ConfigurationError(f"there is no policy directory {directory.name!r}; pass --policies DIR")
    files = {name: YamlFile(directory / f"{name}.yaml", directory) for name in REQUIRED_FILES}
    files |= optional_files(directory)
    paths = dataset_paths(directory) if with_datasets else []
    datasets = [YamlFile(path, directory) for path in paths]
    keys = [YamlFile(path, directory) for path in key_paths(directory)] if with_datasets else []
    sources = read_sources(files["sources"], directory, environment)
    catalogs = {name: read_snapshot(directory / "catalog", name) for name in sources}
    roles = read_roles(files["roles"], has_token_key=has_token_key)
    tags = compile_tags(
        files["tags"].read_as(TagsFile), lambda index: files["tags"].place(("classifiers", index))
    )
    references = read_references(files["references"], sources)
    identity = read_identity(files["identity"], roles, environment) if "identity" in files else NOBODY
    bounds = files["bounds"].read_as(BoundsFile)
    check_bound_roles(bounds, roles, files["bounds"])
    return PolicySet(
        digest=_digest([*files.values(), *datasets, *keys], catalogs),
        sources=MappingProxyType(sources),
        roles=MappingProxyType(roles),
        tags=tags,
        tables=_tables(
            datasets,
            files["contracts"],
            catalogs,
            roles,
            tags,
            references,
            levels_of(sources),
            has_token_key=has_token_key,
            with_unlisted=with_datasets,
        ),
        catalogs=MappingProxyType(catalogs),
        references=MappingProxyType(references),
        bound_default=default_bound(bounds.default, files["bounds"]),
        bounds_by_role={name: entry.model_dump(exclude_none=True) for name, entry in bounds.roles.items()},
        quotas=quotas_of(bounds.quotas),
        identity=identity,
        keys=MappingProxyType(compile_keys(keys, sources, roles, tags)),
        bounds_by_kind={kind: entry.model_dump(exclude_none=True) for kind, entry in bounds.kinds.items()},
    )


def optional_files(directory: Path) -> dict[str, YamlFile]:
    """Return the files that a directory may have, by name."""
    paths = {name: directory / f"{name}.yaml" for name in OPTIONAL_FILES}
    return {name: YamlFile(path, directory) for name, path in paths.items() if path.exists()}


def dataset_paths(directory: Path) -> list[Path]:
    """Return the dataset files of a directory, without tests and what is only proposed."""
    return [
        path
        for path in sorted((directory / "datasets").rglob("*.yaml"))
        if not path.name.endswith((".test.yaml", PROPOSED))
    ]


def _digest(files: list[YamlFile], catalogs: Mapping[str, Catalog]) -> str:
    parts = sorted(f"{file.name}={file.digest}" for file in files)
    parts += [f"catalog/{name}={catalogs[name].digest}" for name in sorted(catalogs)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def read_sources(file: YamlFile, directory: Path, environment: Mapping[str, str]) -> dict[str, Source]:
    """Return the sources by name; ConfigurationError for a URL that cannot be opened as written."""
    sources = {}
    for name, entry in file.read_as(SourcesFile).sources.items():
        place = file.place(("sources", name, "url"))
        server = server_for(name, entry, file, directory, environment)
        made = _source(name, entry, expand_url(entry.url, directory, environment, place), server)
        replicas = replicas_for(name, entry, file, directory, environment)
        sources[name] = replace(made, replicas=replicas)
    return sources


def _source(name: str, entry: SourceEntry, url: str, server: Server | None) -> Source:
    front = "luckyus-" if entry.kind in KEYED else "aws-luckyus-"
    short = entry.short_name or name.removeprefix(front).removesuffix("-rw")
    return Source(
        name=name,
        kind=entry.kind,
        dialect=entry.dialect or Dialect.DUCKDB,
        url=url,
        domain=entry.domain,
        short_name=short,
        default_schema=entry.default_schema,
        time_zone=entry.time_zone,
        classification=entry.classification,
        status=entry.status,
        owner=entry.owner,
        description=entry.description,
        server=server,
        replication=Replication(**entry.replication.model_dump()),
        limits=Limits(**entry.limits.model_dump()),
        is_production_writer=entry.role == "writer",
    )


def read_roles(file: YamlFile, *, has_token_key: bool = True) -> dict[str, Role]:
    """Return the roles by name; ConfigurationError for a right that a role of people must not have."""
    roles = {}
    for name, entry in file.read_as(RolesFile).roles.items():
        place = file.place(("roles", name))
        if entry.reads_metadata and not name.startswith("system:"):
            raise ConfigurationError(f"{place}: only system: roles may set reads_metadata")
        roles[name] = Role(
            name=name,
            toolset=entry.toolset,
            masks={
                tag: _role_mask(file, name, entry, tag, has_token_key=has_token_key) for tag in entry.masks
            },
            reads_metadata=entry.reads_metadata,
            reads_system=entry.reads_system,
            reads_up_to=entry.reads_up_to,
            unlisted=_unlisted(file, name, entry),
        )
    return roles


def _unlisted(file: YamlFile, name: str, entry: RoleEntry) -> Rule | None:
    if entry.unlisted == "deny":
        return None
    place = file.place(("roles", name, "unlisted"))
    if name.startswith("system:"):
        raise ConfigurationError(f"{place}: unlisted tables are for roles of people")
    return Rule(id=f"{name}:unlisted", place=place, why="tables that no dataset file lists yet")


def _role_mask(file: YamlFile, role: str, entry: RoleEntry, tag: str, *, has_token_key: bool) -> MaskRule:
    place, word = file.place(("roles", role, "masks", tag)), entry.masks[tag]
    without_key = word is MaskWord.TOKEN and not has_token_key
    why = f"{entry.description}{WITHOUT_KEY}" if without_key else entry.description
    rule = Rule(id=f"{role}:{tag}", place=place, why=why, owner="")
    return MaskRule(mask=mask_named(word, has_token_key=has_token_key), rule=rule)


def read_references(file: YamlFile, sources: Collection[str]) -> dict[str, Reference]:
    """Return the reference sets by name; ConfigurationError for one of an unknown source."""
    references = {}
    for name, entry in file.read_as(ReferencesFile).references.items():
        if entry.source not in sources:
            raise ConfigurationError(f"{file.place(('references', name))}: unknown source {entry.source!r}")
        references[name] = reference_of(name, entry)
    return references


def reference_of(name: str, entry: ReferenceEntry) -> Reference:
    """Return one reference set as it is written."""
    return Reference(
        name=name,
        source=entry.source,
        sql=entry.sql,
        refresh_s=entry.refresh_s,
        max_age_s=entry.max_age_s,
        values_max=entry.values_max,
    )


def _tables(
    datasets: list[YamlFile],
    contracts_file: YamlFile,
    catalogs: Mapping[str, Catalog],
    roles: Mapping[str, Role],
    tags: Tags,
    references: Mapping[str, Reference],
    levels: Mapping[str, Level],
    *,
    has_token_key: bool,
    with_unlisted: bool,
) -> Mapping[str, Mapping[TableName, TablePolicy]]:
    contracts = contracts_file.read_as(ContractsFile).contracts
    exemptions = tuple(written_exemptions(contracts, contracts_file))
    check_ids(exemptions)
    for exemption in exemptions if datasets else ():
        check_exemption(exemption, catalogs, roles)
    tables: dict[str, dict[TableName, TablePolicy]] = {name: {} for name in catalogs}
    for file in datasets:
        dataset = file.read_as(DatasetFile)
        if dataset.source not in catalogs:
            raise ConfigurationError(f"{file.place(('source',))}: unknown source {dataset.source!r}")
        compiler = DatasetCompiler(
            file=file,
            dataset=dataset,
            catalog=catalogs[dataset.source],
            source_level=levels[dataset.source],
            contracts=contracts,
            contracts_file=contracts_file,
            roles=roles,
            tags=tags,
            references=references,
            has_token_key=has_token_key,
        )
        for policy in compiler.tables():
            if policy.table in tables[dataset.source]:
                place = file.place(("tables", str(policy.table)))
                raise ConfigurationError(f"{place}: {policy.table} is listed by two dataset files")
            tables[dataset.source][policy.table] = policy
    for source, catalog in catalogs.items() if with_unlisted and unlisted_roles(roles) else ():
        contract_compiler = ContractCompiler(
            catalog=catalog, contracts=contracts, file=contracts_file, references=references
        )
        unlisted = UnlistedCompiler(
            catalog=catalog,
            level=levels[source],
            roles=unlisted_roles(roles),
            tags=tags,
            contracts=contract_compiler,
        )
        tables[source] |= {policy.table: policy for policy in unlisted.tables(tables[source])}
    return MappingProxyType({name: MappingProxyType(found) for name, found in tables.items()})


def default_bound(entry: BoundEntry, file: YamlFile) -> Bound:
    """Return the limits where no role has its own; ConfigurationError when one is missing."""
    values = entry.model_dump(exclude_none=True)
    missing = [each.name for each in fields(Bound) if each.default is MISSING and each.name not in values]
    if missing:
        raise ConfigurationError(f"{file.place(('default',))}: the default lacks {', '.join(missing)}")
    return Bound(**values)


def check_bound_roles(bounds: BoundsFile, roles: Mapping[str, Role], file: YamlFile) -> None:
    """ConfigurationError when the limits name a role that is not there."""
    for path, named in ((("roles",), bounds.roles), (("quotas", "roles"), bounds.quotas.roles)):
        for name in named:
            if name not in roles:
                raise ConfigurationError(f"{file.place((*path, name))}: unknown role {name!r}")
