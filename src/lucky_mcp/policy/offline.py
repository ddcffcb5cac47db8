"""Loading a directory to look at it: the machine's environment plays no part, and nothing is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lucky_mcp.policy.loader import load_policies
from lucky_mcp.policy.policy_set import PolicySet
from lucky_mcp.policy.schema import SourceEntry, SourcesFile
from lucky_mcp.policy.yaml_files import YamlFile


class AnyVariable(Mapping[str, str]):
    """An environment in which every `${NAME}` is set, to its own name in small letters."""

    def __getitem__(self, name: str) -> str:
        return name.lower()

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class AnyVariableBut(AnyVariable):
    """Like that, but for the variables given."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def __getitem__(self, name: str) -> str:
        return self._given[name] if name in self._given else super().__getitem__(name)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A policy set, and its sources as they are written: no variable filled in, no path made absolute."""

    policies: PolicySet
    sources: Mapping[str, SourceEntry]


def load_written(directory: Path) -> Written:
    """Return a directory to compare with another; ConfigurationError as `load_policies`."""
    policies = load_offline(directory)
    file = YamlFile(directory / "sources.yaml", directory)
    return Written(policies=policies, sources=file.read_as(SourcesFile).sources)


def load_offline(directory: Path) -> PolicySet:
    """Return the PolicySet of a directory for review, as where tokens can be made; ConfigurationError as
    `load_policies`.
    """
    return load_policies(directory, AnyVariable())
