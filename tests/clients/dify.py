"""A client that behaves as Dify's does, where that differs from what one would expect of a client.

It chooses the transport by the last part of the path; opens a stream and must be told the endpoint within a
second; posts without a time limit in a thread that dies of the first refusal, unnoticed; reads the stream in
another, which an orderly end of the stream or a connection reset ends without a word, and any other failure with
an error; waits for an answer without a limit; takes an error of code 401 for a wrong password and any other for a
lost connection; shows a tool's text whether it is an error or not; reads one page of tools; sends no null and no
blank text. `seconds` is no property of that client: it is when we say that it hangs.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx2

Message = dict[str, Any]

VERSION = "2025-06-18"
ACCEPTED_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18")
ENDPOINT_SECONDS = 1.0
SHOWN_TYPES = ("string", "integer", "number", "boolean", "array", "object")


class Hang(AssertionError):
    """No answer and no error: the client would have waited for ever."""


class WrongPassword(Exception):
    """What is shown to a user as a credential that must be entered anew."""


class LostConnection(Exception):
    """What is shown to a user as a server that cannot be reached; a pooled client connects again."""


class Ended(Exception):
    """A reader that came to an orderly end; nobody who waits is told."""


Incoming = Message | Exception


@dataclass
class DifyLike:
    """One connection; use it as a context manager."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 30.0
    endpoint_seconds: float = ENDPOINT_SECONDS

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        # Read and write wait as long as it takes, as a call may take; what is bounded is waiting for an answer.
        timeout = httpx2.Timeout(self.seconds, read=300)
        client = httpx2.Client(trust_env=False, timeout=timeout, headers=dict(self.headers))
        self._client = self._stack.enter_context(client)
        self._incoming: queue.Queue[Incoming] = queue.Queue()
        self._outgoing: queue.Queue[Message | None] = queue.Queue()
        self._next_id = 0
        self._line: socket.socket | None = None
        try:
            self._connect()
            self._initialize()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._outgoing.put(None)
        self._hang_up()
        self._stack.close()

    def _hang_up(self) -> None:
        """Tell the server at once: the reader waits in the socket, and closing alone would not be seen there."""
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    @property
    def is_sse(self) -> bool:
        """What the last part of the path says."""
        return urlsplit(self.url).path.rstrip("/").rpartition("/")[2] != "mcp"

    def tools(self) -> list[Message]:
        """The first page of tools: there is no second for this client."""
        found: list[Message] = self._request("tools/list")["tools"]
        return found

    def call(self, tool: str, **arguments: object) -> str:
        """Call a tool and return its texts, errors and results alike."""
        given = {name: value for name, value in arguments.items() if value is not None and value != ""}
        result = self._request("tools/call", {"name": tool, "arguments": given})
        return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")

    def begin(self, tool: str, **arguments: object) -> int:
        """Call a tool without waiting; the id to wait for."""
        return self._send("tools/call", {"name": tool, "arguments": arguments})

    def wait(self, request_id: int) -> Message:
        """Wait for an answer; Hang, WrongPassword or LostConnection when there is none."""
        deadline = time.monotonic() + self.seconds
        while True:
            try:
                message = self._incoming.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Hang(f"no answer and no error within {self.seconds} s") from None
            if isinstance(message, Ended):
                continue
            if isinstance(message, httpx2.HTTPStatusError):
                raise self._failure(message.response.status_code, str(message.response.status_code))
            if isinstance(message, Exception):
                raise LostConnection(repr(message)) from message
            if message.get("id") != request_id or "method" in message:
                continue
            if "error" in message:
                raise self._failure(message["error"]["code"], message["error"]["message"])
            return dict(message["result"])

    def _failure(self, code: int, text: str) -> Exception:
        return WrongPassword(text) if code == 401 else LostConnection(f"{code}: {text}")

    def _request(self, method: str, params: Message | None = None) -> Message:
        return self.wait(self._send(method, params))

    def _send(self, method: str, params: Message | None = None) -> int:
        request_id, self._next_id = self._next_id, self._next_id + 1
        message: Message = {"method": method, "jsonrpc": "2.0", "id": request_id}
        self._outgoing.put(message if params is None else {"params": params, **message})
        return request_id

    def _initialize(self) -> None:
        answer = self._request(
            "initialize",
            {
                "protocolVersion": VERSION,
                "capabilities": {"sampling": {}, "roots": {"listChanged": True}},
                "clientInfo": {"name": "Dify", "version": "1.14.2"},
            },
        )
        if answer["protocolVersion"] not in ACCEPTED_VERSIONS:
            raise LostConnection(f"version {answer['protocolVersion']} is not known")
        self._outgoing.put({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _connect(self) -> None:
        if not self.is_sse:
            self._start(self._post_each)
            return
        try:
            stream = self._client.stream("GET", self.url, headers={"Accept": "text/event-stream"})
            response = self._stack.enter_context(stream)
            response.raise_for_status()
            self._line = response.extensions["network_stream"].get_extra_info("socket")
        except httpx2.HTTPStatusError as error:
            raise self._failure(error.response.status_code, "connect") from error
        endpoints: queue.Queue[str] = queue.Queue()
        self._start(self._read_stream, response, endpoints)
        try:
            self._endpoint = urljoin(self.url, endpoints.get(timeout=self.endpoint_seconds))
        except queue.Empty:
            raise LostConnection("no endpoint was told in time") from None
        if urlsplit(self._endpoint)[:2] != urlsplit(self.url)[:2]:
            raise LostConnection("the endpoint is elsewhere")
        self._start(self._post_to_endpoint)

    def _start(self, work: Any, *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _read_stream(self, response: httpx2.Response, endpoints: queue.Queue[str]) -> None:
        try:
            for event, data in events(response):
                if event == "endpoint":
                    endpoints.put(data)
                else:
                    self._incoming.put(json.loads(data))
        except httpx2.ReadError:
            pass
        except Exception as error:
            self._incoming.put(error)
        self._incoming.put(Ended())

    def _post_to_endpoint(self) -> None:
        with suppress(Exception):  # nobody hears of it
            while (message := self._outgoing.get()) is not None:
                self._client.post(self._endpoint, json=message).raise_for_status()

    def _post_each(self) -> None:
        while (message := self._outgoing.get()) is not None:
            try:
                self._post(message)
            except Exception as error:
                self._incoming.put(error)

    def _post(self, message: Message) -> None:
        accept = {"Accept": "application/json, text/event-stream"}
        with self._client.stream("POST", self.url, json=message, headers=accept) as response:
            if response.status_code == 202:
                return
            response.raise_for_status()
            if response.headers["content-type"].startswith("application/json"):
                self._incoming.put(json.loads(response.read()))
                return
            for _, data in events(response):
                answer = json.loads(data)
                self._incoming.put(answer)
                if "method" not in answer:
                    return


def events(response: httpx2.Response) -> Iterator[tuple[str, str]]:
    """Name and data of each event of a stream; comments are nothing."""
    event, data = "message", ""
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if not line and data:
            yield event, data
            event, data = "message", ""
        elif name == "event":
            event = value
        elif name == "data":
            data += value


def shown_parameters(tool: Message) -> dict[str, tuple[str, str]]:
    """What a model gets to know of each argument: a type and a description, and nothing else of the schema."""
    return {
        name: (
            schema["type"] if schema.get("type") in SHOWN_TYPES else "string",
            schema.get("description", ""),
        )
        for name, schema in tool["inputSchema"].get("properties", {}).items()
    }
