"""A random source per part of the generator.

Each part draws from its own stream, so that a change in one part leaves the rows of all others as they were.
"""

from __future__ import annotations

from random import Random


def part_random(seed: int, scale: str, part: str) -> Random:
    """Return the stream of one part; equal arguments give equal draws on every machine."""
    # INVARIANT: a text seed is hashed with SHA-512 by Random, never with the salted hash() of the process.
    return Random(f"{seed}/{scale}/{part}")
