"""Wrong arguments in words: which argument, and what is allowed; never the value that was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from lucky_mcp.errors import ArgumentInvalid

Schema = Mapping[str, Any]
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def argument_error(tool: str, schema: Schema, error: ValidationError) -> ArgumentInvalid:
    """Rephrase what the validator said about a call of `tool`, whose input schema is `schema`.

    The validator's own text quotes the rejected values, which may be anything a model picked up from a row.
    """
    properties: Mapping[str, Schema] = schema.get("properties", {})
    problems: dict[str, str] = {}
    nearest: list[str] = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        if name in properties:
            verb = "is missing; it" if item["type"] == "missing_argument" else "was not accepted; it"
            problems[name] = f"argument `{name}` {verb} must be {allowed(properties[name])}"
        else:
            shown = f"`{name}`" if _NAME.fullmatch(name) else "of the name that was given"
            problems[name] = f"there is no argument {shown}; the arguments are {', '.join(properties)}"
            nearest += get_close_matches(name, properties, n=1)
    return ArgumentInvalid(
        f"{tool}: " + "; ".join(problems.values()),
        nearest=tuple(dict.fromkeys(nearest)),
        next_step=f"call {tool} again with this corrected",
    )


def allowed(schema: Schema) -> str:
    """What a JSON Schema of one scalar allows, in words: `a whole number from 1 to 20 (default 8)`."""
    if "enum" in schema:
        words = "one of " + ", ".join(str(choice) for choice in schema["enum"])
    elif schema.get("type") == "integer":
        words = "a whole number" + _range(schema.get("minimum"), schema.get("maximum"))
    elif schema.get("type") == "boolean":
        words = "true or false"
    else:
        words = "text" + _range(schema.get("minLength"), schema.get("maxLength"), unit=" characters")
    return f"{words} (default {schema['default']})" if "default" in schema else words


def _range(low: int | None, high: int | None, *, unit: str = "") -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}{unit}" if not unit else f" of {low} to {high}{unit}"
    if high is not None:
        return f" of at most {high}{unit}"
    if low is not None:
        return f" of at least {low}{unit.removesuffix('s') if low == 1 else unit}"
    return ""
