"""AWS's answer to one question on this machine: temporary credentials of Redshift Serverless."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TARGET = "RedshiftServerless.GetCredentials"
LATER = 4_000_000_000
# Whoever this process is to AWS, and no way out of this machine to ask who that would be.
CALLER = {
    "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
    "AWS_SECRET_ACCESS_KEY": "only-tests-know-this",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@dataclass
class Iam:
    """Where it answers, with which account, and what it was asked."""

    user: str
    password: str
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def iam(user: str, password: str) -> Iterator[Iam]:
    """Answer on a free port for the `with` block."""
    made = Iam(user, password)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known = self.headers.get("X-Amz-Target") == TARGET
            made.asked.append(json.loads(body))
            answer = {"dbUser": made.user, "dbPassword": made.password, "expiration": LATER}
            self.send_response(200 if known else 400)
            self.end_headers()
            self.wfile.write(json.dumps(answer if known else {}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()
