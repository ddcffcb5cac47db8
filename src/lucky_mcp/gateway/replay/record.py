"""Questions out of logs as recordings: scrubbed, asked again as they are then, written with that verdict."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lucky_mcp.audit.read_log import Asked
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.gateway.replay.asking import Asking
from lucky_mcp.gateway.replay.recordings import PERMIT, RecordedLine
from lucky_mcp.gateway.replay.scrub import Scrubber
from lucky_mcp.gateway.review.stand_ins import attribute_stand_ins

NOBODY = "recorded"


@dataclass(frozen=True, kw_only=True)
class Written:
    """How many recordings were written, and how many questions could not be scrubbed and were left out."""

    recordings: int
    left_out: int


async def record(questions: Iterable[Asked], asking: Asking, path: Path) -> Written:
    """Write the questions to a new file; ConfigurationError when it is there already or cannot be written.

    Who asked is not written, only the roles. Texts that are the same once scrubbed are one recording.
    """
    found: dict[Hashable, RecordedLine] = {}
    left_out = 0
    for each in questions:
        made = await _recording(each, asking)
        if made is None:
            left_out += 1
            continue
        key = (made.roles, made.app_roles, made.source, made.sql)
        known = found.get(key)
        found[key] = made if known is None else known.model_copy(update={"times": known.times + made.times})
    try:
        with path.open("x", encoding="utf-8") as file:
            for line in found.values():
                file.write(f"{line.model_dump_json(exclude_defaults=True)}\n")
    except OSError as failure:
        raise ConfigurationError(f"{path}: the recordings cannot be written ({failure.strerror})") from None
    return Written(recordings=len(found), left_out=left_out)


async def _recording(asked: Asked, asking: Asking) -> RecordedLine | None:
    source = asking.policies.source(asked.source)
    if source is None:
        return None
    attributes = {name: tuple(values) for name, values in attribute_stand_ins(asking.policies).items()}
    caller = asked.caller(NOBODY, attributes)
    sql = Scrubber(asking.gateway().view()).scrubbed(caller, source, asked.sql)
    if sql is None:
        return None
    answer = await asking.ask(caller, source.name, sql)
    is_permit = answer.verdict == PERMIT
    return RecordedLine(
        principal=NOBODY,
        roles=asked.roles,
        app_roles=asked.app_roles,
        attributes=attributes,
        source=source.name,
        sql=sql,
        verdict=answer.verdict,
        filters=answer.filters if is_permit else None,
        masks=answer.masks if is_permit else None,
        times=asked.times,
    )
