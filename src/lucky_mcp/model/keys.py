"""How the names of keys are written in policies, and what a caller may see of one key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

KEY_CHARS_MAX = 512
PARTS_MAX = 8


class KeyType(StrEnum):
    """The types of values that can be read, in Redis' own words."""

    STRING = "string"
    HASH = "hash"
    LIST = "list"
    SET = "set"
    ZSET = "zset"
    STREAM = "stream"


class KeyShow(StrEnum):
    """How much of a key is shown: what policy lets through of its value, or type, TTL and size alone."""

    VALUE = "value"
    METADATA = "metadata"


class Shape(StrEnum):
    """What may stand in a part of a name; everything else makes it another name, which no rule knows."""

    DIGITS = "digits"
    LABEL = "label"
    ID = "id"
    TEXT = "text"
    REST = "rest"


# No class has a blank, a control character or a quote: such names are of no rule and therefore hidden.
_CLASSES = {
    Shape.DIGITS: "[0-9]{1,20}",
    Shape.LABEL: "[A-Za-z][A-Za-z_-]{0,39}",
    Shape.ID: "[A-Za-z0-9_-]{1,64}",
    Shape.TEXT: "[A-Za-z0-9_.@+=|/-]{1,256}",
    Shape.REST: "[A-Za-z0-9_.@+=|/:{}-]{1,400}",
}
_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<name>[a-z][a-z0-9_]*)(?::(?P<shape>[a-z]+))?\}|[A-Za-z0-9_.@+=|/:#-]+")
_BRACES = {"{{": "{", "}}": "}"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a name that differs from key to key."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class Template:
    """A form of names: `order:{order_id:digits}`; a part without a shape is an `id`, `{{` stands for a brace.

    ValueError for a form that could be read in two ways.
    """

    text: str

    def __post_init__(self) -> None:
        literals, parts = _parsed(self.text)
        _refuse_ambiguous(literals, parts)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What differs from key to key, in order."""
        return tuple(_parsed(self.text)[1])

    @cached_property
    def _names(self) -> re.Pattern[str]:
        literals, parts = _parsed(self.text)
        regex = re.escape(literals[0])
        for part, literal in zip(parts, literals[1:], strict=True):
            regex += f"(?P<{part.name}>{_CLASSES[part.shape]}){re.escape(literal)}"
        return re.compile(regex)

    def match(self, name: str) -> dict[str, tuple[int, int]] | None:
        """Return where each part lies in a name; None for a name of another form."""
        found = self._names.fullmatch(name) if len(name) <= KEY_CHARS_MAX else None
        return None if found is None else {part.name: found.span(part.name) for part in self.parts}


def _parsed(text: str) -> tuple[list[str], list[Part]]:
    literals, parts, at = [""], [], 0
    for token in _TOKEN.finditer(text):
        if token.start() != at:
            break
        at = token.end()
        if token["name"] is None:
            literals[-1] += _BRACES.get(token[0], token[0])
            continue
        shape = token["shape"] or Shape.ID.value
        if shape not in set(Shape):
            raise ValueError(f"{shape} is no shape; there are {', '.join(Shape)}")
        parts.append(Part(name=token["name"], shape=Shape(shape)))
        literals.append("")
    if at != len(text):
        raise ValueError(
            "outside its parts, {name} or {name:shape}, a form has letters, digits and _ . @ + = | / : # -"
            " alone; a brace that is meant is written twice"
        )
    return literals, parts


def _refuse_ambiguous(literals: list[str], parts: list[Part]) -> None:
    """Each name has one reading: what follows a part begins with a sign that the part cannot have."""
    if not parts and not literals[0]:
        raise ValueError("a form of names is not empty")
    if len(parts) > PARTS_MAX or len({part.name for part in parts}) != len(parts):
        raise ValueError(f"a form has at most {PARTS_MAX} parts, each of another name")
    for number, (part, literal) in enumerate(zip(parts, literals[1:], strict=True)):
        is_last = number == len(parts) - 1 and not literal
        if is_last:
            continue
        signs = re.findall(r"\[[^\]]+\]", _CLASSES[part.shape])
        if not literal or any(re.match(each, literal[0]) for each in signs):
            raise ValueError(f"what follows {part.name} must begin with a sign that is not in its shape")
