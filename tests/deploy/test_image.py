"""The image and the compose file: nobody's root, nothing unlocked, nothing writable that need not be."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.deploy.files import ROOT, compose, instructions

STAGES = max(each.stage for each in instructions())


def texts(word: str, stage: int | None = None) -> list[str]:
    return [each.text for each in instructions() if each.word == word and stage in (None, each.stage)]


def test_it_is_made_in_two_stages_of_one_image() -> None:
    assert texts("FROM") == ["${PYTHON} AS build", "${PYTHON}"]
    (base,) = texts("ARG")
    assert re.fullmatch(r"PYTHON=python:\d\.\d+-slim-\w+", base)
    assert not texts("ADD") and not texts("RUN", STAGES + 1)


def test_it_runs_as_nobody_in_particular() -> None:
    (user,) = texts("USER")
    assert re.fullmatch(r"[1-9]\d{4,}:[1-9]\d{4,}", user)
    words = [each.word for each in instructions() if each.stage == STAGES]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word in {"RUN", "COPY"})
    uid = user.split(":")[0]
    assert any(f"--uid {uid}" in text and f"--owner={uid}" in text for text in texts("RUN", STAGES))


def test_packages_are_those_of_the_lock_file() -> None:
    installs = re.findall(r"pip install [^&]*", " && ".join(texts("RUN")))
    assert len(installs) == 2
    assert {"--require-hashes", "--only-binary", "requirements/server.txt"} <= set(shlex.split(installs[0]))
    assert {"--no-deps", "--no-build-isolation", "."} <= set(shlex.split(installs[1]))
    everything = " ".join(each.text for each in instructions())
    assert not re.search(r"curl |wget |apt-get|https?://(?!127\.0\.0\.1)|--index|--extra-index", everything)


def test_what_is_copied_is_there_and_let_through() -> None:
    let = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    for stage in range(STAGES):
        for text in texts("COPY", stage):
            for source in text.split()[:-1]:
                assert (ROOT / source).exists() and source in let, source
    assert texts("COPY", STAGES) == ["--from=build /opt/lucky-mcp /opt/lucky-mcp"]


def test_it_says_how_it_is_and_ends_when_asked() -> None:
    (check,) = texts("HEALTHCHECK")
    assert "/health/live" in check and "LUCKY_PORT" in check
    assert texts("STOPSIGNAL") == ["SIGTERM"] and texts("ENTRYPOINT") == ['["lucky-mcp"]']
    assert texts("VOLUME") == ["/var/lib/lucky-mcp"]


@pytest.mark.parametrize("name", ["gateway", "demo-data", "limits", "data-owner"])
def test_a_service_may_do_no_more_than_it_needs(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert "privileged" not in service and not any(
        "docker.sock" in each for each in service.get("volumes", [])
    )
    assert all(each.startswith("127.0.0.1:") for each in service.get("ports", []))
    if name == "data-owner":
        assert service["cap_add"] == ["CHOWN"] and service["network_mode"] == "none"
    else:
        assert "cap_add" not in service and not service["user"].startswith("0")
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_services_fit_together() -> None:
    found = compose()
    services = found["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert {each.split(":")[0] for each in service.get("volumes", [])} <= set(found["volumes"])
        assert set(service.get("networks", [])) <= set(found["networks"])
    assert "data:/data:ro" in services["gateway"]["volumes"]
    assert "limits" not in found["networks"]["inside"] and found["networks"]["inside"]["internal"] is True
    context = ROOT / "deploy" / services["gateway"]["build"]["context"]
    assert (context.resolve() / "Dockerfile").is_file()
    version = re.search(r"python:(\d\.\d+)", texts("ARG")[0])
    assert version and f"/python{version[1]}/" in services["gateway"]["environment"]["LUCKY_POLICIES"]
    assert Path(services["gateway"]["environment"]["DEMO_DATA"]).as_posix() == "/data"
