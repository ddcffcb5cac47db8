"""What is committed reads the same everywhere: no path of somebody's machine, no unfinished merge."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

NOT_COMMITTED = {"__pycache__", "build", "dist", "htmlcov"}
HIDDEN_BUT_COMMITTED = {".ci", ".github", ".importlinter", ".gitignore", ".dockerignore", ".mcp.json"}
TEXT_BYTES_MAX = 2_000_000

MACHINE_PATH = re.compile(r"(?<![\w.$}])/(work|root|Users|home/\w+|tmp/\w{1,2})/")
MERGE_MARK = re.compile(r"^(<{7}|>{7}) ", flags=re.MULTILINE)


def committed_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_COMMITTED or (path.name[0] == "." and path.name not in HIDDEN_BUT_COMMITTED):
            continue
        if path.is_dir():
            yield from committed_files(path)
        elif path.is_file() and path.suffix != ".pyc":
            yield path


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in committed_files(folder):
        data = path.read_bytes()
        if b"\0" not in data[:1024] and len(data) <= TEXT_BYTES_MAX:
            yield path.relative_to(folder), data.decode("utf-8")


def offences(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    return [f"{path}: {found[0]}" for path, text in texts(folder) if (found := pattern.search(text))]


def test_no_machine_path(project_root: Path) -> None:
    assert offences(project_root, MACHINE_PATH) == []


def test_no_merge_mark(project_root: Path) -> None:
    assert offences(project_root, MERGE_MARK) == []


def test_the_scan_reaches_the_sources(project_root: Path) -> None:
    seen = {path.as_posix() for path, _ in texts(project_root)}
    assert {"pyproject.toml", ".ci/run", "src/lucky_mcp/errors.py", "requirements/dev.txt"} <= seen


@pytest.mark.parametrize(
    ("before", "parts"),
    [
        ("cd ", ["work", "main"]),
        ("see '", ["root", "x"]),
        ("", ["Users", "ann", "x"]),
        ("=", ["home", "ann", "x"]),
        ("(", ["tmp", "v", "x"]),
    ],
)
def test_a_machine_path_is_seen(before: str, parts: list[str], tmp_path: Path) -> None:
    """Put together here, so that no such path stands in this file either."""
    (tmp_path / "notes.md").write_text(f"{before}/{'/'.join(parts)}", encoding="utf-8")
    assert offences(tmp_path, MACHINE_PATH)


@pytest.mark.parametrize(
    "text", ["docs/work/plan.md", "/var/lib/lucky", "$TMPDIR/work/x", "https://a.example/root/x"]
)
def test_other_paths_are_let_be(text: str, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(text, encoding="utf-8")
    assert offences(tmp_path, MACHINE_PATH) == []
