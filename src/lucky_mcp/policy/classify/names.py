"""What a column's name says of it: a tag, that it is none, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lucky_mcp.policy.classify.vocabulary import TagWords, vocabulary

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_A_WORD: Final = re.compile(r"[\W_]+")
_DIGITS_BEHIND: Final = re.compile(r"(?<=[a-z])_?\d+$")
NO_PERSON: Final = "of a thing, not of a person"


@dataclass(frozen=True, kw_only=True)
class NameSays:
    """`tag` with the word it is known by; not `sure` needs values that agree; `against` is why not."""

    tag: str = ""
    word: str = ""
    sure: bool = False
    against: str = ""


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name: `receiverMobile2` -> receiver, mobile."""
    parts = _NOT_A_WORD.sub("_", _CAMEL.sub("_", name)).lower().strip("_")
    return tuple(_DIGITS_BEHIND.sub("", parts).split("_"))


def read_name(name: str) -> NameSays:
    """Return what a name says by itself."""
    words, known = words_of(name), vocabulary()
    joined = "_".join(words)
    if words[0] in known.words["first"]:
        return NameSays(against=f"{words[0]!r} asks or counts")
    place = _place(words)
    if place is not None:
        return place
    for entry in known.tags:
        found = entry.names.search(joined)
        if found is not None:
            return _weighed(entry.tag, found, joined, words)
        chinese = next((each for each in entry.chinese if each in joined), "")
        if chinese:
            return _chinese(entry.tag, chinese, joined)
    return _person(words) or _unsure(joined, words)


def _place(words: tuple[str, ...]) -> NameSays | None:
    """A coordinate is personal where it is somebody's."""
    known = vocabulary().words
    if not set(words) & known["places"]:
        return None
    if set(words) & known["things"]:
        return NameSays(against=NO_PERSON)
    if set(words) & known["whereabouts"]:
        return NameSays(tag="pii.location", word="_".join(words), sure=True)
    return None


def _weighed(tag: str, found: re.Match[str], joined: str, words: tuple[str, ...]) -> NameSays:
    """A word that follows may make it another thing; what belongs to a shop is nobody's."""
    known = vocabulary().words
    behind = [word for word in joined[found.end() :].split("_") if word]
    against = next((word for word in behind if word in known["aspects"]), "")
    if against or (behind and behind[-1] in known["keys"] and tag != "pii.card"):
        return NameSays(against=f"{behind[-1]!r} of it is no such value")
    if _is_of_a_thing(tag, words):
        return NameSays(tag=tag, word=found[0], against=NO_PERSON)
    return NameSays(tag=tag, word=found[0], sure=all(word in known["follow"] for word in behind))


def _is_of_a_thing(tag: str, words: tuple[str, ...]) -> bool:
    known = vocabulary().words
    return (
        tag in known["of_things"] and bool(set(words) & known["things"]) and not set(words) & known["people"]
    )


def _chinese(tag: str, word: str, name: str) -> NameSays:
    known = vocabulary().words
    if any(name.endswith(each) for each in known["aspects"] if not each.isascii()):
        return NameSays(against="the end of the name says it is another thing")
    if tag in known["of_things"] and any(each in name for each in known["things"] if not each.isascii()):
        return NameSays(against=NO_PERSON)
    return NameSays(tag=tag, word=word, sure=True)


def _person(words: tuple[str, ...]) -> NameSays | None:
    """`driver_name`: somebody's name, whatever somebody is called."""
    known = vocabulary().words
    if words[-1] not in {"name", "xingming"} or len(words) == 1:
        return None
    before = set(words[:-1])
    if before & known["people"]:
        return NameSays(tag="pii.name", word="_".join(words[-2:]), sure=not before & {"account", "user"})
    if before & known["things"]:
        return NameSays(against=NO_PERSON)
    return None


def _unsure(joined: str, words: tuple[str, ...]) -> NameSays:
    known = vocabulary()
    for entry in known.tags:
        found = entry.unsure.search(joined) if entry.unsure is not None else None
        if found is not None:
            if words[-1] in known.words["aspects"] | known.words["keys"]:
                return NameSays(against=f"{words[-1]!r} of it is no such value")
            if _is_of_a_thing(entry.tag, words):
                return NameSays(against=NO_PERSON)
            return NameSays(tag=entry.tag, word=found[0])
    if words[-1] in known.words["aspects"]:
        return NameSays(against=f"it is a {words[-1]}")
    return NameSays()


def types_of(tag: str) -> frozenset[str]:
    """Return the families of types in which values with a tag are kept."""
    entry: TagWords = next(each for each in vocabulary().tags if each.tag == tag)
    return entry.types
