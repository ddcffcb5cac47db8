"""A policy directory read piece by piece: what one fault spoils is left out, everything else is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel

from lucky_mcp.catalog.loader import read_snapshot
from lucky_mcp.catalog.snapshot import Catalog
from lucky_mcp.policy.expectations import ExpectationsFile
from lucky_mcp.policy.key_rules import key_paths
from lucky_mcp.policy.keys_schema import KeysFile
from lucky_mcp.policy.lint.findings import Findings
from lucky_mcp.policy.loader import OPTIONAL_FILES, REQUIRED_FILES, dataset_paths
from lucky_mcp.policy.schema import (
    BoundsFile,
    ContractsFile,
    DatasetFile,
    ReferencesFile,
    RolesFile,
    SourcesFile,
    TagsFile,
)
from lucky_mcp.policy.tags import Tags, compile_tags
from lucky_mcp.policy.yaml_files import YamlFile

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One dataset file."""

    file: YamlFile
    model: DatasetFile


@dataclass(frozen=True, kw_only=True)
class Keys:
    """One file about the keys of Redis clusters."""

    file: YamlFile
    model: KeysFile


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What could be read of a directory; None stands for a file with a fault."""

    root: Path
    files: Mapping[str, YamlFile]
    sources: SourcesFile | None
    roles: RolesFile | None
    tags_file: TagsFile | None
    tags: Tags | None
    contracts: ContractsFile | None
    references: ReferencesFile | None
    bounds: BoundsFile | None
    datasets: tuple[Dataset, ...]
    keys: tuple[Keys, ...]
    catalogs: Mapping[str, Catalog]

    def place(self, name: str, *path: str | int) -> str:
        """Return `file:line` of a key path in `<name>.yaml`."""
        return self.files[name].place(path)


def read_directory(root: Path, findings: Findings) -> Directory:
    """Return what can be read of `root`; every fault met on the way is among the findings."""
    files: dict[str, YamlFile] = {}
    for name in REQUIRED_FILES:
        file = _file(root / f"{name}.yaml", root, findings)
        if file is not None:
            files[name] = file
    for name in OPTIONAL_FILES:
        path = root / f"{name}.yaml"
        found = _file(path, root, findings) if path.exists() else None
        if found is not None:
            files[name] = found
    _read_expectations(root, findings)
    sources = _model(files.get("sources"), SourcesFile, findings)
    tags_file = _model(files.get("tags"), TagsFile, findings)
    return Directory(
        root=root,
        files=MappingProxyType(files),
        sources=sources,
        roles=_model(files.get("roles"), RolesFile, findings),
        tags_file=tags_file,
        tags=_tags(files.get("tags"), tags_file, findings),
        contracts=_model(files.get("contracts"), ContractsFile, findings),
        references=_model(files.get("references"), ReferencesFile, findings),
        bounds=_model(files.get("bounds"), BoundsFile, findings),
        datasets=_datasets(root, findings),
        keys=_keys(root, findings),
        catalogs=MappingProxyType(_catalogs(root, sources, findings)),
    )


def _read_expectations(root: Path, findings: Findings) -> None:
    """The questions beside the datasets decide nothing; here they only have to have their shape."""
    beside = [*(root / "datasets").rglob("*.test.yaml"), *(root / "redis").glob("*.test.yaml")]
    for path in sorted(beside):
        _model(_file(path, root, findings), ExpectationsFile, findings)


def _file(path: Path, root: Path, findings: Findings) -> YamlFile | None:
    return findings.attempt(
        "unreadable", lambda: YamlFile(path, root), file=path.relative_to(root).as_posix()
    )


def _model(file: YamlFile | None, model: type[Model], findings: Findings) -> Model | None:
    return None if file is None else findings.attempt("shape", lambda: file.read_as(model))


def _tags(file: YamlFile | None, model: TagsFile | None, findings: Findings) -> Tags | None:
    if file is None or model is None:
        return None
    return findings.attempt(
        "tag", lambda: compile_tags(model, lambda index: file.place(("classifiers", index)))
    )


def _datasets(root: Path, findings: Findings) -> tuple[Dataset, ...]:
    found = []
    for path in dataset_paths(root):
        file = _file(path, root, findings)
        model = _model(file, DatasetFile, findings)
        if file is not None and model is not None:
            found.append(Dataset(file=file, model=model))
    return tuple(found)


def _keys(root: Path, findings: Findings) -> tuple[Keys, ...]:
    found = []
    for path in key_paths(root):
        file = _file(path, root, findings)
        model = _model(file, KeysFile, findings)
        if file is not None and model is not None:
            found.append(Keys(file=file, model=model))
    return tuple(found)


def _catalogs(root: Path, sources: SourcesFile | None, findings: Findings) -> dict[str, Catalog]:
    catalogs = {}
    for name in sources.sources if sources is not None else ():
        read = partial(read_snapshot, root / "catalog", name)
        catalog = findings.attempt("unreadable", read, file=f"catalog/{name}.json")
        if catalog is not None:
            catalogs[name] = catalog
    return catalogs
