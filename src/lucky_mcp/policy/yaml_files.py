"""Reads one YAML file into its model, and remembers on which line each key stands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.yaml_kept import TREES
from lucky_mcp.policy.yaml_tree import Node, YamlFault

FILE_BYTES_MAX = 4_000_000
VALUES_MAX = 500_000
Model = TypeVar("Model", bound=BaseModel)


class YamlFile:
    """The parsed content of one file; `place(path)` gives `file:line` of a key path."""

    def __init__(self, path: Path, root: Path) -> None:
        self.name = path.relative_to(root).as_posix()
        try:
            content = path.read_bytes()
        except OSError as failure:
            raise ConfigurationError(f"{self.name}: cannot be read ({failure.strerror})") from None
        if len(content) > FILE_BYTES_MAX:
            raise ConfigurationError(f"{self.name}: larger than {FILE_BYTES_MAX:,} bytes")
        self.digest = hashlib.sha256(content).hexdigest()
        self.tree = self._parse(path, content)

    def _parse(self, path: Path, content: bytes) -> Node:
        try:
            tree = TREES.of(path, content, self.digest)
        except YamlFault as fault:
            line = f":{fault.line}" if fault.line else ""
            raise ConfigurationError(f"{self.name}{line}: {fault.problem}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{self.name}: not valid UTF-8 YAML") from None
        if not isinstance(tree.value, dict):
            raise ConfigurationError(f"{self.name}: holds no mapping; see policies/README.md for the shape")
        return tree

    def read_as(self, model: type[Model]) -> Model:
        """Return the content as `model`; ConfigurationError names file, line and key of every fault."""
        try:
            return model.model_validate(_Plain(self.name).of(self.tree.value))
        except ValidationError as failure:
            faults = [
                f"{self.place(fault['loc'])}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
                for fault in failure.errors(include_url=False, include_input=False)
            ]
            raise ConfigurationError("\n".join(faults)) from None

    def place(self, path: Sequence[str | int]) -> str:
        """Return `file:line` of the deepest part of a key path that exists."""
        node, line = self.tree, 1
        for key in path:
            try:
                node = node.value[key]
            except (KeyError, IndexError, TypeError):
                break
            line = node.line
        return f"{self.name}:{line}"


class _Plain:
    """Turns nodes into plain dicts and lists for the models.

    An alias is expanded wherever it is used, so the number of values is bounded.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.left = VALUES_MAX

    def of(self, value: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ConfigurationError(f"{self.file}:1: more than {VALUES_MAX:,} values; are aliases nested?")
        if isinstance(value, dict):
            return {key: self.of(node.value) for key, node in value.items()}
        if isinstance(value, list):
            return [self.of(node.value) for node in value]
        return value
