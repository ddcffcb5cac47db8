"""What a start says of how it is set up: a line for each thing, and nothing where there is nothing to say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lucky_mcp.app.notices import notices
from lucky_mcp.settings import Settings

DELEGATING = "apps:\n  app:a: {owner: o, why: w}\n  app:b: {owner: o, why: w, delegates_for: [app:a]}\n"
KEY = {"audit_key": "env:AUDIT"}

SAID: dict[str, tuple[dict[str, Any], bool, list[str]]] = {
    "nothing": (KEY, True, []),
    "stdio": ({}, False, ["LUCKY_AUDIT_KEY"]),
    "no audit key": ({}, True, ["LUCKY_AUDIT_KEY"]),
    "an address": ({**KEY, "host": "0.0.0.0"}, True, ["LUCKY_PUBLIC_URL"]),
    "an address, on stdio": ({**KEY, "host": "0.0.0.0"}, False, []),
    "a name": ({**KEY, "host": "0.0.0.0", "allowed_hosts": ("lucky.test",)}, True, []),
    "a public name": ({**KEY, "host": "0.0.0.0", "public_url": "https://lucky.test"}, True, []),
    "workers": ({**KEY, "workers": 2}, True, ["LUCKY_SSE", "LUCKY_LIMITS_URL"]),
    "workers without streams": ({**KEY, "workers": 2, "sse": False, "limits_url": "redis://127.0.0.1/0"}, True, []),
    "replicas": ({**KEY, "limits_processes": 2}, True, ["LUCKY_LIMITS_URL"]),
    "workers with a redis": ({**KEY, "workers": 2, "limits_url": "redis://127.0.0.1/0"}, True, ["LUCKY_SSE"]),
    "everything": ({"host": "10.0.0.1", "workers": 2}, True, ["LUCKY_AUDIT_KEY", "LUCKY_PUBLIC_URL", "LUCKY_SSE", "LUCKY_LIMITS_URL"]),
}  # fmt: skip


@pytest.mark.parametrize("what", list(SAID))
def test_what_is_said(what: str, tmp_path: Path) -> None:
    given, http, expected = SAID[what]
    (tmp_path / "identity.yaml").write_text(DELEGATING, encoding="utf-8")
    settings = Settings(policies=tmp_path, state=tmp_path, **given)
    said = list(notices(settings, {}, demo=False, http=http))
    assert len(said) == len(expected)
    assert all(
        name in line and line.startswith("warning: ") for name, line in zip(expected, said, strict=True)
    )


def test_without_apps_that_delegate_processes_need_no_redis(tmp_path: Path) -> None:
    settings = Settings(policies=tmp_path, state=tmp_path, workers=4, sse=False, **KEY)
    assert list(notices(settings, {}, demo=False, http=True)) == []


def test_the_demo_speaks_of_the_key_for_tokens_alone(tmp_path: Path) -> None:
    settings = Settings(policies=tmp_path, state=tmp_path)
    (line,) = notices(settings, {}, demo=True, http=True)
    assert line == "LUCKY_TOKEN_KEY is not set: where a mask is token, [redacted] is shown"
    assert not list(notices(settings, {"LUCKY_TOKEN_KEY": "env:KEY"}, demo=True, http=True))
