"""A cut-over by its logs: what would be answered as it is, filtered, masked or refused, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lucky_mcp.audit.read_log import Asked, as_one
from lucky_mcp.gateway.replay.asking import Answer, Asking
from lucky_mcp.gateway.replay.recordings import PERMIT
from lucky_mcp.gateway.review.reasons import reasons
from lucky_mcp.gateway.review.stand_ins import attribute_stand_ins
from lucky_mcp.gateway.review.timed_diff import people_named
from lucky_mcp.model.principal import Principal
from lucky_mcp.sql.dialects import GRAMMARS
from lucky_mcp.sql.literals import shape_of

AS_IS, CHANGED, REFUSED = "answered as it is", "filtered or masked", "refused"
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why statements are refused, and what to do: a rule for reviewers, or another text for who asks."""

    code: str
    what: str
    fix: str
    times: int


@dataclass(frozen=True, kw_only=True)
class Refused:
    """One shape of statement that is refused; `sql` has `?` for each literal, as has `instead`."""

    source: str
    roles: tuple[str, ...]
    code: str
    sql: str
    fix: str
    instead: str
    times: int


@dataclass(frozen=True, kw_only=True)
class TableUse:
    """What would become of the statements that read one table; refused ones count where they name it."""

    source: str
    table: str
    answered: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class Cutover:
    """The report: every count is of statements as often as they were asked, the largest first.

    `otherwise` counts those of an audit log that would end otherwise than they did.
    """

    statements: int
    distinct: int
    verdicts: Mapping[str, int]
    codes: Mapping[str, int]
    reasons: tuple[Reason, ...]
    refused: tuple[Refused, ...]
    tables: tuple[TableUse, ...]
    filters: Mapping[str, int]
    masks: Mapping[str, int]
    otherwise: int


class _Tally:
    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.reasons: Counter[tuple[str, str, str]] = Counter()
        self.refused: Counter[tuple[str, tuple[str, ...], str, str, str, str]] = Counter()
        self.answered_tables: Counter[tuple[str, str]] = Counter()
        self.refused_tables: Counter[tuple[str, str]] = Counter()
        self.filters: Counter[str] = Counter()
        self.masks: Counter[str] = Counter()
        self.otherwise = 0


async def cutover(questions: Iterable[Asked], asking: Asking, progress: Progress) -> Cutover:
    """Ask every question of the policies alone; no source is opened."""
    tally, distinct = _Tally(), 0
    attributes = attribute_stand_ins(asking.policies)
    for distinct, each in enumerate(as_one(questions, people_named(asking.policies)), start=1):
        caller = each.caller(each.person or "cut-over", attributes)
        answer = await asking.ask(caller, each.source, each.sql)
        if each.outcome and (each.outcome == "ok") != (answer.verdict == PERMIT):
            tally.otherwise += each.times
        if answer.verdict == PERMIT:
            _count_answered(tally, each, answer)
        else:
            _count_refused(tally, each, answer, asking, caller)
        progress(distinct)
    return _report(tally, distinct)


def _count_answered(tally: _Tally, asked: Asked, answer: Answer) -> None:
    tally.verdicts[CHANGED if answer.filters or answer.masks else AS_IS] += asked.times
    tally.answered_tables.update(dict.fromkeys(((asked.source, each) for each in answer.tables), asked.times))
    tally.filters.update(dict.fromkeys(answer.filters, asked.times))
    tally.masks.update(dict.fromkeys(answer.masks, asked.times))


def _count_refused(tally: _Tally, asked: Asked, answer: Answer, asking: Asking, caller: Principal) -> None:
    tally.verdicts[REFUSED] += asked.times
    tally.codes[answer.verdict] += asked.times
    found = reasons(asking.gateway().view(), caller, asked.source, asked.sql, answer)
    for reason in found.causes:
        tally.reasons[answer.verdict, reason.what, reason.fix] += asked.times
    source = asking.policies.source(asked.source)
    tally.refused_tables.update(dict.fromkeys(((asked.source, table) for table in found.tables), asked.times))
    if source is None:
        return
    grammar = GRAMMARS[source.dialect]
    shape = shape_of(asked.sql, grammar) or "(a text that has no tokens)"
    instead = shape_of(answer.rewrite, grammar) if answer.rewrite else ""
    key = (source.name, asked.roles, answer.verdict, shape, found.causes[0].fix, instead)
    tally.refused[key] += asked.times


def _report(tally: _Tally, distinct: int) -> Cutover:
    tables = tally.answered_tables + tally.refused_tables
    return Cutover(
        statements=tally.verdicts.total(),
        distinct=distinct,
        verdicts={each: tally.verdicts[each] for each in (AS_IS, CHANGED, REFUSED)},
        codes=dict(tally.codes.most_common()),
        reasons=tuple(
            Reason(code=code, what=what, fix=fix, times=times)
            for (code, what, fix), times in tally.reasons.most_common()
        ),
        refused=tuple(
            Refused(source=source, roles=roles, code=code, sql=sql, fix=fix, instead=instead, times=times)
            for (source, roles, code, sql, fix, instead), times in tally.refused.most_common()
        ),
        tables=tuple(
            TableUse(
                source=key[0],
                table=key[1],
                answered=tally.answered_tables[key],
                refused=tally.refused_tables[key],
            )
            for key, _ in tables.most_common()
        ),
        filters=dict(tally.filters.most_common()),
        masks=dict(tally.masks.most_common()),
        otherwise=tally.otherwise,
    )
