"""HTTP/1.1 read by httptools, for a server that upgrades no connection."""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PlainParser:
    """The parser that uvicorn expects; one that asks for an upgrade is a request like any other.

    Left alone, httptools takes the body of such a request for the next one. Behind a proxy that passes
    `Upgrade` on, a request within a body would be answered; and no body would come of clients that ask for
    HTTP/2 so, as those in Java do.
    """

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self._begin()

    def feed_data(self, data: bytes) -> None:
        """Read on; HttpParserError for what is no HTTP."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as asked:
                data = self._plain_head() + data[asked.args[0] :]
                self._begin()
                if not self._protocol.transport.is_closing():
                    continue
            return

    def get_http_version(self) -> str:
        """Return the version of the request that is read."""
        return self._parser.get_http_version()

    def get_method(self) -> bytes:
        """Return the method of the request that is read."""
        return self._parser.get_method()

    def should_keep_alive(self) -> bool:
        """Whether another request may follow."""
        return self._parser.should_keep_alive()

    def should_upgrade(self) -> bool:
        """Whether this reading of the request is for nothing: it begins anew without the wish."""
        return self._parser.should_upgrade()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self._protocol)
        # As uvicorn sets it: what follows a request that is to be the last does no harm.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _plain_head(self) -> bytes:
        """Return the head that was just read, without its wish."""
        method = self._parser.get_method()
        if method == b"CONNECT":
            raise httptools.HttpParserError("this is no proxy")
        version = self._parser.get_http_version().encode()
        lines = [method + b" " + self._protocol.url + b" HTTP/" + version]
        lines += [name + b": " + value for name, value in self._protocol.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])
