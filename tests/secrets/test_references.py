"""Secrets by reference: read when needed, and never told."""

from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.secrets.references import BYTES_MAX, is_reference, read_secret


@pytest.mark.parametrize("text", ["env:A", "env:_a9", "file:/a", "file:/a b/ü"])
def test_what_is_a_reference(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize(
    "text", ["", "A", "env:", "env:9", "env:A B", "env:A\n", "file:a", "file:", "vault:/a"]
)
def test_what_is_none(text: str) -> None:
    assert not is_reference(text)
    with pytest.raises(ConfigurationError):
        read_secret(text, {"A": "x"})


def test_it_is_read_anew_each_time(tmp_path: Path) -> None:
    environment, path = {"A": "one"}, tmp_path / "secret"
    path.write_bytes(b" p\xc3\xa4ss \r\n")
    assert (read_secret("env:A", environment), read_secret(f"file:{path}", {})) == ("one", " päss ")
    environment["A"] = "two"
    path.write_bytes(b"two\n")
    assert (read_secret("env:A", environment), read_secret(f"file:{path}", {})) == ("two", "two")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfes3cr3t", b"s3cr3t" * BYTES_MAX])
def test_a_wrong_file_is_refused_without_its_content(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        read_secret(f"file:{path}", {})
    assert "s3cr3t" not in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="NOT_THERE"):
        read_secret("env:NOT_THERE", {"NOT_THERE": ""})
    with pytest.raises(ConfigurationError, match="FileNotFoundError"):
        read_secret(f"file:{tmp_path}/none", {})
