"""Values as their caller sees them: fields that are listed or known, each under its mask, and nothing else.

Of a text that was not read to its end the end is left out, where a number or an address may have been cut in
two and would not be known for one. A text that is JSON is shown by its fields; one that looks as if it had
fields, and could not be read as JSON, is not shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from lucky_mcp.decision.keys import HIDDEN_PART, KeyDecision, Shown, masked_text, seen_by
from lucky_mcp.enforcement.inner_documents import documents, has_names
from lucky_mcp.enforcement.value_pairs import name_of_pair, pair_in
from lucky_mcp.model.decision import MaskName
from lucky_mcp.policy.masks import scrubbed

# An address has 64 characters before its @ at most, a number that is known for one fewer than the rest.
TAIL_CHARS = 120
DEPTH_MAX = 16
BINARY = "[binary]"
UNREADABLE = "[unreadable]"
TOO_LARGE = "[too large to be shown under its masks]"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is shown of one value, and whether there was more of it."""

    text: str
    was_cut: bool = False


def shown_value(decision: KeyDecision, raw: bytes, *, is_whole: bool, token_key: str) -> Seen | None:
    """Return a string, or a member of a list or set, as it is shown; None when nothing of it is."""
    document = _Document(decision.field, token_key)
    if not decision.has_fields:
        return _text(raw, decision.value(), document, "", is_whole=is_whole)
    if not is_whole:
        return Seen(text=TOO_LARGE)
    text = document.opened(_decoded(raw) or "")
    return None if text is None else Seen(text=text)


def shown_field(decision: KeyDecision, name: bytes, raw: bytes, *, token_key: str) -> Seen | None:
    """Return a field of a hash or stream as it is shown; None when it is absent."""
    path = _decoded(name)
    if path is None:
        return None
    document = _Document(decision.field, token_key)
    return _text(raw, decision.field(path), document, path, is_whole=True)


def is_field_shown(decision: KeyDecision, name: bytes) -> bool:
    """Whether the caller may know of a field of that name."""
    decoded = _decoded(name)
    return decoded is not None and decision.field(decoded).mask is not MaskName.DENY


def _text(raw: bytes, shown: Shown, document: _Document, path: str, *, is_whole: bool) -> Seen | None:
    if shown.mask is MaskName.DENY:
        return None
    text = _decoded(raw, is_whole=is_whole)
    if text is None:
        return Seen(text=BINARY)
    if shown.mask is None:
        return Seen(text=document.inner(text, path, 0, is_whole=is_whole), was_cut=not is_whole)
    if not is_whole and shown.mask is not MaskName.SCRUB:
        return Seen(text=TOO_LARGE)
    masked = masked_text(text, shown, document.token_key)
    return Seen(text=masked if is_whole else masked[:-TAIL_CHARS], was_cut=not is_whole)


