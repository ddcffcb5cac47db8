"""A policy directory with one fault does not load, and the message leads to the file and the line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.loader import load_policies
from tests.policy.conftest import Change
from tests.support.cases import FaultCase, fault_cases

FAULTS = fault_cases()


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.title) for fault in FAULTS])
def test_a_fault_is_refused_at_its_place(
    directory: Path, change: Change, loaded: Callable[[], object], fault: FaultCase
) -> None:
    text = (directory / fault.file).read_text(encoding="utf-8")
    position = text.index(fault.old) + (len(fault.old) - len(fault.old.lstrip()))
    change(fault.file, fault.old, fault.new)
    with pytest.raises(ConfigurationError) as refused:
        loaded()
    message = str(refused.value)
    assert fault.said in message
    assert re.search(rf"{re.escape(fault.file)}:\d+", message), f"no line: {message}"
    if not fault.near:
        first = text.count("\n", 0, position) + 1
        lines = range(first, first + fault.new.count("\n") + 1)
        assert any(f"{fault.file}:{line}" in message for line in lines), f"expected line {first}: {message}"


def test_a_message_never_holds_the_password(change: Change, loaded: Callable[[], object]) -> None:
    change(
        "sources.yaml",
        "duckdb:///${DEMO_DATA:-../.demo}/aws-luckyus-opshop-rw.duckdb",
        "mysql://a:s3cr3t@h/x",
    )
    with pytest.raises(ConfigurationError) as refused:
        loaded()
    assert "s3cr3t" not in str(refused.value)


def test_a_table_that_no_contract_reaches_is_refused(change: Change, loaded: Callable[[], object]) -> None:
    change(
        "contracts.yaml", "      luckyus_sales_crm.t_user_profile: {user_no: luckyus_sales_crm.t_user}\n", ""
    )
    with pytest.raises(
        ConfigurationError, match=r"customers\.yaml:\d+: contract us-market does not reach .*t_user_profile"
    ):
        loaded()


def test_keys_of_two_families_do_not_lead_on(change: Change, loaded: Callable[[], object]) -> None:
    file = "catalog/aws-luckyus-salesorder-rw.json"
    key = '"order_id",\n     "type": "{}",\n     "nullable": true'
    change(file, key.format("BIGINT"), key.format("VARCHAR"))
    with pytest.raises(ConfigurationError, match=r"orders\.yaml:\d+: requires: order_id is VARCHAR here"):
        loaded()


def test_a_table_listed_twice_is_refused(directory: Path, loaded: Callable[[], object]) -> None:
    second = directory / "datasets" / "map" / "more.yaml"
    second.write_bytes((directory / "datasets/map/locations.yaml").read_bytes())
    with pytest.raises(ConfigurationError, match=r"more\.yaml:\d+: public\.store_location is listed by two"):
        loaded()


@pytest.mark.parametrize("name", ["sources", "roles", "tags", "contracts", "references", "bounds"])
def test_a_missing_file_is_refused(directory: Path, loaded: Callable[[], object], name: str) -> None:
    (directory / f"{name}.yaml").unlink()
    with pytest.raises(ConfigurationError, match=f"{name}.yaml: cannot be read"):
        loaded()


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no policy directory"):
        load_policies(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        ("roles: [\u00e9]".encode("latin-1"), "UTF-8"),
        (b"", "no mapping"),
        (b"- a list", "no mapping"),
        (b"just text", "no mapping"),
        (b"roles: !!set {a, b}", "roles.yaml"),
        (b"a: &a [*a]", "roles.yaml"),
        (b"[" * 5_000, "roles.yaml"),
        (b"{a: " * 10_000, "roles.yaml"),
        (b"x" * 5_000_000, "larger than"),
    ],
    ids=[
        "UTF-16",
        "Latin-1",
        "empty",
        "list",
        "text",
        "set",
        "anchor in itself",
        "deep list",
        "deep map",
        "huge",
    ],
)
def test_a_file_that_is_no_mapping_is_refused(
    directory: Path, loaded: Callable[[], object], content: bytes, said: str
) -> None:
    (directory / "roles.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        loaded()


@pytest.mark.timeout(10)
def test_anchors_that_multiply_do_not_multiply_the_work(
    directory: Path, loaded: Callable[[], object]
) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    (directory / "tags.yaml").write_text(
        "\n".join([*lines, "sensitive: [pii]", "classifiers: []"]), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match=r"tags\.yaml"):
        loaded()


def test_a_snapshot_of_another_source_is_refused(directory: Path, loaded: Callable[[], object]) -> None:
    folder = directory / "catalog"
    (folder / "aws-luckyus-opshop-rw.json").write_bytes(
        (folder / "aws-luckyus-pgilkmap-rw.json").read_bytes()
    )
    with pytest.raises(ConfigurationError, match="not a catalog snapshot"):
        loaded()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"source": 1}', '{"source": "x", "tables": 3}', "null"])
def test_a_damaged_snapshot_is_refused(directory: Path, loaded: Callable[[], object], content: str) -> None:
    (directory / "catalog" / "aws-luckyus-opshop-rw.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not a catalog snapshot"):
        loaded()


def test_a_source_without_a_snapshot_has_no_tables(directory: Path, loaded: Callable[[], object]) -> None:
    (directory / "catalog" / "aws-luckyus-pgilkmap-rw.json").unlink()
    with pytest.raises(ConfigurationError, match="not in the reviewed catalog"):
        loaded()
