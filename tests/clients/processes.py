"""Server processes, from their first line to their end."""

from __future__ import annotations

import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LINE_SECONDS = 60
PROGRAM = str(Path(sys.executable).with_name("lucky-mcp"))
ROOT = Path(__file__).resolve().parents[2]
_ENDPOINT = re.compile(r"http://\S+/mcp")


@dataclass
class Served:
    """A process that serves, and the lines it says."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str] = field(default_factory=queue.Queue)
    said: list[str] = field(default_factory=list)
    url: str = ""

    def line(self, start: str) -> str:
        """Wait for a line that holds `start`."""
        while True:
            line = self.lines.get(timeout=LINE_SECONDS)
            self.said.append(line)
            if start in line:
                return line

    def rest(self) -> str:
        """Everything it said, once it has ended."""
        self.process.wait(timeout=LINE_SECONDS)
        self._reader.join(timeout=LINE_SECONDS)
        while not self.lines.empty():
            self.said.append(self.lines.get())
        return "".join(self.said)

    def listen(self) -> None:
        """Collect its lines, and wait until it serves."""
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()
        found = _ENDPOINT.search(self.line("http://"))
        assert found
        self.url = found.group()

    def _collect(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)

    def answer(self) -> None:
        """Let the reads that wait end (of the server of faults)."""
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Served]:
    """Run a server for the block; it is killed at its end, if it has not ended before."""
    with subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **environment},
    ) as process:
        served = Served(process)
        try:
            served.listen()
            yield served
        finally:
            process.kill()


def fault_server(*, drain_s: float, port: int = 0) -> Sequence[str]:
    """The command of a server whose reads end when the test says so."""
    return [sys.executable, "-m", "tests.clients.fault_server", str(port), str(drain_s)]


def real_server(policies: Path, *, port: int = 0) -> Sequence[str]:
    """The command of the real server over the demo's files."""
    options = ["--transport", "http", "--port", str(port), "--demo", "--policies", str(policies)]
    return [PROGRAM, "serve", *options]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def conformance_server() -> Sequence[str]:
    """The command of the server that the conformance suite looks at."""
    return [sys.executable, "-m", "tests.clients.conformance_server"]
