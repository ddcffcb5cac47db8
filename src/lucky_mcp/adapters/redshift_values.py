"""Values as the other engines give them: JSON as its text, and dates that Python has none for as theirs.

The driver's own readers show a date before year 1 as the first there is and one after 9999 as the last, which
would be a lie; and moments with a zone in UTC instead of the session's.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import date, datetime, time
from typing import Any

from redshift_connector.config import FC_TEXT
from redshift_connector.utils.oids import RedshiftOID

Reader = Callable[[bytes, int, int], object]


def read_values_plainly(types: MutableMapping[int, tuple[int, Any]]) -> None:
    """Put our readers into one connection's, by the number of the type."""
    for oid, reader in READERS.items():
        types[oid] = (FC_TEXT, reader)


def _text(data: bytes, start: int, length: int) -> str:
    return data[start : start + length].decode()


def _parsed(parse: Callable[[str], object]) -> Reader:
    def read(data: bytes, start: int, length: int) -> object:
        """Return the value, or its text: `infinity` and years before 1 or after 9999 are values too."""
        text = _text(data, start, length)
        try:
            return parse(text)
        except ValueError:
            return text

    return read


READERS: dict[int, Reader] = {
    RedshiftOID.DATE: _parsed(date.fromisoformat),
    RedshiftOID.TIMESTAMP: _parsed(datetime.fromisoformat),
    RedshiftOID.TIMESTAMPTZ: _parsed(datetime.fromisoformat),
    RedshiftOID.TIME: _parsed(time.fromisoformat),
    RedshiftOID.REAL: _parsed(float),
    RedshiftOID.JSON: _text,
    RedshiftOID.TIMETZ: _text,
    RedshiftOID.INTERVAL: _text,
    RedshiftOID.INTERVALY2M: _text,
    RedshiftOID.INTERVALD2S: _text,
    RedshiftOID.ABSTIME: _text,
    # The server writes these as hexadecimal digits, and the driver reads text in them.
    RedshiftOID.VARBYTE: _text,
}
