"""Rules of the house that a syntax tree can check.

Each rule takes a source file and yields one line of text per violation, so that a test can feed it the real
tree and a made-up file that breaks the rule.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60

MAKER_OF_GUARDED_READS = "enforcement/guarded.py"
CALLER_OF_ADAPTERS = "gateway/execute.py"
SEALERS = {"enforcement/enforce.py", "enforcement/keys.py", "enforcement/probes.py"}
GUARDED_READS = {"GuardedSql", "GuardedKeys", "GuardedProbe"}

# Whatever else is called run: event loops and servers. An adapter must not take one of these names.
RUNNERS_ANYWHERE = {"asyncio", "anyio"}
RUNNERS_AT_THE_EDGE = {"uvicorn", "server"}
EDGE = ("cli.py", "cli/", "server/")

CODE_FROM_DATA = {"eval", "exec", "compile", "__import__", "__builtins__"}
MODULES_THAT_LOAD_CODE = {"builtins", "code", "codeop", "ctypes", "imp", "importlib", "pkgutil", "runpy"}
BEHIND_A_FROZEN_CLASS = {"__new__", "__setattr__", "__dict__"}

SHAPELESS_NAMES = {"util", "utils", "helper", "helpers", "common", "misc"}
STANDARD_LIBRARY_ONLY = ("model/", "errors.py")


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file of the package: its path below src/lucky_mcp, in posix form, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


Rule = Callable[[SourceFile], Iterator[str]]


def read_sources(root: Path) -> list[SourceFile]:
    """Every Python file below `root`."""
    return [
        SourceFile(path=path.relative_to(root).as_posix(), text=path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    ]


def code_is_never_made_at_run_time(source: SourceFile) -> Iterator[str]:
    """No way around the import contracts, which see import statements only."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Name(id=name) if name in CODE_FROM_DATA:
                yield at(source, node, f"uses {name}")
            case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
                yield at(source, node, "reaches into sys.modules")
        for module in imported_modules(node):
            if module.partition(".")[0] in MODULES_THAT_LOAD_CODE:
                yield at(source, node, f"imports {module}")


def guarded_reads_have_one_maker(source: SourceFile) -> Iterator[str]:
    """A GuardedRead is built where it is sealed, and nobody reaches behind a frozen class."""
    if source.path == MAKER_OF_GUARDED_READS:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=func) if last_name(func) in GUARDED_READS:
                yield at(source, node, f"builds {last_name(func)}")
            case ast.alias(name=name, asname=str()) if name in GUARDED_READS:
                yield at(source, node, f"renames {name}")
            case ast.Assign(value=value) if last_name(value) in GUARDED_READS:
                yield at(source, node, f"renames {last_name(value)}")
            case ast.ClassDef(bases=bases) if any(last_name(base) in GUARDED_READS for base in bases):
                yield at(source, node, f"derives {node.name} from a guarded read")
            case ast.Attribute(attr=attribute) if attribute in BEHIND_A_FROZEN_CLASS:
                yield at(source, node, f"uses {attribute}")
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("lucky_mcp"):
                for private in (alias.name for alias in names if alias.name.startswith("_")):
                    yield at(source, node, f"imports {private}, which is private to {module}")


def only_enforcement_seals(source: SourceFile) -> Iterator[str]:
    """The maker's seal_ functions take a text on trust, so only those who have verified it may name them."""
    if source.path == MAKER_OF_GUARDED_READS or source.path in SEALERS:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.alias(name=name) | ast.Attribute(attr=name) if name.startswith("seal_"):
                yield at(source, node, f"reaches for {name}")
            case ast.alias(name="*"):
                yield at(source, node, "imports whatever there is")


