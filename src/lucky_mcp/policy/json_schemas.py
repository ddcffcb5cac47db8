"""JSON Schemas of the policy files, so that editors complete and check them while they are written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.expectations import ExpectationsFile
from lucky_mcp.policy.keys_schema import KeysFile
from lucky_mcp.policy.schema import (
    BoundsFile,
    ContractsFile,
    DatasetFile,
    IdentityFile,
    ReferencesFile,
    RolesFile,
    SourcesFile,
    TagsFile,
)

FOLDER: Final = "schema"
MODELS: Final[Mapping[str, type[BaseModel]]] = MappingProxyType(
    {
        "sources": SourcesFile,
        "roles": RolesFile,
        "tags": TagsFile,
        "contracts": ContractsFile,
        "references": ReferencesFile,
        "bounds": BoundsFile,
        "identity": IdentityFile,
        "dataset": DatasetFile,
        "redis": KeysFile,
        "test": ExpectationsFile,
    }
)


def schema_text(name: str) -> str:
    """Return the JSON Schema (draft 2020-12) of one kind of file, a key of `MODELS`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **MODELS[name].model_json_schema(by_alias=True),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def schema_name(path: Path, root: Path) -> str:
    """Return which schema a policy file has; "" for a file that is none of a policy directory."""
    parts = path.relative_to(root).parts
    if len(parts) == 1:
        return path.stem if path.stem in MODELS else ""
    found = {"datasets": "dataset", "redis": "redis"}.get(parts[0], "")
    return "test" if found and path.name.endswith(".test.yaml") else found


def modeline(path: Path, root: Path) -> str:
    """Return the comment by which editors find the schema of a policy file."""
    folder = os.path.relpath(root / FOLDER, path.parent).replace(os.sep, "/")
    return f"# yaml-language-server: $schema={folder}/{schema_name(path, root)}.json"


def write_schemas(root: Path) -> tuple[Path, ...]:
    """Write every schema below the policy directory `root`; ConfigurationError when that fails."""
    folder = root / FOLDER
    written = []
    try:
        folder.mkdir(exist_ok=True)
        for name in MODELS:
            path = folder / f"{name}.json"
            path.write_text(schema_text(name), encoding="utf-8")
            written.append(path)
    except OSError as failure:
        raise ConfigurationError(f"{folder}: cannot be written ({failure.strerror})") from None
    return tuple(written)
