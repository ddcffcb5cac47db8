"""Tags: personal data has one, every tag is known, and every classifier and mask is for something."""

from __future__ import annotations

from lucky_mcp.catalog.snapshot import Catalog, Column, Table, TypeFamily
from lucky_mcp.model.names import TableName
from lucky_mcp.policy.lint.directory import Dataset, Directory
from lucky_mcp.policy.lint.findings import Findings
from lucky_mcp.policy.lint.personal_names import looks_personal
from lucky_mcp.policy.tags import Tags


def check_tags(directory: Directory, findings: Findings) -> None:
    """Find columns without a tag they look to need, unknown tags, and classifiers and masks without use."""
    tags = directory.tags
    if tags is None:
        return
    known = _known_tags(directory, tags)
    for dataset in directory.datasets:
        _unknown_tags(dataset, known, findings)
        _untagged(directory, dataset, tags, findings)
    _dead_classifiers(directory, tags, findings)
    _dead_masks(directory, known, findings)


def _known_tags(directory: Directory, tags: Tags) -> set[str]:
    declared = directory.tags_file.declared if directory.tags_file is not None else {}
    return {*declared, *(classifier.tag for classifier in tags.classifiers)}


def _unknown_tags(dataset: Dataset, known: set[str], findings: Findings) -> None:
    for written, entry in dataset.model.tables.items():
        for name, column in entry.columns.items():
            for tag in column.tags if column is not None else ():
                if tag not in known:
                    place = dataset.file.place(("tables", written, "columns", name))
                    findings.add(
                        "unknown-tag", place, f"no classifier gives the tag {tag!r} of column {name!r}"
                    )


def _untagged(directory: Directory, dataset: Dataset, tags: Tags, findings: Findings) -> None:
    catalog = directory.catalogs.get(dataset.model.source)
    for written, entry in dataset.model.tables.items():
        table = _table(written, catalog)
        for name, said in entry.columns.items():
            column = table.column(name) if table is not None else None
            looks = looks_personal(name)
            if column is None or not looks or column.family in {TypeFamily.BOOLEAN, TypeFamily.TIME}:
                continue
            given = {*(said.tags if said is not None else ()), *tags.of(column)}
            if not any(tags.is_sensitive(tag) for tag in given):
                place = dataset.file.place(("tables", written, "columns", name))
                findings.add("untagged-pii", place, f"column {name!r} of {written} looks like {looks}")


def _table(written: str, catalog: Catalog | None) -> Table | None:
    try:
        return catalog.tables.get(TableName.parse(written)) if catalog is not None else None
    except ValueError:
        return None


def _dead_classifiers(directory: Directory, tags: Tags, findings: Findings) -> None:
    columns: list[Column] = [
        column
        for catalog in directory.catalogs.values()
        for table in catalog.tables.values()
        for column in table.columns
    ]
    for index, classifier in enumerate(tags.classifiers if columns else ()):
        if not any(classifier.matches(column) for column in columns):
            place = directory.place("tags", "classifiers", index)
            findings.add("dead-classifier", place, f"the classifier of {classifier.tag} matches no column")


def _dead_masks(directory: Directory, known: set[str], findings: Findings) -> None:
    for role, entry in directory.roles.roles.items() if directory.roles is not None else ():
        for tag in entry.masks:
            if not any(each == tag or each.startswith(f"{tag}.") for each in known):
                place = directory.place("roles", "roles", role, "masks", tag)
                findings.add("dead-mask", place, f"role {role} masks {tag!r}, which no column can have")
