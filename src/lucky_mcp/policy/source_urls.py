"""Source URLs: `${NAME}` and `${NAME:-default}` from the environment, paths relative to the directory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.model.s3_place import SCHEME, s3_place
from lucky_mcp.secrets.references import HOW, is_reference

PATH_SCHEMES = ("duckdb:///", "lake:///", "fakeredis:///")
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")
INLINE_CREDENTIALS = re.compile(r"^[a-z]+://[^/@${}]*:[^/@${}]+@")


def expand_url(url: str, directory: Path, environment: Mapping[str, str], place: str) -> str:
    """Return the URL that an adapter opens; ConfigurationError for an unset name or a plain password."""
    if INLINE_CREDENTIALS.match(url):
        raise ConfigurationError(f"{place}: a password stands in the URL; write ${{NAME}} instead")

    expanded = expand(url, environment, place)
    if expanded.startswith(SCHEME):
        _check_s3(expanded, place)
        return expanded
    for scheme in PATH_SCHEMES:
        if expanded.startswith(scheme):
            path = Path(expanded.removeprefix(scheme))
            return scheme + str(path if path.is_absolute() else (directory / path).resolve())
    return expanded


def _check_s3(url: str, where: str) -> None:
    try:
        place = s3_place(url)
    except ValueError as failure:
        raise ConfigurationError(f"{where}: {failure}") from None
    if not all(map(is_reference, filter(None, (place.access_key, place.secret_key)))):
        raise ConfigurationError(f"{where}: a key stands in the URL; write {HOW}")


def expand(text: str, environment: Mapping[str, str], place: str) -> str:
    """Return the text with every `${NAME}` filled in; ConfigurationError for an unset name."""

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = environment.get(name, default)
        if found is None:
            raise ConfigurationError(f"{place}: the environment variable {name} is not set")
        return str(found)

    return VARIABLE.sub(value, text)
