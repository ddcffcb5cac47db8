"""From a technique to calls, and from the answers in two worlds to a verdict."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from tests.attacks.canaries import Recogniser
from tests.attacks.houses import SEES_TOKENS, TIMEOUT_MS, House, Said
from tests.attacks.laden import laden
from tests.attacks.techniques import Technique

ANSWER_BYTES_MAX = 400_000
"""More than any role's `bytes_max` with quotes and receipt."""
SECONDS_MAX = TIMEOUT_MS / 1000 + 20.0
"""The time limit of a read, and what a machine that is busy with other things may add."""
DEFECT = "the server met a defect of its own"
_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Tried:
    """What came of a technique on one engine: `wrong` says what was told, "" when nothing."""

    technique: Technique
    engine: str
    wrong: str = ""
    refused: bool = False
    sql: str = ""
    calls: int = 0


MADE: Mapping[str, str] = {
    "many": ", ".join(f"'V{number}'" for number in range(4000)),
    "ors": " OR ".join(f"user_no = 'V{number}'" for number in range(1500)),
    "long": "x" * 200_000,
    "deep": "(" * 2000 + "1" + ")" * 2000,
    "cases": "CASE WHEN 1 = 1 THEN " * 400 + "1" + " END" * 400,
    "nots": "NOT " * 3000,
    "minuses": "- " * 3000,
    "subqueries": "SELECT * FROM (" * 300
    + "SELECT 1 AS n"
    + "".join(f") x{number}" for number in range(300)),
    "unions": "UNION ALL SELECT 1 " * 2000,
    "joins": " ".join(
        f"JOIN t_user a{n} ON a{n}.user_no = a{n - 1}.user_no AND a{n}.phone >= a0.phone"
        for n in range(1, 40)
    ),
    "columns": ", ".join(f"user_no AS c{number}" for number in range(1500)),
    "ctes": " ".join(f", c{n} AS (SELECT a.n FROM c{n - 1} a, c{n - 1} b)" for n in range(1, 25)),
}
"""Texts that are too long to be written down."""


def wrong_guess(right: str) -> str:
    """Return a value of the same form that is true of nobody."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", right):
        return f"{int(right[:4]) - 1}{right[4:]}"
    swapped = right.translate(str.maketrans("84qjxzvkQJXZVK01", "48jxzvkqJXZVKQ10"))
    return swapped if swapped != right else right[::-1]


def filled(text: str, places: Mapping[str, str]) -> str:
    """Put facts into their places; other braces stay."""
    return _PLACE.sub(lambda each: places.get(each[1], each[0]), text)


async def tried(
    technique: Technique, a: House, others: Mapping[str, House], text: str | None = None
) -> Tried:
    """Ask in world `a` and in the neighbour that the role cannot tell from it; judge what is told.

    `text` is a mutation of the technique's own.
    """
    role = technique.role
    other = others["b"] if role in SEES_TOKENS or "c" not in others else others["c"]
    asked = technique.text(a.engine) if text is None else text
    facts = dict(laden("a").facts) | a.places | MADE
    guesses = [facts[technique.guess]] if technique.guess else [""]
    if technique.guess:
        guesses.append(wrong_guess(guesses[0]))
    told: list[str] = []
    refused = False
    for guess in guesses:
        places = facts | {"guess": guess}
        here = await _asked(technique, a, asked, places)
        # What ends by the time limit ends where it happens to be: it is not compared.
        there = here if technique.effect == "takes" else await _asked(technique, other, asked, places)
        refused = here[-1].is_error
        if wrong := _judged(technique, here, there, guesses, asked):
            return Tried(technique, a.engine, wrong, refused, filled(asked, places))
        told.append(_without(comparable(here[-1], asked), guesses))
    if technique.guess and not technique.varies and told[0] != told[1]:
        return Tried(technique, a.engine, f"guesses differ:\n{told[0]}\n{told[1]}", refused, asked)
    return Tried(technique, a.engine, "", refused, asked)


async def _asked(technique: Technique, house: House, text: str, places: Mapping[str, str]) -> list[Said]:
    said = []
    for each in (*technique.first, text):
        arguments = {
            name: filled(value, places) if isinstance(value, str) else value
            for name, value in technique.arguments.items()
        }
        if technique.tool in {"run_query", "check_query"}:
            arguments = {"source": technique.source, "sql": filled(each, places), **arguments}
        begun = time.monotonic()
        answer = await house.call(technique.role, technique.tool, arguments)
        if time.monotonic() - begun > SECONDS_MAX:
            answer = Said(answer.is_error, f"{answer.text}\ntook too long")
        said.append(answer)
    return said


def comparable(said: Said, text: str) -> str:
    """Return the lasting text; with its rows sorted where no ORDER BY settles their order."""
    first, *rows = said.lasting.splitlines()
    return "\n".join([first, *(rows if is_ordered(text) else sorted(rows))])


def is_ordered(text: str) -> bool:
    """Whether ORDER BY stands outside all parentheses."""
    bare = re.sub(r"'(?:[^']|'')*'|/\*.*?\*/|--[^\n]*", "", text, flags=re.DOTALL)
    while (less := re.sub(r"\([^()]*\)", " ", bare)) != bare:
        bare = less
    return re.search(r"\border\s+by\b", bare, re.IGNORECASE) is not None


def _judged(technique: Technique, here: list[Said], there: list[Said], guesses: list[str], text: str) -> str:
    for one, two in zip(here, there, strict=True):
        for said in (one, two):
            shown = _without(said.lasting, guesses)
            if found := token_in(shown) or next(
                (f"value {each}" for each in technique.never if each in shown), ""
            ):
                return f"told {found}\n{said.text[:600]}"
            if len(said.text.encode()) > ANSWER_BYTES_MAX:
                return f"{len(said.text)} characters in one answer"
            if said.text.endswith("took too long") or DEFECT in said.text:
                return said.text[-600:]
        if not technique.varies and comparable(one, text) != comparable(two, text):
            return f"the worlds differ:\n{one.lasting[:600]}\n{two.lasting[:600]}"
    return ""


@cache
def recogniser() -> Recogniser:
    """Return what finds hidden values of world `a`, and tokens of every world."""
    return laden("a").hidden


@lru_cache(maxsize=4096)
def token_in(text: str) -> str:
    """Return how a hidden value is told in a text; "" when none is. Most worlds answer alike."""
    return recogniser().found(text)


def _without(text: str, guesses: list[str]) -> str:
    """Leave out what the attacker wrote: an echo of a guess tells nothing."""
    for guess in filter(None, guesses):
        text = re.sub(re.escape(guess), "", text, flags=re.IGNORECASE)
    return text
