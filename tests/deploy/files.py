"""What is shipped beside the package, read as what it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))


def documents(path: Path) -> list[dict[str, Any]]:
    """Every document of a YAML file."""
    return list(YAML(typ="safe").load_all(path.read_text(encoding="utf-8")))


def compose() -> dict[str, Any]:
    """The compose file, its merged parts put in."""
    (found,) = documents(ROOT / "deploy/compose.yaml")
    return found


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile: its word, its text in one line, and its stage, from 0."""

    word: str
    text: str
    stage: int


def instructions() -> list[Instruction]:
    """The Dockerfile, without comments, lines that go on joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found, stage = [], -1
    for line in re.sub(r"\\\n\s*", " ", kept).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            stage += word == "FROM"
            found.append(Instruction(word=word, text=rest.strip(), stage=stage))
    return found
