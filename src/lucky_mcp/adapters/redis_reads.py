"""One key, read by its type: ranges and cursors with a limit, never a whole value of unknown size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from lucky_mcp.adapters.base import EngineRows
from lucky_mcp.adapters.fetch import fetch_bounded
from lucky_mcp.adapters.redis_line import Command, Failed, Reply
from lucky_mcp.adapters.redis_measures import GONE, size_class, size_of, ttl_class, ttl_seconds
from lucky_mcp.adapters.redis_rows import Rows
from lucky_mcp.decision.keys import KeyDecision
from lucky_mcp.enforcement.guarded import GuardedKeys
from lucky_mcp.enforcement.shown_values import (
    TOO_LARGE,
    Seen,
    is_field_shown,
    shown_field,
    shown_value,
)
from lucky_mcp.errors import EngineError, EngineErrorKind
from lucky_mcp.model.keys import KeyShow, KeyType

VALUE_BYTES_MAX = 262_144
PAGE = 100
PAGES_MAX = 50
ABSENT = "no key of this name that you may see"
NO_FIELD = "no field of this name that you may see"
NOT_ALL = "SAMPLE: it has more members than one read looks at"
VALUE_CUT = "a long value is shown in part"

Ask = Callable[[Sequence[Command]], list[Reply]]
Row = tuple[object, ...]


def read_key(read: GuardedKeys, ask: Ask, token_key: str) -> EngineRows:
    """Return what may be seen of one key; a key of a type that no rule has is no key for the caller."""
    decision = read.decision
    if decision is None:
        raise EngineError(EngineErrorKind.INVALID_QUERY, "nothing was decided")
    kind, lifetime = ask([("TYPE", read.key), ("PTTL", read.key)])
    type_ = _type(kind)
    if type_ not in decision.types or not isinstance(lifetime, int) or lifetime == GONE:
        return _rows(read, ("value",), (), (ABSENT,))
    if decision.show is KeyShow.METADATA:
        (size,) = ask([size_of(read.key)])
        row = (type_, ttl_class(lifetime), size_class(size))
        return _rows(read, ("type", "ttl", "size"), [row], ())
    reader = _Reader(read, decision, ask, token_key)
    if read.field is not None and type_ is not KeyType.HASH:
        rows = reader.no_field()
    else:
        rows = _READERS[type_](reader)
    found = _rows(read, reader.columns, rows, ())
    notes = (f"type {type_}", f"ttl {ttl_seconds(lifetime)}", *dict.fromkeys(reader.notes))
    return replace(found, notes=notes)


def _type(kind: Reply) -> KeyType | None:
    word = kind.decode("ascii", "replace") if isinstance(kind, bytes) else ""
    return KeyType(word) if word in set(KeyType) else None


class _Reader:
    """Reads of one key; `columns` and `notes` are known when its rows are."""

    def __init__(self, read: GuardedKeys, decision: KeyDecision, ask: Ask, token_key: str) -> None:
        self._read = read
        self._decision = decision
        self._ask_all = ask
        self._token_key = token_key
        self.columns: tuple[str, ...] = ("value",)
        self.notes: list[str] = []

    def _ask(self, *command: str | bytes | int) -> Reply:
        (answer,) = self._ask_all([command])
        if isinstance(answer, Failed):  # it became another while it was read
            raise EngineError(EngineErrorKind.RUNTIME, answer.text)
        return answer

    def no_field(self) -> Iterable[Row]:
        """Say that a field was asked for and is not there for this caller."""
        self.columns = ("field", "value")
        self.notes.append(NO_FIELD)
        return ()

    def of_string(self) -> Iterable[Row]:
        """Read a string up to VALUE_BYTES_MAX."""
        length, raw = self._ask_all(
            [("STRLEN", self._read.key), ("GETRANGE", self._read.key, 0, VALUE_BYTES_MAX - 1)]
        )
        if not isinstance(length, int) or not isinstance(raw, bytes):
            raise EngineError(EngineErrorKind.RUNTIME, "it is no string any more")
        seen = shown_value(self._decision, raw, is_whole=length <= VALUE_BYTES_MAX, token_key=self._token_key)
        return [(self._cell(seen),)]

    def of_hash(self) -> Iterable[Row]:
        """Read fields that are shown, in the order of their names, or one of them."""
        self.columns = ("field", "value")
        if self._read.field is not None:
            return self._one_field(self._read.field)
        found: dict[bytes, bytes] = {}
        for page in self._pages("HSCAN"):
            pairs = zip(page[::2], page[1::2], strict=True)
            found |= {name: value for name, value in pairs if is_field_shown(self._decision, name)}
        return (self._field_row(name, found[name]) for name in sorted(found))

    def _one_field(self, name: str) -> Iterable[Row]:
        if not is_field_shown(self._decision, name.encode("utf-8", "surrogatepass")):
            return self.no_field()
        length = self._ask("HSTRLEN", self._read.key, name)
        if isinstance(length, int) and length > VALUE_BYTES_MAX:
            return [(name, TOO_LARGE)]
        value = self._ask("HGET", self._read.key, name)
        return [self._field_row(name.encode(), value)] if isinstance(value, bytes) else self.no_field()

    def _field_row(self, name: bytes, value: bytes) -> Row:
        seen = shown_field(self._decision, name, value, token_key=self._token_key)
        return (name.decode("utf-8", "replace"), self._cell(seen))

    def of_list(self) -> Iterable[Row]:
        """Read a list from its head."""
        self.columns = ("index", "value")
        found = _texts(self._ask("LRANGE", self._read.key, 0, self._read.rows_max))
        return ((index, self._member(raw)) for index, raw in enumerate(found))

    def of_set(self) -> Iterable[Row]:
        """Read the members of a set, in order as they are shown."""
        self.columns = ("member",)
        found = {raw for page in self._pages("SSCAN") for raw in page}
        shown = sorted(self._member(raw) or "" for raw in found)
        return ((each or None,) for each in shown)

    def of_zset(self) -> Iterable[Row]:
        """Read a sorted set from its lowest score."""
        self.columns = ("member", "score")
        found = _pairs(self._ask("ZRANGE", self._read.key, 0, self._read.rows_max, "WITHSCORES"))
        return ((self._member(raw), score.decode("ascii", "replace")) for raw, score in found)

    def of_stream(self) -> Iterable[Row]:
        """Read a stream from its first entry, a row for each field that is shown."""
        self.columns = ("id", "field", "value")
        found = self._ask("XRANGE", self._read.key, "-", "+", "COUNT", self._read.rows_max + 1)
        return self._entries(found)

    def _entries(self, found: Reply) -> Iterator[Row]:
        for entry in found if isinstance(found, list) else []:
            if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], bytes):
                texts = _texts(entry[1])
                for name, value in zip(texts[::2], texts[1::2], strict=True):
                    if is_field_shown(self._decision, name):
                        yield (entry[0].decode("ascii", "replace"), *self._field_row(name, value))

    def _pages(self, command: str) -> Iterator[list[bytes]]:
        """Go through a hash or set; one that is too large for that is told to be."""
        cursor: Reply = b"0"
        for _ in range(PAGES_MAX):
            answer = self._ask(command, self._read.key, _cursor(cursor), "COUNT", PAGE)
            if not isinstance(answer, list) or len(answer) != 2:
                raise EngineError(EngineErrorKind.RUNTIME, "it is of another type now")
            cursor, page = answer
            yield _texts(page)
            if _cursor(cursor) == "0":
                return
        self.notes.append(NOT_ALL)

    def _member(self, raw: bytes) -> str | None:
        is_whole = len(raw) <= VALUE_BYTES_MAX
        seen = shown_value(
            self._decision, raw[:VALUE_BYTES_MAX], is_whole=is_whole, token_key=self._token_key
        )
        return self._cell(seen)

    def _cell(self, seen: Seen | None) -> str | None:
        if seen is None:
            return None
        if seen.was_cut:
            self.notes.append(VALUE_CUT)
        return seen.text


_READERS: dict[KeyType, Callable[[_Reader], Iterable[Row]]] = {
    KeyType.STRING: _Reader.of_string,
    KeyType.HASH: _Reader.of_hash,
    KeyType.LIST: _Reader.of_list,
    KeyType.SET: _Reader.of_set,
    KeyType.ZSET: _Reader.of_zset,
    KeyType.STREAM: _Reader.of_stream,
}


def _cursor(cursor: Reply) -> str:
    return cursor.decode("ascii", "replace") if isinstance(cursor, bytes) else str(cursor)


def _texts(found: Reply) -> list[bytes]:
    return [each for each in found if isinstance(each, bytes)] if isinstance(found, list) else []


def _pairs(found: Reply) -> list[tuple[bytes, bytes]]:
    texts = _texts(found)
    return list(zip(texts[::2], texts[1::2], strict=True))


def _rows(
    read: GuardedKeys, columns: tuple[str, ...], rows: Iterable[Row], notes: tuple[str, ...]
) -> EngineRows:
    """Return rows within the bounds of the read."""
    fetched = fetch_bounded(
        Rows(rows),
        rows_max=read.rows_max,
        bytes_max=read.bound.bytes_max,
        cell_chars_max=read.bound.cell_chars_max,
    )
    return EngineRows(
        columns=columns,
        rows=fetched.rows,
        bytes=fetched.bytes,
        bytes_met=fetched.bytes_met,
        cells_cut=fetched.cells_cut,
        notes=notes,
    )
