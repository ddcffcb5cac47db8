"""Puts a defect into the guard for the time of a trial, and remembers where.

A defect either replaces a function or constant by name, or edits one place of the source text; a name or a text
that is no longer there fails at once, since such a defect would break nothing and prove nothing.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from lucky_mcp.gateway.prepared_cache import forget_everything

PACKAGE = "lucky_mcp"
KEPT = re.compile(r"_[a-z][a-z_]*")
Definition = ast.FunctionDef | ast.AsyncFunctionDef


class Stale(AssertionError):
    """The code that a defect was written against has changed: the defect must be said anew."""


class Injection:
    """The changes of one trial; `places` are the functions and constants changed, in order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.places: list[str] = []

    def setattr(self, target: Any, name: str, value: object) -> None:
        """Replace an attribute of a module or class; Stale when it has none of that name."""
        if not hasattr(target, name):
            raise Stale(f"{_title(target)} has no {name}")
        self.places.append(_place(target, name))
        self._patch.setattr(target, name, value)

    def setitem(self, mapping: MutableMapping[Any, Any], key: object, value: object) -> None:
        """Replace or add an entry."""
        self._patch.setitem(mapping, key, value)

    def edit(self, file: str, old: str, new: str) -> None:
        """Put `new` for `old` in a source file, which holds it once; what it stands in is made anew.

        `file` is a path below the package. Stale unless `old` stands once, within a function or a constant.
        """
        module = importlib.import_module(f"{PACKAGE}.{file.removesuffix('.py').replace('/', '.')}")
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise Stale(f"{file} holds {text.count(old)} times, not once: {old!r}")
        line = text[: text.index(old)].count("\n") + 1
        path = _path_to(ast.parse(text), line)
        changed = _node_at(ast.parse(text.replace(old, new)), path)
        if isinstance(changed, Definition):
            self._function(module, _qualified_name(ast.parse(text), path), changed)
        elif isinstance(changed, ast.Assign | ast.AnnAssign):
            self._constant(module, changed)
        else:
            raise Stale(f"{file}:{line} is neither in a function nor a constant")

    def _function(self, module: ModuleType, name: str, node: Definition) -> None:
        """Swap the code and keep the object, so that whoever imported it has the defect as well."""
        found: Any = module
        for part in name.split("."):
            found = inspect.getattr_static(found, part)
        function = inspect.unwrap(getattr(found, "fget", None) or getattr(found, "__func__", None) or found)
        made = _executed(module, node)[node.name]
        assert isinstance(function, FunctionType) and isinstance(made, FunctionType)
        self.places.append(f"{module.__name__.removeprefix(f'{PACKAGE}.')}.{name}")
        self._patch.setattr(function, "__code__", made.__code__)

    def _constant(self, module: ModuleType, node: ast.Assign | ast.AnnAssign) -> None:
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        assert isinstance(target, ast.Name)
        original, value = getattr(module, target.id), _executed(module, node)[target.id]
        for each in [module, *(each for each in package_modules() if each is not module)]:
            if getattr(each, target.id, None) is original:
                self.setattr(each, target.id, value)


@contextmanager
def injected() -> Iterator[Injection]:
    """Yield an injection whose changes are taken back at the end; nothing that is kept lives across either end."""
    with pytest.MonkeyPatch.context() as patch:
        forget()
        try:
            yield Injection(patch)
        finally:
            patch.undo()
            forget()


def forget() -> None:
    """Drop all that the package keeps between calls: preparations, decisions, and what single functions keep.

    By the house's names a private dictionary in small letters is filled as it goes, or holds some that are;
    constants are in capitals.
    """
    forget_everything()
    for module in package_modules():
        for name, value in vars(module).items():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
            elif isinstance(value, dict) and KEPT.fullmatch(name):
                inner = [each for each in value.values() if isinstance(each, dict)]
                for kept in inner or [value]:
                    kept.clear()


def package_modules() -> list[ModuleType]:
    """Return the package's modules that are loaded."""
    return [module for name, module in list(sys.modules.items()) if name.startswith(f"{PACKAGE}.") and module]


def _executed(module: ModuleType, node: ast.stmt) -> dict[str, Any]:
    if isinstance(node, Definition):
        node.decorator_list = []
    flags = __future__.annotations.compiler_flag
    code = compile(
        ast.Module(body=[node], type_ignores=[]), str(module.__file__), "exec", flags, dont_inherit=True
    )
    names = dict(vars(module))
    exec(code, names)
    return names


def _path_to(tree: ast.Module, line: int) -> list[int]:
    """Return the positions, body by body, of the statement that a line stands in; within classes, of a method."""
    path, body = [], tree.body
    while True:
        index = next(
            (n for n, each in enumerate(body) if _first(each) <= line <= (each.end_lineno or 0)), None
        )
        if index is None:
            raise Stale(f"line {line} stands in no statement")
        path.append(index)
        found = body[index]
        if not isinstance(found, ast.ClassDef):
            return path
        body = found.body


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])


def _node_at(tree: ast.Module, path: list[int]) -> ast.stmt:
    return _nodes_along(tree, path)[-1]


def _nodes_along(tree: ast.Module, path: list[int]) -> list[ast.stmt]:
    nodes: list[ast.stmt] = []
    body = tree.body
    for index in path:
        nodes.append(body[index])
        body = getattr(body[index], "body", [])
    return nodes


def _qualified_name(tree: ast.Module, path: list[int]) -> str:
    return ".".join(str(getattr(node, "name", "")) for node in _nodes_along(tree, path))


def _place(target: Any, name: str) -> str:
    """Return where the code stands, whoever imported it."""
    original = inspect.unwrap(getattr(target, name))
    module = getattr(original, "__module__", None) or ""
    if module.startswith(f"{PACKAGE}.") and hasattr(original, "__qualname__"):
        return f"{module}.{original.__qualname__}".removeprefix(f"{PACKAGE}.")
    return f"{_title(target)}.{name}"


def _title(target: Any) -> str:
    module = getattr(target, "__module__", "")
    name = f"{module}.{target.__qualname__}" if module else target.__name__
    return str(name).removeprefix(f"{PACKAGE}.")
