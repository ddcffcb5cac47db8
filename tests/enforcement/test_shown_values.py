"""Values of keys: whatever spelling a document has, what its fields hide is not in what is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lucky_mcp.decision.keys import KeyDecision, decided_key, key_rights
from lucky_mcp.enforcement.shown_values import UNREADABLE, shown_field, shown_value
from lucky_mcp.errors import ConfigurationError
from lucky_mcp.policy.policy_set import PolicySet
from tests.support.cases import CASES
from tests.support.house import ENGINEER
from tests.support.keyed import CLUSTER, embedded, ruled

TEXTS: list[Mapping[str, str]] = YAML(typ="safe").load((CASES / "keys" / "texts.yaml").read_text("utf-8"))
RULES = """
keys:
  - {id: values, why: t, pattern: "v:{id:digits}", types: [string], parts: {id: {}}, roles: [data_engineer], value: {}}
  - {id: hashes, why: t, pattern: "h:{id:digits}", types: [hash], parts: {id: {}}, roles: [data_engineer], fields: {text: {}}}
  - {id: fields, why: t, pattern: "f:{id:digits}", types: [string], parts: {id: {}}, roles: [data_engineer],
     fields: {text: {}, contact: {tags: [pii.phone]}}}
"""
CUSTOMER = {"phone": "12125550123", "email": "ann@mail.example", "password": "hunter2", "city": "New York"}
RAW = ("12125550123", "ann@mail", "hunter2")
DOCUMENT = json.dumps(CUSTOMER)
MASKED = '{"phone":"***-***-0123","email":"***@mail.example","city":"New York"}'


def quoted(times: int) -> str:
    """The document as a JSON text within a JSON text."""
    text = DOCUMENT
    for _ in range(times):
        text = json.dumps(text)
    return text


READ = {
    "as it is": DOCUMENT,
    "a blank before": " " + DOCUMENT,
    "a line before": "\n" + DOCUMENT,
    "a mark of byte order": "\ufeff" + DOCUMENT,
    "a blank of no width in a line": "\u00a0\u2028" + DOCUMENT,
    "NUL behind": DOCUMENT + "\0",
    "control characters within": DOCUMENT.replace("New York", "New York\n").replace("York\n", "York"),
    "a line each": f"{DOCUMENT}\n{DOCUMENT}",
    "one after the other": DOCUMENT + DOCUMENT,
    "a sequence of documents": f"\x1e{DOCUMENT}\n\x1e{DOCUMENT}\n",
    "a number before": f"1 {DOCUMENT}",
    "a text": quoted(1),
    "a text in a text": quoted(2),
    "a text in many": quoted(6),
    "a text with a blank": json.dumps(" " + quoted(1)),
    "in a list": f"[[{quoted(2)}]]",
}
DEEP = 100_000
NOT_READ = {
    "a long number": DOCUMENT[:-1] + ', "n": ' + "9" * 5_000 + "}",
    "deep lists": "[" * DEEP + DOCUMENT + "]" * DEEP,
    "deep lists of numbers": "[" * DEEP + "12125550123" + "]" * DEEP,
    "deep objects": '{"a":' * DEEP + DOCUMENT + "}" * DEEP,
    "a text around deep lists": json.dumps("[" * DEEP + DOCUMENT + "]" * DEEP),
    "Python": repr(CUSTOMER),
    "many names": ", ".join(f"w{number}" for number in range(5_000)) + " hunter2",
}


@pytest.fixture(scope="module")
def decided(
    demo_policies: PolicySet, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], KeyDecision]:
    """What an engineer may see of a key of that name."""
    folder = tmp_path_factory.mktemp("keys")
    policies = ruled(demo_policies, embedded(folder, []), folder, RULES)
    rights = key_rights(ENGINEER, policies.sources[CLUSTER], policies)

    def of(name: str) -> KeyDecision:
        found = decided_key(rights, name)
        assert found is not None
        return found

    return of


def value(decision: KeyDecision, text: str, *, is_whole: bool = True) -> str:
    seen = shown_value(decision, text.encode(), is_whole=is_whole, token_key="k")
    assert seen is not None and seen.was_cut is not is_whole
    return seen.text


def field(decision: KeyDecision, text: str) -> str:
    seen = shown_field(decision, b"text", text.encode(), token_key="k")
    assert seen is not None
    return seen.text


def everywhere(decided: Callable[[str], KeyDecision], text: str) -> list[str]:
    """The text as it is shown where it is a value, the field of a hash, and a field of a document."""
    in_fields = value(decided("f:1"), " " + json.dumps({"text": text}))
    below = value(decided("f:1"), json.dumps({"text": {"inner": [text]}}))
    told = json.loads(below)["text"]["inner"]
    return [value(decided("v:1"), text), field(decided("h:1"), text), json.loads(in_fields)["text"], *told]


@pytest.mark.parametrize("name", READ)
def test_a_document_is_shown_by_its_fields(name: str, decided: Callable[[str], KeyDecision]) -> None:
    for shown in everywhere(decided, READ[name]):
        assert not [each for each in RAW if each in shown]
        assert "0123" in shown and "New York" in shown
    if READ[name].strip(" \n\ufeff\0\u00a0\u2028") == DOCUMENT:
        assert value(decided("v:1"), READ[name]) == MASKED


@pytest.mark.parametrize("name", NOT_READ)
def test_what_cannot_be_read_is_not_shown(name: str, decided: Callable[[str], KeyDecision]) -> None:
    for shown in everywhere(decided, NOT_READ[name]):
        assert shown.strip('"') == UNREADABLE


@pytest.mark.parametrize("name", [*READ, *NOT_READ])
def test_what_was_cut_is_not_shown(name: str, decided: Callable[[str], KeyDecision]) -> None:
    assert value(decided("v:1"), (READ | NOT_READ)[name], is_whole=False) == UNREADABLE


def test_a_plain_text_that_was_cut_is_shown(decided: Callable[[str], KeyDecision]) -> None:
    assert value(decided("v:1"), "Coconut Latte " * 9, is_whole=False) == "Coconut Latte " * 9


@pytest.mark.parametrize("name", READ)
def test_documents_in_texts_have_their_fields_by_rule(
    name: str, decided: Callable[[str], KeyDecision]
) -> None:
    """A string that is shown by its fields is read in every spelling; what is not listed is left out."""
    seen = shown_value(decided("f:1"), READ[name].encode(), is_whole=True, token_key="k")
    assert seen is not None and not [each for each in (*RAW, "New York") if each in seen.text]


def test_a_field_of_the_rule_is_known_in_a_text(decided: Callable[[str], KeyDecision]) -> None:
    assert "0123" not in value(decided("f:1"), json.dumps({"text": "contact=12125550123"}))


PAIRS = {
    '{"name":"password","text":"hunter2"}': None,
    '{"name":"phone","text":"12125550123"}': '{"text":"***-***-0123"}',
    '{"name":"contact","text":"12125550123"}': '{"text":"***-***-0123"}',
    '{"name":"phone","value":"12125550123"}': None,  # what is not listed stays absent
    '{"text":[{"name":"contact","value":"12125550123"}]}': '{"text":[{"name":"contact","value":"***-***-0123"}]}',
    '{"type":"phone","contact":"12125550123"}': '{"contact":"***-***-0123"}',
    '{"name":"size","text":"hunter2"}': '{"text":"hunter2"}',
}


@pytest.mark.parametrize("text", PAIRS)
def test_a_pair_where_fields_are_listed(text: str, decided: Callable[[str], KeyDecision]) -> None:
    seen = shown_value(decided("f:1"), text.encode(), is_whole=True, token_key="k")
    assert (None if seen is None or seen.text == "null" else seen.text) == PAIRS[text]


@pytest.mark.parametrize("case", [pytest.param(each, id=each["title"]) for each in TEXTS])
def test_a_text(case: Mapping[str, Any], decided: Callable[[str], KeyDecision]) -> None:
    expected = case["text"] if case["shown"] == "same" else case["shown"]
    assert value(decided("v:1"), case["text"]) == expected
    assert field(decided("h:1"), case["text"]) == expected


def test_every_case_is_another() -> None:
    assert len({each["title"] for each in TEXTS}) == len({each["text"] for each in TEXTS}) == len(TEXTS)


@pytest.mark.parametrize("part", ["phone:digits", "email:text", "token:rest"])
def test_names_of_fields_that_are_personal_are_refused(
    part: str, demo_policies: PolicySet, tmp_path: Path
) -> None:
    """Names of fields are shown as they are."""
    rules = RULES.replace("{text: {}}", f'{{"x.{{{part}}}": {{}}}}')
    with pytest.raises(
        ConfigurationError, match=r"rules\.yaml:\d+: the names of fields are shown as they are"
    ):
        ruled(demo_policies, embedded(tmp_path, []), tmp_path, rules)
