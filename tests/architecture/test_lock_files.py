"""The lock files hold what pyproject.toml asks for, name every file by its hash, and carry no address."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

# The last two stand alone: the tools of `make audit`, and a client for `make clients`.
LOCK_FILES = ["demo.txt", "dev.txt", "server.txt", "audit.txt", "clients.txt"]
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)( ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins(text: str) -> set[tuple[str, str, str]]:
    """(name, version, marker) of every locked package; anything that is not pinned by hash is an error."""
    found = set()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if pin := PIN.match(line):
            assert HASH.match(following), f"{line} has no hash"
            found.add((pin["name"], pin["version"], pin["marker"] or ""))
        else:
            assert HASH.match(line), f"neither a pin nor a hash: {line}"
    return found


def normal_name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


@pytest.fixture(scope="module")
def locked(project_root: Path) -> dict[str, set[tuple[str, str, str]]]:
    folder = project_root / "requirements"
    return {name: pins((folder / name).read_text(encoding="utf-8")) for name in LOCK_FILES}


@pytest.fixture(scope="module")
def pyproject(project_root: Path) -> dict[str, Any]:
    return tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LOCK_FILES)
def test_no_address_and_no_path(project_root: Path, name: str) -> None:
    text = (project_root / "requirements" / name).read_text(encoding="utf-8")
    assert not re.findall(r"://|^-|^ *--(?!hash=)|(?<=[\s\"'=])/", text, flags=re.MULTILINE)


def test_demo_and_server_are_parts_of_dev(locked: dict[str, set[tuple[str, str, str]]]) -> None:
    assert locked["demo.txt"] < locked["server.txt"] < locked["dev.txt"]


def test_what_the_project_needs_is_locked(
    locked: dict[str, set[tuple[str, str, str]]], pyproject: dict[str, Any]
) -> None:
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    core = {normal_name(each) for each in [*project["dependencies"], *groups["build"]]}
    extras = {normal_name(each) for extra in project["optional-dependencies"].values() for each in extra}
    of_the_demo = {normal_name(each) for each in project["optional-dependencies"]["demo"]}
    tools = {normal_name(each) for each in groups["dev"]}
    names = {lock: {name for name, _, _ in locked[lock]} for lock in LOCK_FILES}
    assert core | of_the_demo <= names["demo.txt"]
    assert core | extras | tools <= names["dev.txt"]
    assert core | extras <= names["server.txt"]
    assert not (extras - of_the_demo) & names["demo.txt"]
    assert not {"mypy", "pytest", "ruff"} & names["server.txt"]
    for group in ("audit", "clients"):
        assert {normal_name(each) for each in groups[group]} <= names[f"{group}.txt"]


def test_the_parser_is_pinned_exactly(
    locked: dict[str, set[tuple[str, str, str]]], pyproject: dict[str, Any]
) -> None:
    (requirement,) = [each for each in pyproject["project"]["dependencies"] if normal_name(each) == "sqlglot"]
    version = requirement.partition("==")[2]
    for lock in LOCK_FILES[:3]:
        assert {("sqlglot", version, ""), ("sqlglotc", version, "")} <= locked[lock]


@pytest.mark.parametrize(
    "text",
    [
        "a==1\n",
        "a>=1 \\\n    --hash=sha256:" + "0" * 64,
        "a==1 \\\n    --hash=md5:" + "0" * 32,
        "--index-url somewhere\n",
    ],
)
def test_an_unpinned_line_is_seen(text: str) -> None:
    with pytest.raises(AssertionError):
        pins(text)
