"""Is the log as it was written? Every line of every segment, and what the segments say of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from lucky_mcp.audit.chain import Tail, fields_of
from lucky_mcp.audit.head import Head, head_bytes, read_head
from lucky_mcp.audit.keys import AuditKeys
from lucky_mcp.audit.segment_files import SegmentFile, chains_in, segments_in
from lucky_mcp.audit.walk import Walked, torn_digest, walk

PRUNED = "audit.pruned"
LINES_TOLD = 5
HEAD_LOOKS = 5


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was checked, and what is wrong: `faults` is empty for a log that is as it was written.

    `heads` is the last good line of each chain, (seq, seal in hex): kept elsewhere, they show later that
    nothing was cut off behind them.
    """

    chains: int
    segments: int
    lines: int
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    heads: Mapping[str, tuple[int, str]]


@dataclass(kw_only=True)
class _Found:
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    pruned: dict[str, int] = field(default_factory=dict)
    claims: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)
    lines: int = 0


def verify(directory: Path, keys: AuditKeys, noted: Mapping[str, tuple[int, str]] | None = None) -> Verified:
    """Check the log of a directory, against heads `noted` earlier as well.

    ConfigurationError when the directory or a file in it cannot be read.
    """
    found = _Found()
    for chain, head in (noted or {}).items():
        _claim(found, f"{chain}:{head[0]}:{head[1]}", "a head noted earlier")
    # Heads first: what is written meanwhile is then more than they know of, and never less.
    for chain in chains_in(directory):
        told = _head(directory, chain, keys)
        if told is None:
            found.faults.append(f"{chain}: its head cannot be read, or is not sealed by a key at hand")
        elif told.tail.seq:
            _claim(found, f"{chain}:{told.tail.seq}:{told.tail.mac.hex()}", "its head")
    segments = segments_in(directory)
    lacking = {each.chain for each in segments} - set(chains_in(directory))
    found.faults += [f"{chain}: its head is missing" for chain in sorted(lacking)]
    walked = [(each, _walked(found, each, keys)) for each in segments]
    for chain, group in groupby(walked, key=lambda each: each[0].chain):
        _check_chain(found, chain, list(group))
    _check_claims(found, segments, keys)
    return Verified(
        chains=len({each.chain for each in segments}),
        segments=len(segments),
        lines=found.lines,
        faults=tuple(found.faults),
        notes=tuple(found.notes),
        heads=found.heads,
    )


def _head(directory: Path, chain: str, keys: AuditKeys) -> Head | None:
    """Read a head, again while its process is writing it; one without a word is of no chain yet."""
    before: bytes | None = None
    for _ in range(HEAD_LOOKS):
        found, now = read_head(directory, chain, keys), head_bytes(directory, chain)
        if found is not None or now == before:
            break
        before = now
    if found is not None:
        return found
    never_was = head_bytes(directory, chain) == b"" and all(e.chain != chain for e in segments_in(directory))
    return Head(segment=0, tail=Tail()) if never_was else None


def _walked(found: _Found, segment: SegmentFile, keys: AuditKeys) -> Walked:
    def heard(seq: int, line: bytes) -> None:
        if line.startswith(b'{"event":"event",') and PRUNED.encode() in line:
            _take_pruned(found, line)

    walked = walk(segment.path, keys, heard)
    found.lines += walked.lines
    for other in walked.opened.get("others", ()):
        _claim(found, str(other), f"segment {segment.name}")
    return walked


def _take_pruned(found: _Found, line: bytes) -> None:
    event = fields_of(line) or {}
    chain, _, number = str(event.get("target")).partition("-")
    if event.get("kind") == PRUNED and number.isdigit():
        found.pruned[chain] = max(found.pruned.get(chain, 0), int(number))


