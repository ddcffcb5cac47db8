"""Amazon's programming interfaces on this machine: moto answers, and every request is written down."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from moto.server import ThreadedMotoServer
from pyarrow import fs

REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP')
NUMBERS = itertools.count(1)
KEYS = {"LAKE_ACCESS_KEY": "AKIATESTTESTTESTTEST", "LAKE_SECRET_KEY": "only-tests-know-this"}


@dataclass
class Aws:
    """Where it answers, and what it was asked: one `METHOD /path` each."""

    url: str
    requests: list[str] = field(default_factory=list)

    def upload(self, folder: Path, bucket: str = "") -> str:
        """Put a folder into a bucket, a new one unless it is named; return its name."""
        name = bucket or f"lake-{next(NUMBERS)}"
        s3 = self.filesystem()
        s3.create_dir(name)
        fs.copy_files(str(folder), name, source_filesystem=fs.LocalFileSystem(), destination_filesystem=s3)
        return name

    def filesystem(self) -> fs.S3FileSystem:
        """The buckets, as an administrator sees them."""
        return fs.S3FileSystem(
            access_key=KEYS["LAKE_ACCESS_KEY"],
            secret_key=KEYS["LAKE_SECRET_KEY"],
            endpoint_override=self.url.removeprefix("http://"),
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )

    def lake(self, bucket: str) -> str:
        """The URL of a lake in a bucket, for a source."""
        keys = "access_key=env:LAKE_ACCESS_KEY&secret_key=env:LAKE_SECRET_KEY"
        return f"s3://{bucket}?region=us-east-1&endpoint={self.url}&{keys}"


class _Requests(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        if match := REQUEST.search(record.getMessage()):
            self._found.append(f"{match['method']} {unquote(match['path'])}")


@contextmanager
def aws() -> Iterator[Aws]:
    """Answer on a free port for the `with` block."""
    logger = logging.getLogger("werkzeug")
    level = logger.level
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    made = Aws(url=f"http://127.0.0.1:{server.get_host_and_port()[1]}")
    handler = _Requests(made.requests)
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield made
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        server.stop()
