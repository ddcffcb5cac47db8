"""How far a run of the attacks has come, part by part: an engine with its guard, or without.

Each part is kept in `.attacks/`, so that a run that was stopped goes on where it ended. A part whose texts have
changed since begins again, for what was counted then is not what is asked now.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".attacks"
SAVE_SECONDS = 5.0
PLAIN = "without a guard "
"""What the name of a part without a guard begins with."""


@dataclass
class Part:
    """What one part has asked; `done` says how each technique worked without a guard, `missing` why nothing ran."""

    name: str
    digest: str
    texts: int
    next: int = 0
    techniques: int = 0
    mutations: int = 0
    calls: int = 0
    refused: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    missing: str = ""
    ended: bool = False

    def save(self) -> None:
        """Write it whole: a run that is stopped leaves the last one."""
        FOLDER.mkdir(exist_ok=True)
        new = _path(self.name).with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        new.replace(_path(self.name))

    def goes_on(self) -> None:
        """Note the day and the commit that the next texts are asked at."""
        now = (self.commits, commit()), (self.days, date.today().isoformat())
        for kept, value in now:
            if value not in kept[-1:]:
                kept.append(value)


@dataclass
class Clock:
    """Adds the time of this run to a part, and saves it now and then."""

    part: Part
    spent: float = field(init=False)
    begun: float = field(default_factory=time.monotonic)
    saved: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.spent = self.part.seconds

    def tick(self, *, at_once: bool = False) -> bool:
        """Count the time; save and return True when the last save is some seconds ago."""
        now = time.monotonic()
        self.part.seconds = self.spent + now - self.begun
        if not at_once and now - self.saved < SAVE_SECONDS:
            return False
        self.saved = now
        self.part.save()
        return True


def part_of(name: str, texts: Iterable[str]) -> Part:
    """Return a part as it was left, or a new one when there is none of the same texts."""
    found = list(texts)
    digest = hashlib.sha256("\0".join(found).encode()).hexdigest()[:16]
    kept = kept_part(name)
    return kept if kept and kept.digest == digest else Part(name=name, digest=digest, texts=len(found))


def kept_part(name: str) -> Part | None:
    """Return a part as it was left."""
    path = _path(name)
    return Part(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def forget(names: Iterable[str]) -> None:
    """Let parts begin again."""
    for name in names:
        _path(name).unlink(missing_ok=True)


def commit() -> str:
    """Return the commit of the working tree, marked when it holds changes; "unknown" outside a repository."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def _path(name: str) -> Path:
    return FOLDER / f"{name.replace(' ', '-')}.json"
