"""Trees of files that were parsed before: the same content is parsed once, and what a file held goes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

from lucky_mcp.policy.yaml_tree import Node, read_tree

TREES_MAX = 128
PATHS_MAX = 1_024


class KeptTrees:
    """The trees used last, by the digest of their content; nobody changes a tree. Safe between threads.

    When a file has another content than before its old tree is forgotten: a server whose policies change for
    months would otherwise hold TREES_MAX versions of its largest file.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trees: OrderedDict[str, Node] = OrderedDict()
        self._held: OrderedDict[Path, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._trees)

    def of(self, path: Path, content: bytes, digest: str) -> Node:
        """Return the tree of a file's content; YamlFault or UnicodeDecodeError when it is none."""
        with self._lock:
            before = self._held.pop(path, digest)
            if before != digest:
                self._trees.pop(before, None)
            self._held[path] = digest
            found = self._trees.get(digest)
        if found is None:
            found = read_tree(content.decode("utf-8"))
        with self._lock:
            self._trees[digest] = found
            self._trees.move_to_end(digest)
            _cut(self._trees, TREES_MAX)
            _cut(self._held, PATHS_MAX)
        return found


def _cut(entries: OrderedDict[str, Node] | OrderedDict[Path, str], entries_max: int) -> None:
    while len(entries) > entries_max:
        entries.popitem(last=False)


TREES: Final = KeptTrees()
