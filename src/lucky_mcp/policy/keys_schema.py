"""The shape of `redis/<category>.yaml`: who reads which keys of which clusters, and how they are shown."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lucky_mcp.model.keys import KeyType
from lucky_mcp.policy.levels import Level


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaggedEntry(_Model):
    """A part of a name, a field or a value that is listed; its tags are added to those of the classifiers."""

    tags: tuple[str, ...] = ()
    description: str = ""


class KeyEntry(_Model):
    """The keys of one form of names, and which roles may read them.

    `show: metadata` shows type, lifetime and size alone. `value` lists the text of a string, or the members
    of a list or set; `fields` the fields of a hash or stream, or of a value that is JSON (`a.b` is a field of
    a field). What is neither listed nor tagged by a classifier is absent. A part of the name that `parts`
    does not list is scrubbed. The level is the highest of entry, file and source; of an entry that shows
    metadata alone it is its own `classification`, when it has one.
    """

    id: str
    pattern: str
    types: tuple[KeyType, ...] = Field(min_length=1)
    description: str = ""
    classification: Level | None = None
    show: Literal["value", "metadata"] = "value"
    parts: dict[str, TaggedEntry | None] = Field(default_factory=dict)
    value: TaggedEntry | None = None
    fields: dict[str, TaggedEntry | None] = Field(default_factory=dict)
    roles: tuple[str, ...] = Field(min_length=1)
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _shows_what_it_says(self) -> KeyEntry:
        if self.value is not None and self.fields:
            raise ValueError("value and fields exclude each other: a value is a text, or it has fields")
        if (self.show == "value") != bool(self.value is not None or self.fields):
            raise ValueError("show: value goes with value or fields, show: metadata with neither")
        if self.value is not None and {KeyType.HASH, KeyType.STREAM} & set(self.types):
            raise ValueError("a hash or stream is shown by its fields")
        return self


class KeyDenialEntry(_Model):
    """Takes the keys of one form of names from roles; it wins over every other rule."""

    id: str
    pattern: str
    roles: tuple[str, ...] = Field(min_length=1)
    why: str = Field(min_length=1)


class KeysFile(_Model):
    """`redis/<category>.yaml`."""

    category: str
    owner: str
    classification: Level
    clusters: tuple[str, ...] = Field(min_length=1)
    keys: tuple[KeyEntry, ...] = ()
    denials: tuple[KeyDenialEntry, ...] = ()
