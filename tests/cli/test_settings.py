from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("LUCKY_")]:
        monkeypatch.delenv(name)


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    settings = load_settings()
    assert (settings.policies, settings.token, settings.prompts) == (None, None, None)
    assert (settings.host, settings.port) == ("127.0.0.1", 8765)
    assert (settings.allowed_hosts, settings.allowed_origins) == ((), ())
    assert settings.tokens_path == Path("/var/state/lucky-mcp/tokens.json")
    assert settings.audit_directory == Path("/var/state/lucky-mcp/audit")


def test_state_falls_back_to_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home")
    assert load_settings().state == Path("/home/.local/state/lucky-mcp")


def test_the_environment_is_read_and_arguments_win(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "LUCKY_POLICIES": "policies",
        "LUCKY_STATE": "state",
        "LUCKY_TOKEN": "lk_secret",
        "LUCKY_HOST": "::1",
        "LUCKY_PORT": "9000",
        "LUCKY_ALLOWED_HOSTS": "a.example, b.example,",
        "LUCKY_ALLOWED_ORIGINS": "https://a.example",
        "LUCKY_PROMPTS": "texts",
        "LUCKY_TEST_MYSQL_URL": "ignored",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(port=9001, host=None)
    assert (settings.policies, settings.state, settings.prompts) == (
        Path("policies"),
        Path("state"),
        Path("texts"),
    )
    assert (settings.host, settings.port) == ("::1", 9001)
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.allowed_origins == ("https://a.example",)
    assert settings.token is not None and settings.token.get_secret_value() == "lk_secret"
    assert "lk_secret" not in repr(settings)


@pytest.mark.parametrize("name", ["LUCKY_PORTS", "LUCKY_", "LUCKY_policies", "lucky_port", "LUCKY_DEMO"])
def test_an_unknown_name_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "hidden value")
    with pytest.raises(
        ConfigurationError, match=f"{name} is not a setting; settings are LUCKY_ALLOWED_HOSTS"
    ):
        load_settings()


@pytest.mark.parametrize(("name", "value"), [("LUCKY_PORT", "eighty-eighty"), ("LUCKY_PORT", "65536")])
def test_a_wrong_value_is_named_but_not_quoted(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name}: input should be")
    assert value not in str(caught.value)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUCKY_TOKEN", "")
    assert load_settings().token is None


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load_settings().port = 1  # type: ignore[misc]


def test_each_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
