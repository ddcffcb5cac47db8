"""An issuer of signed tokens on this machine: keys that rotate, an address that serves them, tokens of any kind."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from lucky_mcp.policy.identity_schema import IssuerEntry

AUDIENCE = "https://lucky.test/mcp"


@cache
def key_named(name: str, kind: str = "RSA") -> Key:
    """A key pair that is the same in the whole run: making one takes a while."""
    parameters: Any = {"kid": name}
    return RSAKey.generate_key(2048, parameters) if kind == "RSA" else ECKey.generate_key("P-256", parameters)


class Issuer:
    """`served` are the keys whose public halves stand at `jwks_url`; `answer` replaces what stands there."""

    def __init__(self, port: int, name: str) -> None:
        self.url = f"http://127.0.0.1:{port}/{name}"
        self.jwks_url = f"{self.url}/jwks.json"
        self.served: list[Key] = [key_named("first")]
        self.answer: tuple[int, bytes] | None = None
        self.asked = 0

    def entry(self, **changes: Any) -> IssuerEntry:
        """This issuer as identity.yaml may have it."""
        given = {
            "issuer": self.url,
            "owner": "tests",
            "jwks_url": self.jwks_url,
            "private_network": True,
            "audiences": [AUDIENCE],
            "clock_skew_s": 0,
        }
        return IssuerEntry.model_validate({**given, **changes})

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good token, with `changes`; None takes one out."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "ann", "exp": now + 600, "nbf": now - 5, "iat": now}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, *, key: Key | None = None, alg: str = "RS256", header: Any = None, **changes: Any) -> str:
        """A token signed by the first key, or by `key`."""
        chosen = key or key_named("first")
        head = {"alg": alg, "kid": chosen.get("kid"), **(header or {})}
        plain = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(plain, self.claims(**changes), chosen, algorithms=[alg])

    def unsigned(self, **changes: Any) -> str:
        """A token that says it needs no signature."""
        return f"{_part({'alg': 'none', 'kid': 'first'})}.{_part(self.claims(**changes))}."

    def signed_with_the_public_key(self, **changes: Any) -> str:
        """A token by HS256, whose secret is the public key that everybody can fetch."""
        text = f"{_part({'alg': 'HS256', 'kid': 'first'})}.{_part(self.claims(**changes))}"
        secret = key_named("first").as_pem(private=False)  # type: ignore[union-attr]
        return f"{text}.{_base64url(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"

    def content(self) -> tuple[int, bytes]:
        """What stands at `jwks_url` now."""
        if self.answer is not None:
            return self.answer
        return 200, json.dumps({"keys": [key.as_dict(private=False) for key in self.served]}).encode()


@contextmanager
def issuers(*names: str) -> Iterator[list[Issuer]]:
    """Serve issuers of these names for the `with` block."""
    made: dict[str, Issuer] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/elsewhere":
                self._send(200, {}, made[names[0]].content()[1])
                return
            found = made[self.path.split("/")[1]]
            found.asked += 1
            status, content = found.content()
            self._send(status, {"Location": "/elsewhere"} if status == 302 else {}, content)

        def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Tests read no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.update({name: Issuer(server.server_port, name) for name in names})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield list(made.values())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
