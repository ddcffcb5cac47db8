"""Everything that loading checks, part by part, so that one run shows all faults and not the first only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from lucky_mcp.policy.compile_dataset import DatasetCompiler
from lucky_mcp.policy.compile_exemptions import check_exemption, check_ids, written_exemptions
from lucky_mcp.policy.identity_rules import read_identity
from lucky_mcp.policy.lint.directory import Dataset, Directory
from lucky_mcp.policy.lint.findings import Findings
from lucky_mcp.policy.loader import (
    check_bound_roles,
    default_bound,
    read_references,
    read_roles,
    read_sources,
    reference_of,
)
from lucky_mcp.policy.offline import AnyVariable, load_offline
from lucky_mcp.policy.policy_set import Role


def check_loading(directory: Directory, findings: Findings) -> None:
    """Find every fault for which the directory would not load."""
    roles = _check_files(directory, findings)
    if roles is not None:
        _check_datasets(directory, roles, findings)
        _check_exemptions(directory, roles, findings)
    if not findings.sorted():
        _check_whole(directory.root, findings)


def _check_files(directory: Directory, findings: Findings) -> Mapping[str, Role] | None:
    files, roles = directory.files, None
    if directory.sources is not None:
        findings.attempt("source", lambda: read_sources(files["sources"], directory.root, AnyVariable()))
    if directory.roles is not None:
        roles = findings.attempt("role", lambda: read_roles(files["roles"]))
    if directory.references is not None and directory.sources is not None:
        known = dict.fromkeys(directory.sources.sources)
        findings.attempt("reference", lambda: read_references(files["references"], known))
    bounds = directory.bounds
    if bounds is not None:
        findings.attempt("bound", lambda: default_bound(bounds.default, files["bounds"]))
        if roles is not None:
            findings.attempt("bound", lambda: check_bound_roles(bounds, roles, files["bounds"]))
    if "identity" in files and roles is not None:
        findings.attempt("identity", lambda: read_identity(files["identity"], roles, AnyVariable()))
    return roles


def _check_exemptions(directory: Directory, roles: Mapping[str, Role], findings: Findings) -> None:
    if directory.contracts is None:
        return
    written = tuple(written_exemptions(directory.contracts.contracts, directory.files["contracts"]))
    findings.attempt("contract", lambda: check_ids(written))
    for each in written:
        findings.attempt("contract", partial(check_exemption, each, directory.catalogs, roles))


def _check_datasets(directory: Directory, roles: Mapping[str, Role], findings: Findings) -> None:
    if directory.sources is None:
        return
    seen: dict[tuple[str, str], str] = {}
    for dataset in directory.datasets:
        source = dataset.model.source
        if source not in directory.sources.sources:
            findings.add("table", dataset.file.place(("source",)), f"unknown source {source!r}")
            continue
        compiler = _compiler(directory, dataset, roles)
        for part, check in compiler.checks() if compiler is not None else ():
            findings.attempt(part, check)
        for written in dataset.model.tables:
            place = dataset.file.place(("tables", written))
            other = seen.setdefault((source, written), place)
            if other != place:
                findings.add("table", place, f"{written} is listed by two dataset files, this and {other}")


def _compiler(directory: Directory, dataset: Dataset, roles: Mapping[str, Role]) -> DatasetCompiler | None:
    """Return the loader's own compiler of a dataset file; None where it needs what has a fault."""
    catalog = directory.catalogs.get(dataset.model.source)
    sources, tags, contracts, references = (
        directory.sources,
        directory.tags,
        directory.contracts,
        directory.references,
    )
    if catalog is None or sources is None or tags is None or contracts is None or references is None:
        return None
    return DatasetCompiler(
        file=dataset.file,
        dataset=dataset.model,
        catalog=catalog,
        source_level=sources.sources[dataset.model.source].classification,
        contracts=contracts.contracts,
        contracts_file=directory.files["contracts"],
        roles=roles,
        tags=tags,
        references={name: reference_of(name, entry) for name, entry in references.references.items()},
    )


def _check_whole(root: Path, findings: Findings) -> None:
    """Load it all: what the parts above should ever miss is found here."""
    findings.attempt("load", lambda: load_offline(root))
