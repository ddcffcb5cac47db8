"""No line of the log holds a secret or what tells of a person, whoever wrote it and however."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.baggage import get_all

from lucky_mcp.telemetry.logs import WARNINGS_MAX, WINDOW_SECONDS, WarningBound, log_to_stderr
from lucky_mcp.telemetry.spans import going_on, sent_by, trace_id

TOKEN = "lk_c4n4ry0000000000000000000000"
CANARIES = {
    "our token": (f"refused {TOKEN} twice", TOKEN),
    "a handle": ("lc_0123abcd_c4n4ryc4n4ryc4n4ry is not the app's", "c4n4ry"),
    "a bearer": ("Authorization: Bearer c4n4ry.abc-123", "c4n4ry"),
    "basic": ("authorization: basic YzRuNHJ5OnB3", "YzRuNHJ5OnB3"),
    "a web token": ("got eyJhbGciOi.eyJzdWIiOiJj.c2lnbmF0dXJl here", "eyJzdWIiOiJj"),
    "a key of AWS": ("with AKIAC4N4RY0000000000", "AKIAC4N4RY0000000000"),
    "a URL": ("cannot reach mysql://reader:c4n4ry-pw@db.internal/x", "c4n4ry-pw"),
    "a password in a DSN": ("host=db user=x password=c4n4ry-pw port=1", "c4n4ry-pw"),
    "a quoted one": ("password='c4n4ry pw' host=db", "c4n4ry pw"),
    "a private key": ("-----BEGIN PRIVATE KEY-----\nMIIc4n4ry\n-----END PRIVATE KEY-----", "MIIc4n4ry"),
    "an address": ("Duplicate entry ann.canary@example.com for key", "ann.canary"),
    "a telephone": ("value (+1 917-555-0142) is not a number", "555-0142"),
    "its digits": ("Truncated value 19175550142", "19175550142"),
    "a card": ("card 4111 1111 1111 1111 refused", "1111 1111"),
}
KEPT = [
    "aws-luckyus-salesorder-rw: replica 2 not asked: 12.5 s behind, over 30 s",
    "policies/datasets/sales.yaml:17: mask-unknown: there is no such mask",
    "digest 2ddbd970f7a62a42 replaces 23b0416184285f7a, 145 sources",
    "stopped at 2026-02-15T12:00:00.000+00:00: too much load",
    "ERROR TIMEOUT r-4be1e6d0c2a94f11 on 10.20.30.40:3306 after 30000 ms",
]
SECRET_NAMES = [
    "password",
    "token",
    "authorization",
    "client_secret",
    "set-cookie",
    "api_key",
    "access_token",
]

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    before, handlers = structlog.get_config(), list(logging.root.handlers)
    logging.root.handlers = []  # a new one, which has written nothing yet
    log_to_stderr()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**before)
    logging.root.handlers = handlers


def own(text: str) -> None:
    structlog.get_logger("x").warning("event", why=text)


def own_event(text: str) -> None:
    structlog.get_logger("x").warning(text)


def nested(text: str) -> None:
    structlog.get_logger("x").warning("event", rows=[{"a": (text, {"b": text})}], failure=ValueError(text))


def a_name(text: str) -> None:
    structlog.get_logger("x").warning("event", by={text: 1})


def of_a_library(text: str) -> None:
    logging.getLogger("uvicorn.error").warning("it says %s", text)


def raised(text: str) -> None:
    try:
        try:
            raise KeyError(text)
        except KeyError as failure:
            raise RuntimeError(f"because of {text}") from failure
    except RuntimeError:
        structlog.get_logger("x").exception("defect")


def raised_in_a_library(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("fastmcp.server").exception("it failed")


@pytest.mark.parametrize(
    "write",
    [own, own_event, nested, a_name, of_a_library, raised, raised_in_a_library],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("canary", list(CANARIES))
def test_a_canary_is_gone(canary: str, write: Callable[[str], None], lines: Lines) -> None:
    text, secret = CANARIES[canary]
    write(text)
    (line,) = lines()
    shown = json.dumps(line, ensure_ascii=False)
    assert secret not in shown and line["level"] in {"warning", "error"}
    assert any(word in shown for word in ("[secret]", "[email]", "[number]", "…"))


@pytest.mark.parametrize("text", KEPT)
@pytest.mark.parametrize("write", [own, own_event, of_a_library], ids=lambda f: f.__name__)
def test_what_operators_need_stays(text: str, write: Callable[[str], None], lines: Lines) -> None:
    write(text)
    (line,) = lines()
    assert text in " ".join(str(value) for value in line.values())


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_what_is_called_a_secret_is_one(name: str, lines: Lines) -> None:
    structlog.get_logger("x").warning(
        "event", **{name: "c4n4ry", "inside": {name: ["c4n4ry"]}, "source": "salesorder"}
    )
    (line,) = lines()
    assert "c4n4ry" not in json.dumps(line)
    assert line["source"] == "salesorder"


def test_an_exception_says_where_and_not_what(lines: Lines) -> None:
    """The value that a driver quotes may be a hidden one, and look like nothing in particular."""
    raised("Incorrect integer value: 'Ann Canary' for column `c`")
    (line,) = lines()
    assert "Canary" not in line["exception"]
    assert (
        "KeyError" in line["exception"] and "RuntimeError: because of Incorrect integer" in line["exception"]
    )
    assert "test_log_scrub.py" in line["exception"] and "led to" in line["exception"]


def test_a_line_that_cannot_be_written_is_told_of_without_what_it_held(lines: Lines) -> None:
    """The library's own way prints the arguments, the message and a traceback."""

    class Broken:
        def __str__(self) -> str:
            raise LookupError("c4n4ry in the failure")

    # Of our handler alone: those that the test runner puts beside it raise.
    (ours,) = (each for each in logging.root.handlers if type(each).__module__ == "lucky_mcp.telemetry.logs")
    said = ("%s with c4n4ry %s", (Broken(), "c4n4ry too"))
    ours.handle(logging.LogRecord("a.library", logging.WARNING, "", 1, *said, None))
    assert lines() == [
        {"event": "a log line could not be written", "logger": "a.library", "why": "LookupError"}
    ]


