"""A server that stops, dies or comes back: a client like Dify's gets its answer or an error, and never waits on."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.clients.dify import DifyLike, LostConnection
from tests.clients.fault_server import WAIT
from tests.clients.processes import Served, fault_server, free_port, running

TRANSPORTS = ("sse", "mcp")
QUESTION = {"source": "s", "sql": "SELECT 1"}
SLOW = {"source": "s", "sql": WAIT}


def client(served: Served, transport: str) -> DifyLike:
    return DifyLike(served.url.replace("/mcp", f"/{transport}"), endpoint_seconds=20)


@contextmanager
def clients(served: Served) -> Iterator[dict[str, DifyLike]]:
    """One client on each transport."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(client(served, name)) for name in TRANSPORTS}


def begin_all(served: Served, calling: dict[str, DifyLike]) -> dict[str, int]:
    """Begin a call on each that does not end by itself."""
    calls = {}
    for name, each in calling.items():
        calls[name] = each.begin("run_query", **SLOW)
        served.line("began")
    return calls


def refused(served: Served, transport: str) -> bool:
    try:
        with client(served, transport) as asking:
            asking.call("run_query", **QUESTION)
    except LostConnection as error:
        assert re.search("503|the server is stopping", str(error)), error
        return True
    return False


def test_told_to_stop_it_answers_what_is_open_takes_no_more_and_comes_back() -> None:
    port = free_port()
    with running(fault_server(drain_s=60, port=port), {}) as served, clients(served) as kept:
        with clients(served) as calling:
            calls = begin_all(served, calling)
            served.process.send_signal(signal.SIGTERM)
            for transport in TRANSPORTS:
                while not refused(served, transport):
                    pass  # it has not heard the signal yet
                with pytest.raises(LostConnection, match="503|the server is stopping"):
                    kept[transport].call("run_query", **QUESTION)
            served.answer()
            for name, call in calls.items():
                text = calling[name].wait(call)["content"][0]["text"]
                assert text.startswith("OK 1 row · ")
        assert served.process.wait(timeout=30) == 0
        assert "Traceback" not in served.rest() and "ERROR" not in served.rest()
        with running(fault_server(drain_s=60, port=port), {}) as again:
            with pytest.raises(LostConnection):
                kept["sse"].call("run_query", **QUESTION)
            assert kept["mcp"].call("run_query", **QUESTION).startswith("OK ")
            with clients(again) as anew:
                assert all(each.call("run_query", **QUESTION).startswith("OK ") for each in anew.values())


def test_what_is_open_after_the_grace_ends_with_an_error() -> None:
    with running(fault_server(drain_s=0), {}) as served, clients(served) as calling, clients(served) as idle:
        calls = begin_all(served, calling)
        served.process.send_signal(signal.SIGTERM)
        for name, call in calls.items():
            with pytest.raises(LostConnection, match="-32050: the server is stopping"):
                calling[name].wait(call)
        assert served.process.wait(timeout=30) == 0
        for each in idle.values():
            with pytest.raises(LostConnection):
                each.call("run_query", **QUESTION)
        assert "Traceback" not in served.rest()


def test_killed_with_a_call_open_or_between_calls() -> None:
    port = free_port()
    with running(fault_server(drain_s=60, port=port), {}) as served, clients(served) as kept:
        with clients(served) as calling:
            calls = begin_all(served, calling)
            served.process.kill()
            for name, call in calls.items():
                with pytest.raises(LostConnection):
                    calling[name].wait(call)
        with running(fault_server(drain_s=60, port=port), {}):
            with pytest.raises(LostConnection):
                kept["sse"].call("run_query", **QUESTION)
            assert kept["mcp"].call("run_query", **QUESTION).startswith("OK ")
