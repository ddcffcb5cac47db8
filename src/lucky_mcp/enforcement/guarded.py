"""The only values an adapter accepts, and the only place that makes them."""

from __future__ import annotations

from dataclasses import InitVar, dataclass

from lucky_mcp.decision.keys import KeyDecision, KeyRights
from lucky_mcp.enforcement.mark import Mark
from lucky_mcp.enforcement.result_names import ResultNames
from lucky_mcp.model.decision import Bound
from lucky_mcp.model.names import TableName
from lucky_mcp.model.probe import Probe
from lucky_mcp.model.request import KeyAsk
from lucky_mcp.model.source import Source

_SEAL = object()
NAMED_BY_SERVER = ResultNames()


@dataclass(frozen=True, kw_only=True)
class GuardedSql:
    """A statement whose every scan is filtered, masked and bounded, verified as text.

    `text_agent` is in the dialect that agents write, `text` in the engine's, `text_fenced` the same
    with a barrier at every scan (see `guard_scans.fence`). With `always_fenced` both are the latter.
    `holds_time`: the time of the preparation was put into the text, or a required range was measured by it;
    either is good for that time alone. `needs_token_key`: a masked column is shown as a token.
    `names` are those of the result's columns, where the server may mix them up.
    The seal is an InitVar so that `dataclasses.replace` cannot carry it over to a changed text.
    """

    source: Source
    text_agent: str
    text: str
    text_fenced: str
    bound: Bound
    rows_max: int
    always_fenced: bool
    holds_time: bool
    needs_token_key: bool
    names: ResultNames
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a GuardedSql is made by enforcement alone")

    @property
    def cost_explorer_calls(self) -> int:
        """No engine of SQL calls it."""
        return 0

    @property
    def text_sent(self) -> str:
        """The text that the engine gets first, and as a rule alone."""
        return self.text_fenced if self.always_fenced else self.text


@dataclass(frozen=True, kw_only=True)
class GuardedProbe:
    """A question of the closed list to the server of `source`, about the server itself.

    `read` is what is to be explained, in the words of `text` where it is not its own; `tables` are those
    whose sizes are asked for.
    """

    source: Source
    question: Probe
    read: GuardedSql | None = None
    tables: tuple[TableName, ...] = ()
    text: str = ""
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a GuardedProbe is made by enforcement alone")


@dataclass(frozen=True, kw_only=True)
class GuardedKeys:
    """A read of one key, a look over the keys of a source, or a question how its server is.

    `key` is the name of the one key and `decision` what is shown of it; `rights` say the same of every name
    that a look over the keys comes across, of which those that match `pattern` as they are shown are listed.
    """

    source: Source
    ask: KeyAsk
    bound: Bound
    rows_max: int
    rights: KeyRights
    key: str = ""
    field: str | None = None
    pattern: str = "*"
    decision: KeyDecision | None = None
    needs_token_key: bool = False
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a GuardedKeys is made by enforcement alone")

    @property
    def always_fenced(self) -> bool:
        """There is one form of it."""
        return False

    @property
    def cost_explorer_calls(self) -> int:
        """No cluster calls it."""
        return 0


GuardedRead = GuardedSql | GuardedKeys
"""What an adapter runs. `cost_explorer_calls` are those that it may make for it, which are paid before."""


def seal_keys(
    *,
    source: Source,
    ask: KeyAsk,
    bound: Bound,
    rows_max: int,
    rights: KeyRights,
    key: str = "",
    field: str | None = None,
    pattern: str = "*",
    decision: KeyDecision | None = None,
) -> GuardedKeys:
    """Seal a read of keys; called by `keys` after it was decided."""
    return GuardedKeys(
        source=source,
        ask=ask,
        bound=bound,
        rows_max=rows_max,
        rights=rights,
        key=key,
        field=field,
        pattern=pattern,
        decision=decision,
        needs_token_key=rights.masks,
        seal=_SEAL,
    )


def seal_probe(
    *,
    source: Source,
    question: Probe,
    read: GuardedSql | None = None,
    tables: tuple[TableName, ...] = (),
    text: str = "",
) -> GuardedProbe:
    """Seal a question; called by `probes`."""
    return GuardedProbe(source=source, question=question, read=read, tables=tables, text=text, seal=_SEAL)


def marked(read: GuardedSql, mark: Mark) -> GuardedSql:
    """Return the read with the mark's comment in front of both texts, for a server's own lists and logs."""
    return GuardedSql(
        source=read.source,
        text_agent=read.text_agent,
        text=mark.comment + read.text,
        text_fenced=mark.comment + read.text_fenced,
        bound=read.bound,
        rows_max=read.rows_max,
        always_fenced=read.always_fenced,
        holds_time=read.holds_time,
        needs_token_key=read.needs_token_key,
        names=read.names,
        seal=_SEAL,
    )


def seal_sql(
    *,
    source: Source,
    text_agent: str,
    text: str,
    text_fenced: str,
    bound: Bound,
    rows_max: int,
    always_fenced: bool,
    holds_time: bool,
    needs_token_key: bool = False,
    names: ResultNames = NAMED_BY_SERVER,
) -> GuardedSql:
    """Seal a verified statement; called by `enforce` after `verify` has passed both texts."""
    return GuardedSql(
        source=source,
        text_agent=text_agent,
        text=text,
        text_fenced=text_fenced,
        bound=bound,
        rows_max=rows_max,
        always_fenced=always_fenced,
        holds_time=holds_time,
        needs_token_key=needs_token_key,
        names=names,
        seal=_SEAL,
    )