def adapters_have_one_caller(source: SourceFile) -> Iterator[str]:
    """Every mention of a method called run is suspect, whatever the object is called."""
    if source.path == CALLER_OF_ADAPTERS:
        return
    allowed = RUNNERS_ANYWHERE | (RUNNERS_AT_THE_EDGE if source.path.startswith(EDGE) else set())
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=receiver, attr="run") if last_name(receiver) not in allowed:
                yield at(source, node, f"uses {ast.unparse(node)}")
            case ast.Attribute(attr="probe") if not source.path.startswith("adapters/"):
                yield at(source, node, f"uses {ast.unparse(node)}")
            case ast.Call(func=func, args=arguments) if last_name(func) in {"getattr", "methodcaller"}:
                named = {argument.value for argument in arguments if isinstance(argument, ast.Constant)}
                for method in sorted(named & {"run", "probe"}, key=str):
                    yield at(source, node, f"looks up {method} by its name")


def adapters_take_guarded_reads(source: SourceFile) -> Iterator[str]:
    """The type checker compares callers with this signature, so the signature itself is checked here."""
    if not source.path.startswith("adapters/"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in {"run", "probe"}:
            arguments = [argument for argument in node.args.args if argument.arg != "self"]
            if not arguments or not is_guarded(arguments[0].annotation):
                yield at(source, node, f"{node.name} takes something else than a guarded read")


def values_need_the_standard_library_only(source: SourceFile) -> Iterator[str]:
    """model and errors can be read, and imported, without knowing a single third-party package."""
    if not source.path.startswith(STANDARD_LIBRARY_ONLY):
        return
    for node in ast.walk(source.tree):
        for module in imported_modules(node):
            if module.partition(".")[0] not in sys.stdlib_module_names | {"lucky_mcp"}:
                yield at(source, node, f"imports {module}")


def files_and_functions_fit_a_page(source: SourceFile) -> Iterator[str]:
    """Long files and long functions are split by topic while that is still easy."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES_MAX:
        yield f"{source.path}: has {lines} lines, the limit is {FILE_LINES_MAX}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield at(source, node, f"{node.name} has {lines} lines, the limit is {FUNCTION_LINES_MAX}")


def names_say_what_is_inside(source: SourceFile) -> Iterator[str]:
    """A file or folder is named after its topic."""
    for part in Path(source.path).with_suffix("").parts:
        if part.strip("_") in SHAPELESS_NAMES:
            yield f"{source.path}: {part} does not say what is inside"


def package_files_hold_names_only(source: SourceFile) -> Iterator[str]:
    """An __init__ is empty, or holds a docstring, imports of public names, and __all__."""
    if Path(source.path).name != "__init__.py":
        return
    for statement in source.tree.body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) | ast.ImportFrom():
                pass
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                pass
            case _:
                yield at(source, statement, "holds more than names")


def nothing_is_left_for_later(source: SourceFile) -> Iterator[str]:
    """What is not done is an issue, not a comment."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield f"{source.path}:{number}: {line.strip()}"


RULES: tuple[Rule, ...] = (
    code_is_never_made_at_run_time,
    guarded_reads_have_one_maker,
    only_enforcement_seals,
    adapters_have_one_caller,
    adapters_take_guarded_reads,
    values_need_the_standard_library_only,
    files_and_functions_fit_a_page,
    names_say_what_is_inside,
    package_files_hold_names_only,
    nothing_is_left_for_later,
)


def at(source: SourceFile, node: ast.AST, message: str) -> str:
    return f"{source.path}:{getattr(node, 'lineno', 0)}: {message}"


def is_guarded(annotation: ast.expr | None) -> bool:
    """True for `GuardedSql`, `GuardedRead`, and unions of nothing but such types."""
    match annotation:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return is_guarded(left) and is_guarded(right)
        case ast.Constant(value=str(text)):
            return is_guarded(ast.parse(text, mode="eval").body)
        case ast.expr():
            return last_name(annotation) in GUARDED_READS | {"GuardedRead"}
    return False


def last_name(node: ast.AST) -> str:
    """`c` for `c`, `a.b.c` and `c[0]`; an empty text for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return last_name(value)
    return ""


def imported_modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
    return []
