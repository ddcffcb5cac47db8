"""The package imports without its extras, and without loading any engine.

Drivers are imported when a source of their kind is first used: together they cost seconds and memory that a
server of one kind of source never needs.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

IMPORT_NAMES = {
    "boto3": "boto3",
    "fakeredis": "fakeredis",
    "fsspec": "fsspec",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry.exporter",
    "opentelemetry-sdk": "opentelemetry.sdk",
    "psycopg[binary]": "psycopg",
    "pymysql": "pymysql",
    "redis": "redis",
    "redshift-connector": "redshift_connector",
}
ENGINES = {"duckdb", "pyarrow"}

# A None in sys.modules makes the import statement fail as if the package were not installed.
IMPORT_WITHOUT = """
import sys
absent, modules = (names.split(",") for names in sys.argv[1:3])
sys.modules.update(dict.fromkeys(absent))
for module in modules:
    __import__(module)
print(",".join(sorted(sys.modules)))
"""


def import_without(absent: set[str], modules: list[str]) -> set[str]:
    """Import `modules` in a fresh interpreter that lacks `absent`; the names of all that got loaded."""
    report = subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT, ",".join(sorted(absent)), ",".join(modules)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.returncode == 0, report.stderr
    return set(report.stdout.strip().split(","))


def dotted(path: Path, source_root: Path) -> str:
    parts = path.relative_to(source_root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="module")
def modules(source_root: Path) -> list[str]:
    """Everything but the adapters of one engine each, the demo, which fills engines, and the export to Parquet."""
    return [
        dotted(path, source_root)
        for path in sorted(source_root.rglob("*.py"))
        if path.relative_to(source_root).parts[0] not in {"adapters", "demo"}
        and path.relative_to(source_root).as_posix() != "audit/parquet.py"
    ]


def test_the_extras_are_the_ones_known_here(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {
        each.partition(">=")[0] for extra in project["optional-dependencies"].values() for each in extra
    }
    assert required == set(IMPORT_NAMES)


def test_every_module_imports_without_extras(modules: list[str]) -> None:
    loaded = import_without(set(IMPORT_NAMES.values()), modules)
    assert set(modules) <= loaded
    assert not ENGINES & loaded


def test_a_missing_package_is_noticed() -> None:
    with pytest.raises(AssertionError, match="ModuleNotFoundError"):
        import_without({"sqlglot"}, ["sqlglot"])