def _decoded(raw: bytes, *, is_whole: bool = True) -> str | None:
    """Return bytes as text; of a text that was cut the last letter may be a part of one."""
    for end in range(len(raw), max(len(raw) - (1 if is_whole else 4), -1), -1):
        try:
            return raw[:end].decode("utf-8")
        except UnicodeDecodeError:
            continue
    return None


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Document:
    """A value with fields, as `sight` has each of them; None is what is left of what is not shown."""

    def __init__(self, sight: Callable[[str], Shown], token_key: str) -> None:
        self._sight = sight
        self.token_key = token_key

    def listed(self, value: object, path: str, depth: int) -> object:
        """Keep what is listed, or known to a classifier; the objects of a list have its path."""
        if depth > DEPTH_MAX:
            return None
        if isinstance(value, list):
            kept = (self.listed(each, path, depth + 1) for each in value)
            return [each for each in kept if each is not None]
        if isinstance(value, dict):
            inner = {name: self._inner(each, _joined(path, name), depth) for name, each in value.items()}
            return self._with_pairs(inner, value, path) or None
        return self._leaf(value, self._sight(path), path, depth) if path else None

    def _inner(self, value: object, path: str, depth: int) -> object:
        shown = self._sight(path)
        if isinstance(value, dict | list) and shown.mask is MaskName.DENY and not shown.tags:
            return self.listed(value, path, depth + 1)
        return self._leaf(value, shown, path, depth)

    def _leaf(self, value: object, shown: Shown, path: str, depth: int) -> object:
        if shown.mask is MaskName.DENY or value is None:
            return None
        if shown.mask is None:
            return self._below(value, path, depth + 1, is_listed=True)
        if isinstance(value, dict | list):
            return HIDDEN_PART
        return masked_text(value if isinstance(value, str) else _dumped(value), shown, self.token_key)

    def _below(self, value: object, path: str, depth: int, *, is_listed: bool) -> object:
        """Return what is listed, or lies below: there classifiers know names, and all else is scrubbed."""
        if depth > DEPTH_MAX:
            return None
        if isinstance(value, list):
            return [self._item(each, path, depth, is_listed=is_listed) for each in value]
        if isinstance(value, dict):
            inner = {name: self._known(each, _joined(path, name), depth) for name, each in value.items()}
            shown = self._with_pairs(inner, value, path)
            return {self.inner(name, "", depth + 1, is_listed=False): each for name, each in shown.items()}
        if isinstance(value, str):
            return self.inner(value, path, depth + 1, is_listed=is_listed)
        return value if is_listed or scrubbed(_dumped(value)) == _dumped(value) else scrubbed(_dumped(value))

    def _item(self, value: object, path: str, depth: int, *, is_listed: bool) -> object:
        """Return an item of a list; one that is a pair in a list of its own has its value as that field."""
        told = name_of_pair(value, lambda name: self._is_known(path, name)) if isinstance(value, list) else ""
        if told and isinstance(value, list):
            return [value[0], self._of_pair(value[1], path, (told,))]
        return self._below(value, path, depth + 1, is_listed=is_listed)

    def _with_pairs(
        self, shown: dict[str, object], entries: dict[str, object], path: str
    ) -> dict[str, object]:
        """Return what is shown of an object; what is the value of a pair as the field that its name tells."""
        pair = pair_in(entries, lambda name: self._is_known(path, name))
        told = {
            name: self._of_pair(entries[name], path, (*pair.names, name))
            for name in pair.values
            if shown[name] is not None
        }
        return {name: each for name, each in {**shown, **told}.items() if each is not None}

    def _of_pair(self, value: object, path: str, names: tuple[str, ...]) -> object:
        """Return the value of a pair as the fields that its names tell are shown, the strictest of them."""
        return self._leaf(value, seen_by(each for name in names for each in self._seen(path, name)), path, 0)

    def _known(self, value: object, path: str, depth: int) -> object:
        shown = self._sight(path)
        if shown.mask is MaskName.DENY and not shown.tags:
            return self._below(value, path, depth + 1, is_listed=False)
        return self._leaf(value, shown, path, depth)

    def opened(self, text: str, depth: int = 0) -> str | None:
        """Return what is listed of a text that is JSON, or a JSON text that holds it; None for any other."""
        found = documents(text) if depth <= DEPTH_MAX else None
        shown = [
            self.opened(each, depth + 1) if isinstance(each, str) else _dumped(self.listed(each, "", 0))
            for each in found or ()
            if isinstance(each, dict | list | str)
        ]
        told = [each for each in shown if each is not None]
        return "\n".join(told) if told else None

    def inner(
        self, text: str, path: str, depth: int, *, is_whole: bool = True, is_listed: bool = True
    ) -> str:
        """Return a text that is JSON without what must not be shown, UNREADABLE for what only looks like it.

        Any other is as it is, scrubbed unless it `is_listed`.
        """
        found = documents(text) if is_whole else None
        if found is None and has_names(text, lambda name: self._is_known(path, name)):
            return UNREADABLE
        if not any(isinstance(each, dict | list | str) for each in found or ()):
            return text if is_listed else scrubbed(text)
        if depth > DEPTH_MAX:
            return UNREADABLE
        return "\n".join(self._document(each, path, depth, is_listed=is_listed) for each in found or ())

    def _document(self, value: object, path: str, depth: int, *, is_listed: bool) -> str:
        """A text in quotes is the text; what lies in an object or a list is below it."""
        if isinstance(value, str):
            return _dumped(self.inner(value, path, depth + 1, is_listed=is_listed))
        is_below = isinstance(value, dict | list)
        return _dumped(self._below(value, path, depth, is_listed=is_listed and not is_below))

    def _is_known(self, path: str, name: str) -> bool:
        return bool(self._seen(path, name))

    def _seen(self, path: str, name: str) -> list[Shown]:
        """Return how a field of that name is shown, where it is known as one that is not shown as it is."""
        seen = (self._sight(each) for each in dict.fromkeys((name, _joined(path, name))))
        return [each for each in seen if each.mask is not None and each.tags]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
