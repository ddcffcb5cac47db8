"""The recogniser finds a token in every encoding that it claims, and finds none in what the gateway says anyway."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest

from tests.attacks.canaries import Recogniser, digits, token

RECEIPT = "OK 3 rows · aws-luckyus-salescrm-rw · 18 ms · filters us-market · masked phone:last4 · receipt r-7f3a00bb"
TEXT, NUMBER = token(Random("text")), digits(Random("number"))
SECRET, DAY = "/tmp/elsewhere/s", "1907-03-11"
RECOGNISER = Recogniser(values=frozenset({SECRET, DAY}), texts=[TEXT, NUMBER])


def below(*lines: str) -> str:
    return "\n".join([RECEIPT, "n", *lines])


def json_rows(text: str) -> str:
    return RECEIPT + "\n" + json.dumps([{"n": n, "c": c} for n, c in enumerate(text)], indent=1)


def each_in_a_row(write: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: below(*(f"{n},{write(each)},x" for n, each in enumerate(text)))


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": below,
    "upper case": lambda text: below(text.upper()),
    "mixed case": lambda text: below("".join(c.upper() if n % 2 else c for n, c in enumerate(text))),
    "reversed": lambda text: below(text[::-1]),
    "full width": lambda text: below("".join(chr(ord(each) + 0xFEE0) for each in text)),
    "a piece": lambda text: below(text[2:11]),
    "in a sentence": lambda text: below(f"ERROR QUERY_FAILED: invalid value {text!r} in a cast"),
    "in the first line": lambda text: f"{RECEIPT} · masked {text}:last4",
    "in a column's name": lambda text: f"{RECEIPT}\nid,{text}\n1,2",
    "hex": lambda text: below(text.encode().hex()),
    "HEX": lambda text: below(text.encode().hex().upper()),
    "hex reversed": lambda text: below(text.encode().hex()[::-1]),
    "hex with 0x": lambda text: below("0x" + text.encode().hex()),
    "bytea": lambda text: below("\\x" + text.encode().hex()),
    "hex in bytes apart": lambda text: below(text.encode().hex(" ")),
    "hex escapes": lambda text: below("".join(f"\\x{ord(each):02x}" for each in text)),
    "unicode escapes": lambda text: below("".join(f"\\u{ord(each):04x}" for each in text)),
    "two bytes each": lambda text: below(text.encode("utf-16-be").hex()),
    "percent": lambda text: below("".join(f"%{ord(each):02X}" for each in text)),
    "percent, twice": lambda text: below(quote("".join(f"%{ord(each):02X}" for each in text))),
    "entities": lambda text: below("".join(f"&#{ord(each)};" for each in text)),
    "hex entities": lambda text: below("".join(f"&#x{ord(each):x};" for each in text)),
    "codes": lambda text: below(" ".join(str(ord(each)) for each in text)),
    "codes in a list": lambda text: below(json.dumps([ord(each) for each in text])),
    "codes without blanks": lambda text: below("".join(str(ord(each)) for each in text)),
    "codes of upper case": lambda text: below(",".join(str(ord(each)) for each in text.upper())),
    "octal": lambda text: below("".join(f"\\{ord(each):o}" for each in text)),
    "binary": lambda text: below("".join(f"{ord(each):08b}" for each in text)),
    "base64": lambda text: below(base64.b64encode(text.encode()).decode()),
    "base64 without padding": lambda text: below(base64.b64encode(text.encode()).decode().rstrip("=")),
    "base64 behind a letter": lambda text: below(base64.b64encode(f"a{text}".encode()).decode()),
    "base64 behind two letters": lambda text: below(base64.b64encode(f"ab{text}".encode()).decode()),
    "base64 for addresses": lambda text: below(base64.urlsafe_b64encode(text.encode()).decode()),
    "base64 reversed": lambda text: below(base64.b64encode(text.encode()).decode()[::-1]),
    "base32": lambda text: below(base64.b32encode(text.encode()).decode()),
    "md5": lambda text: below(hashlib.md5(text.encode()).hexdigest()),
    "SHA256": lambda text: below(hashlib.sha256(text.encode()).hexdigest().upper()),
    "sha1": lambda text: below(hashlib.sha1(text.encode()).hexdigest()),
    "sha512": lambda text: below(hashlib.sha512(text.encode()).hexdigest()),
    "split over cells": lambda text: below(",".join(text)),
    "split over two cells": lambda text: below(f"{text[:3]},{text[3:7]},{text[7:]}"),
    "split by dashes": lambda text: below("-".join(text)),
    "one character per row": each_in_a_row(str),
    "one code per row": each_in_a_row(lambda each: str(ord(each))),
    "one hex code per row": each_in_a_row(lambda each: f"{ord(each):02x}"),
    "one row of markdown per character": lambda text: below(
        *(f"| {n} | {each} |" for n, each in enumerate(text))
    ),
    "one JSON row per character": lambda text: json_rows(text),
    "upwards": lambda text: below(*(f"{n},{each}" for n, each in enumerate(reversed(text)))),
}
OF_LETTERS: dict[str, Callable[[str], str]] = {
    "rot13": lambda text: below(codecs.encode(text, "rot13")),
    "rot13 in upper case": lambda text: below(codecs.encode(text.upper(), "rot13")),
    "rot13, one per row": each_in_a_row(lambda each: codecs.encode(each, "rot13")),
}


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("planted", [TEXT, NUMBER], ids=["letters", "digits"])
def test_a_planted_token_is_found(name: str, planted: str) -> None:
    assert RECOGNISER.found(ENCODINGS[name](planted))


@pytest.mark.parametrize("name", OF_LETTERS)
def test_shifted_letters_are_found(name: str) -> None:
    assert RECOGNISER.found(OF_LETTERS[name](TEXT))


@pytest.mark.parametrize("value", [SECRET, SECRET.upper(), DAY, DAY.replace("-", "")])
def test_a_value_that_is_no_token_is_found(value: str) -> None:
    assert RECOGNISER.found(below(f"a {value} b"))


@pytest.mark.parametrize(
    "text",
    [
        RECEIPT,
        below("7,100000000001,5.50", "8,100000000002,4.84", "9,100000000003,8.44"),
        below("u-1,***-0199,tok_email_0123456789abcdef", "u-2,***-4848,tok_email_fedcba9876543210"),
        below("Broadway,2026-02-14T08:48:44-05:00", "少冰,", "quick zebra jazz vex,"),
        below("Columbus Ave & 84th,-73.98484,40.78484", "x", "k", "q", "z"),
        "ERROR UNKNOWN_NAME: there is no table like that; nearest: luckyus_sales_crm.t_user",
    ],
)
def test_what_holds_no_token_is_let_be(text: str) -> None:
    assert RECOGNISER.found(text) == ""
