"""`policy init`: a minimal policy directory for a database of one's own; nothing can be read with it yet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.source import SERVERS, Dialect, Kind
from lucky_mcp.policy.json_schemas import write_schemas

STARTER: Final = Path(__file__).parent / "starter"
NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
FOLDERS: Final = ("datasets", "catalog")
DIALECTS: Final = {
    Kind.DUCKDB: Dialect.DUCKDB,
    Kind.LAKE: Dialect.DUCKDB,
    Kind.MYSQL: Dialect.MYSQL,
    Kind.POSTGRES: Dialect.POSTGRES,
    Kind.REDSHIFT: Dialect.REDSHIFT,
}

ALLOWED: Final = "  # lint: allow source-without-catalog: to be crawled, reviewed and accepted first"
KEYS: Final = """# yaml-language-server: $schema=../schema/redis.json
# Which keys are read, by whom and how they are shown; what no rule names is hidden.
category: main
owner: whoever answers for the data
classification: internal
clusters: [{name}]
keys: []
"""


def make_directory(root: Path, *, name: str, kind: Kind) -> tuple[Path, ...]:
    """Write the files of a directory with one source, and return their paths.

    ConfigurationError when `root` holds anything already, or `name` is not of small letters, digits and `-`.
    """
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} cannot be the name of a source: small letters, digits and - only")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ConfigurationError(f"{root} is there already and not empty; nothing was written")
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(STARTER.glob("*.yaml"))}
    if kind is Kind.FAKEREDIS:
        raise ConfigurationError(f"{kind} stands for Redis in the demo alone; take redis")
    texts["sources.yaml"] = _sources(name, kind)
    folders: tuple[str, ...] = FOLDERS
    if kind is Kind.REDIS:
        texts[f"redis/{name}.yaml"], folders = KEYS.format(name=name), (*FOLDERS, "redis")
    written = []
    try:
        for folder in folders:
            (root / folder).mkdir(parents=True)
        for file, text in texts.items():
            (root / file).write_text(text, encoding="utf-8")
            written.append(root / file)
    except OSError as failure:
        raise ConfigurationError(f"{root}: cannot be written ({failure.strerror})") from None
    return (*written, *write_schemas(root))


def _sources(name: str, kind: Kind) -> str:
    variable = name.upper().replace("-", "_")
    if kind in SERVERS:
        place = [
            f"host: ${{{variable}_HOST:-127.0.0.1}}",
            f"user: ${{{variable}_USER:-lucky_reader}}",
            f"password: env:{variable}_PASSWORD",
            "database: '0'" if kind is Kind.REDIS else f"database: {name.replace('-', '_')}",
        ]
    else:
        scheme, end = ("duckdb", ".duckdb") if kind is Kind.DUCKDB else ("lake", "")
        place = [f"url: {scheme}:///${{{variable}_DATA:-data}}/{name}{end}"]
    lines = [
        "# yaml-language-server: $schema=schema/sources.json",
        "# Which databases there are. Credentials never stand here: ${NAME} and env:NAME name variables.",
        "sources:",
        *([ALLOWED] if kind in DIALECTS else []),
        f"  {name}:",
        f"    kind: {kind}",
        *([f"    dialect: {DIALECTS[kind]}"] if kind in DIALECTS else []),
        *(f"    {line}" for line in place),
        "    domain: main",
        "    time_zone: UTC",
        "    owner: whoever answers for the data",
        "    description: what is in it, in one line",
    ]
    return "\n".join(lines) + "\n"
