"""Whether a directory could take another record, found out without writing one."""

from __future__ import annotations

import os
from pathlib import Path

BYTES_MIN = 1 << 20


def has_room(directory: Path) -> bool:
    """Whether this user may write there, and BYTES_MIN would fit."""
    try:
        found = os.statvfs(directory)
    except OSError:
        return False
    is_read_only = bool(found.f_flag & os.ST_RDONLY)
    return not is_read_only and found.f_bavail * found.f_frsize >= BYTES_MIN and os.access(directory, os.W_OK)
