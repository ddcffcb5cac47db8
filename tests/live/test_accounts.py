"""`sources grants` and `sources check` against real servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lucky_mcp.app.catalogs import check_sources
from lucky_mcp.errors import EngineErrorKind
from lucky_mcp.model.source import Kind
from lucky_mcp.policy.grants import PASSWORD, grant_script
from tests.live.conftest import FAILED, Reader
from tests.live.fleet import PASSWORD as SECRET
from tests.live.sealed import Ask
from tests.live.test_tls import by_port

NAME = "o'reader"
pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl.SSLContext:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS:DeprecationWarning"),
]


@pytest.fixture
def script(reader: Reader) -> list[str]:
    """The statements for an account with a difficult name, as the administrator gets them."""
    source = by_port(reader, user=NAME)
    text = grant_script(source, reader.policies.catalogs[source.name])
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    assert text.count(PASSWORD) == 2  # in the first line, which explains it, and where it goes
    return lines


@pytest.fixture(autouse=True)
def trusted(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(reader.server.running.certificate))


async def test_the_script_makes_an_account_that_reads_and_no_more(
    reader: Reader, script: list[str], asked: Ask
) -> None:
    schema = "mysql" if reader.kind is Kind.MYSQL else "public"
    assert reader.ask(schema, script[0]) == FAILED  # as printed it does not run
    try:
        reader.admin(*(line.replace(PASSWORD, "'new one'") for line in script))
        made = asked(by_port(reader, user=NAME), {"LIVE_PASSWORD": "new one"})
        assert int(str(await made.cell("SELECT COUNT(*) FROM luckyus_sales_order.t_order_item"))) > 0
        table = "luckyus_sales_order.t_order_item"
        assert await made.failure(f"DELETE FROM {table}") in {
            EngineErrorKind.INVALID_QUERY,
            EngineErrorKind.FORBIDDEN,
        }
        await made.close()
    finally:
        reader.admin(*dropped(reader))


def dropped(reader: Reader) -> list[str]:
    if reader.kind is Kind.MYSQL:
        return [f"DROP USER '{NAME.replace(chr(39), chr(39) * 2)}'@'%'"]
    return [f'DROP OWNED BY "{NAME}"', f'DROP ROLE "{NAME}"']


async def test_check_says_what_is_wrong(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader.source.server is not None
    well = by_port(reader)
    silent = replace(well, name="silent", server=replace(reader.source.server, password="env:LIVE_NOT_SET"))
    writer = replace(
        reader.as_admin, name="writer", server=replace(reader.as_admin.server, writable_because="")
    )  # type: ignore[type-var]
    monkeypatch.setenv("LIVE_PASSWORD", SECRET)
    faults = await check_sources([well, silent, writer])
    assert set(faults) == {"silent", "writer"}
    assert faults["silent"] == "unavailable: the environment variable LIVE_NOT_SET is not set"
    assert faults["writer"].startswith("unavailable: the account can do more than read: ")