def _check_chain(found: _Found, chain: str, walked: list[tuple[SegmentFile, Walked]]) -> None:
    for segment, each in walked:
        _check_segment(found, segment, each, is_last=segment is walked[-1][0])
    first, last = walked[0], walked[-1]
    found.first[chain] = first[1].opened.get("seq", 0)
    if first[0].number > found.pruned.get(chain, 0) + 1:
        found.faults.append(f"{chain}: the segments before {first[0].name} are missing")
    elif first[0].number > 1:
        found.notes.append(f"{chain}: begins with segment {first[0].name}; those before were pruned")
    for (before, old), (segment, new) in pairwise(walked):
        if segment.number != before.number + 1:
            found.faults.append(f"{chain}: the segments between {before.name} and {segment.name} are missing")
        elif new.opened:
            found.faults += _breaks(before, old, segment, new)
    found.heads[chain] = (last[1].good.seq, last[1].good.mac.hex())


def _check_segment(found: _Found, segment: SegmentFile, walked: Walked, *, is_last: bool) -> None:
    if walked.why:
        found.faults.append(f"{segment.name}: {walked.why}")
        return
    if walked.opened.get("segment") != segment.number or walked.opened.get("chain") != segment.chain:
        found.faults.append(f"{segment.name}: the file has the name of another segment")
    if not walked.bad:
        return
    rest = walked.lines - walked.bad[0] + 1
    if rest == 1 and not _ends_with_break(segment.path):
        # What a process that was killed leaves; nobody was answered on the strength of it.
        found.notes.append(f"{segment.name}: ends with {walked.torn} bytes of a record that was not finished")
        return
    told = ", ".join(map(str, walked.bad[:LINES_TOLD])) + (" …" if len(walked.bad) > LINES_TOLD else "")
    found.faults.append(
        f"{segment.name}: changed, or lines before it removed, moved or added: line {told} of {walked.lines}"
    )


def _breaks(before: SegmentFile, old: Walked, segment: SegmentFile, new: Walked) -> Iterable[str]:
    opened = new.opened
    if old.why or old.key is None:
        return
    if opened["prev"] != old.good.mac.hex():
        if opened["prev"] != old.last.hex():
            yield f"{segment.name}: it does not go on from the end of {before.name}"
    elif opened["seq"] != old.good.seq + 1:
        gap = f"lines {old.good.seq + 1} to {opened['seq'] - 1}"
        yield f"{segment.name}: {gap} of the chain are missing before it"
    elif (opened["prev_bytes"], opened["torn"]) != (old.good_bytes, old.torn):
        yield f"{before.name}: it has {old.size} bytes, and had {opened['prev_bytes'] + opened['torn']}"
    elif opened["torn_sha256"] != torn_digest(before.path, old.good_bytes):
        yield f"{before.name}: the unfinished record at its end was changed"


def _claim(found: _Found, claim: str, by: str) -> None:
    chain, _, rest = claim.partition(":")
    seq, _, mac = rest.partition(":")
    if seq.isdigit() and int(seq):
        found.claims.setdefault(chain, {})[int(seq)] = (mac, by)


def _check_claims(found: _Found, segments: Iterable[SegmentFile], keys: AuditKeys) -> None:
    for chain, claims in sorted(found.claims.items()):
        seen = _seals(chain, set(claims), segments, keys)
        for seq, (mac, by) in sorted(claims.items()):
            if seq < found.first.get(chain, 0) and found.pruned.get(chain):
                continue
            if seen.get(seq) != mac:
                had = found.heads.get(chain, (0, ""))[0]
                gone = f"the chain ends at line {had}" if seq > had else "the chain has another line there"
                found.faults.append(f"{chain}: {by} knows of line {seq}, and {gone}")


def _seals(chain: str, wanted: set[int], segments: Iterable[SegmentFile], keys: AuditKeys) -> dict[int, str]:
    seen: dict[int, str] = {}

    def heard(seq: int, line: bytes) -> None:
        if seq in wanted:
            seen[seq] = line[-67:-3].decode("ascii")

    for segment in segments:
        if segment.chain == chain:
            walk(segment.path, keys, heard)
    return seen


def _ends_with_break(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
