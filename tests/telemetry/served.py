"""The real server over the demo in a process of its own, with everything that watches it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from prometheus_client.parser import text_string_to_metric_families

PROGRAM = str(Path(sys.executable).with_name("lucky-mcp"))
NO_PROXY = {"NO_PROXY": "*", "no_proxy": "*"}


@dataclass
class Served:
    """Where it answers, and what it has written to standard error so far."""

    endpoint: str
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The address without the path."""
        return self.endpoint.removesuffix("/mcp")

    def stop(self) -> str:
        """End it as an orchestrator does; return what it has logged."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return "".join(self.log)


@contextmanager
def served(
    policies: Path,
    environment: Mapping[str, str],
    *options: str,
    before: Sequence[str] = (),
    cwd: Path | None = None,
) -> Iterator[Served]:
    """Run `lucky-mcp serve` over HTTP for the block; `before` are words in front of the command."""
    arguments = [
        "serve",
        "--transport",
        "http",
        "--port",
        "0",
        "--demo",
        "--policies",
        str(policies),
        *options,
    ]
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("LUCKY_", "OTEL_"))
    }
    with subprocess.Popen(
        [*before, PROGRAM, *arguments],
        env=inherited | NO_PROXY | dict(environment),
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
    ) as process:
        assert process.stderr
        log: list[str] = []
        endpoint = ""
        for line in process.stderr:
            log.append(line)
            if found := re.search(r"http://\S+/mcp", line):
                endpoint = found.group()
                break
        assert endpoint, "".join(log)
        reader = Thread(target=log.extend, args=(process.stderr,), daemon=True)
        reader.start()
        try:
            yield Served(endpoint=endpoint, process=process, log=log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            reader.join()


Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Every sample of an exposition, by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def named(every: Samples, name: str, /, **labels: str) -> float:
    """The sum of the samples of a name that have these labels."""
    return sum(
        value for (each, its), value in every.items() if each == name and set(labels.items()) <= set(its)
    )