def test_numbers_stay_numbers_and_lines_have_their_time(lines: Lines) -> None:
    structlog.get_logger("x").warning("event", size=123456789, ok=True, data=b"c4n4ry", at=None)
    (line,) = lines()
    assert (line["size"], line["ok"], line["data"], line["at"]) == (123456789, True, "6 bytes", None)
    assert line["timestamp"].endswith("Z")


def test_a_long_text_is_cut(lines: Lines) -> None:
    own("x" * 100_000)
    (line,) = lines()
    assert len(line["why"]) < 9_000 and "100,000 characters" in line["why"]


def test_warnings_that_anybody_can_cause_do_not_fill_the_disk(lines: Lines) -> None:
    library = logging.getLogger("uvicorn.error")
    for number in range(5 * WARNINGS_MAX):
        library.warning("Invalid HTTP request received.")
        library.warning(f"Another one, in words of its own: {number}")
        library.error("Exception in ASGI application")
    assert Counter(line["level"] for line in lines()) == {
        "warning": 2 * WARNINGS_MAX,
        "error": 5 * WARNINGS_MAX,
    }


def test_a_minute_later_there_are_warnings_again() -> None:
    seconds = 0.0
    bound = WarningBound(lambda: seconds)
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "h11.py", 7, "Invalid", (), None)
    assert [bound.filter(record) for _ in range(WARNINGS_MAX + 1)] == [True] * WARNINGS_MAX + [False]
    seconds = WINDOW_SECONDS
    assert bound.filter(record)


def test_of_what_a_caller_sends_only_its_trace_is_read(caplog: pytest.LogCaptureFixture) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "baggage": "c4n4ry=1," + "x" * 9_000}
    with going_on(sent_by(sent)):
        assert trace_id() == trace
        assert get_all() == {}
    assert caplog.text == ""
