"""A server that stops, dies or comes back: a client like Dify's gets its answer or an error, and never waits on."""

from __future__ import annotations

import signal

import pytest

from tests.clients.dify import DifyLike, LostConnection
from tests.clients.fault_server import WAIT
from tests.clients.processes import Served, fault_server, free_port, running

TRANSPORTS = ["sse", "mcp"]
QUESTION = {"source": "s", "sql": "SELECT 1"}
SLOW = {"source": "s", "sql": WAIT}


def client(served: Served, transport: str) -> DifyLike:
    return DifyLike(served.url.replace("/mcp", f"/{transport}"), endpoint_seconds=20)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_told_to_stop_it_answers_what_is_open_and_takes_no_more(transport: str) -> None:
    with running(fault_server(drain_s=60), {}) as served, client(served, transport) as calling:
        call = calling.begin("run_query", **SLOW)
        served.line("began")
        served.process.send_signal(signal.SIGTERM)
        with client_until_refused(served, transport):
            served.answer()
        assert calling.wait(call)["content"][0]["text"].startswith("OK 1 row · ")
        assert served.process.wait(timeout=30) == 0
        with pytest.raises(LostConnection):
            calling.call("run_query", **QUESTION)
        assert "Traceback" not in served.rest() and "ERROR" not in served.rest()


class client_until_refused:
    """Ask anew until the server refuses: it takes a moment to hear the signal."""

    def __init__(self, served: Served, transport: str) -> None:
        self._served, self._transport = served, transport

    def __enter__(self) -> None:
        with pytest.raises(LostConnection, match="503"):
            while True:
                with client(self._served, self._transport) as asking:
                    asking.call("run_query", **QUESTION)

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_is_open_after_the_grace_ends_with_an_error(transport: str) -> None:
    with running(fault_server(drain_s=0), {}) as served, client(served, transport) as calling:
        call = calling.begin("run_query", **SLOW)
        served.line("began")
        served.process.send_signal(signal.SIGTERM)
        with pytest.raises(LostConnection, match="-32050: the server is stopping"):
            calling.wait(call)
        assert served.process.wait(timeout=30) == 0
        assert "Traceback" not in served.rest()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_killed_with_a_call_open(transport: str) -> None:
    with running(fault_server(drain_s=60), {}) as served, client(served, transport) as calling:
        call = calling.begin("run_query", **SLOW)
        served.line("began")
        served.process.kill()
        with pytest.raises(LostConnection):
            calling.wait(call)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_connection_that_is_kept_over_a_restart(transport: str, how: signal.Signals) -> None:
    """The next call on it ends, with an answer of the new process or an error; a new connection works."""
    port = free_port()
    with running(fault_server(drain_s=60, port=port), {}) as served, client(served, transport) as kept:
        assert kept.call("run_query", **QUESTION).startswith("OK ")
        served.process.send_signal(how)
        served.process.wait(timeout=30)
        with running(fault_server(drain_s=60, port=port), {}) as again:
            if transport == "sse":
                with pytest.raises(LostConnection):
                    kept.call("run_query", **QUESTION)
            else:
                assert kept.call("run_query", **QUESTION).startswith("OK ")
            with client(again, transport) as anew:
                assert anew.call("run_query", **QUESTION).startswith("OK ")
