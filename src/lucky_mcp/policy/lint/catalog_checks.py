"""Sources, their snapshots and their dataset files belong together."""

from __future__ import annotations

from lucky_mcp.model.source import KEYED
from lucky_mcp.policy.lint.directory import Directory
from lucky_mcp.policy.lint.findings import Findings

PROPOSED = ".proposed.json"


def check_catalogs(directory: Directory, findings: Findings) -> None:
    """Find sources without snapshot, snapshots without source, and those without a dataset file."""
    if directory.sources is None:
        return
    folder = directory.root / "catalog"
    served = {dataset.model.source for dataset in directory.datasets}
    for name, source in directory.sources.sources.items():
        catalog = directory.catalogs.get(name)
        place = directory.place("sources", "sources", name)
        if catalog is not None and catalog.tables and name not in served:
            findings.add(
                "catalog-without-dataset",
                place,
                f"{name} has {len(catalog.tables)} tables and no dataset file",
            )
        if source.status == "active" and source.kind not in KEYED and not (folder / f"{name}.json").exists():
            findings.add("source-without-catalog", place, f"{name} is active and has no catalog snapshot")
    for path in sorted(folder.glob("*.json")):
        name = path.name.removesuffix(PROPOSED).removesuffix(".json")
        if name not in directory.sources.sources:
            findings.add("catalog-without-source", f"catalog/{path.name}:1", f"sources.yaml has no {name}")
