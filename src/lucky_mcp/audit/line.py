"""An audit record as one line of JSON."""

from __future__ import annotations

import json

from lucky_mcp.audit.record import AuditRecord
from lucky_mcp.audit.segment_records import Closed, Opened


def to_line(record: AuditRecord | Opened | Closed) -> bytes:
    """Encode `record` as one line that ends with a newline and holds no other control character.

    Agents choose the SQL text, so it must be unable to end a line or to steer a terminal: JSON's ASCII
    form escapes newlines, control characters, direction marks and lone surrogates, and DEL is the one
    control character it leaves as it is.
    """
    fields = {"event": record.event, **vars(record)}
    text = json.dumps(fields, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f").encode("ascii") + b"\n"
