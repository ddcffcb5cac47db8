"""Reads one YAML file into its model, and remembers on which line each key stands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from lucky_mcp.errors import ConfigurationError

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
        self.tree = self._parse(content)

    def _parse(self, content: bytes) -> Any:
        try:
            tree = _loaded(content)
        except (YAMLError, UnicodeDecodeError, RecursionError) as failure:
            mark = getattr(failure, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            problem = getattr(failure, "problem", None) or "not valid UTF-8 YAML"
            raise ConfigurationError(f"{self.name}{line}: {problem}") from None
        if not isinstance(tree, CommentedMap):
            raise ConfigurationError(f"{self.name}: holds no mapping; see policies/README.md for the shape")
        return tree

    def read_as(self, model: type[Model]) -> Model:
        """Return the content as `model`; ConfigurationError names file, line and key of every fault."""
        try:
            return model.model_validate(_Plain(self.name).of(self.tree))
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
                line = _line_of(node, key)
                node = node[key]
            except (KeyError, IndexError, TypeError):
                break
        return f"{self.name}:{line}"


@lru_cache(maxsize=128)
def _loaded(content: bytes) -> Any:
    """Return the tree of a file's content; the same content is parsed once, and nobody changes a tree.

    Parsing is nearly all of the time that loading takes, and at a reload few files have changed.
    """
    return YAML(typ="rt").load(content.decode("utf-8"))


def _line_of(node: Any, key: str | int) -> int:
    if isinstance(node, CommentedMap):
        return int(node.lc.key(key)[0]) + 1
    if isinstance(node, CommentedSeq):
        return int(node.lc.item(key)[0]) + 1
    raise TypeError(key)


class _Plain:
    """Turns the parser's containers into plain dicts and lists: the models must not see its own.

    An alias is expanded wherever it is used, so the number of values is bounded.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.left = VALUES_MAX
        self.line = 1

    def _part(self, node: Any, key: Any) -> Any:
        self.line = _line_of(node, key)
        return self.of(node[key])

    def of(self, node: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ConfigurationError(f"{self.file}:1: more than {VALUES_MAX:,} values; are aliases nested?")
        if isinstance(node, CommentedMap):
            return {str(key): self._part(node, key) for key in node}
        if isinstance(node, CommentedSeq):
            return [self._part(node, index) for index in range(len(node))]
        if isinstance(node, CommentedBase):
            place = f"{self.file}:{self.line}"
            raise ConfigurationError(f"{place}: sets and tagged values are not accepted in policy files")
        return node
