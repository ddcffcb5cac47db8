"""The workflow for pull requests does what it says: its script is run on a repository, with a stand-in for `gh`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "docs" / "policy" / "policy-review.yml"
GH = '#!/bin/sh\necho "$@" > "$ASKED"\nwhile [ "$1" != --body-file ]; do shift; done\ncp "$2" "$BODY"\n'
USERS = "policies/datasets/crm/customers.yaml"
GRANT = "{id: customers-read, roles: [analyst, data_engineer"


def step() -> dict[str, Any]:
    workflow = YAML(typ="safe").load(WORKFLOW.read_text(encoding="utf-8"))
    (found,) = [each for each in workflow["jobs"]["review"]["steps"] if "name" in each]
    return dict(found)


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A repository with policies and a change to them."""

    folder: Path
    base: str

    def edit(self, old: str, new: str) -> None:
        path = self.folder / USERS
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    def review(self, *labels: str) -> tuple[int, str]:
        """The exit code of the step, and the comment."""
        shutil.rmtree(self.folder.parent / "before", ignore_errors=True)
        git(self.folder, "worktree", "prune")
        tools, body = self.folder.parent / "tools", self.folder.parent / "body.md"
        environment = {
            **os.environ,
            "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BASE": self.base,
            "NUMBER": "7",
            "LABELS": "\\n".join(labels),
            "GH_TOKEN": "none",
            "BODY": str(body),
            "ASKED": str(self.folder.parent / "asked"),
        }
        script = step()["run"]
        ran = subprocess.run(
            ["bash", "-e", "-c", script], cwd=self.folder, env=environment, capture_output=True, text=True
        )
        return ran.returncode, body.read_text(encoding="utf-8") if body.exists() else ran.stderr


def git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")
    return subprocess.run(
        ["git", *own, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def request_(tmp_path: Path) -> PullRequest:
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / "policies", folder / "policies")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "gh").write_text(GH, encoding="utf-8")
    (tmp_path / "tools" / "gh").chmod(0o755)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "before")
    return PullRequest(folder=folder, base=git(folder, "rev-parse", "HEAD").strip())


def test_a_widening_fails_until_a_label_accepts_it(request_: PullRequest) -> None:
    request_.edit(GRANT, f"{GRANT}, ml_engineer")
    code, comment = request_.review("urgent", "accept-widening:other; touch ../bad")
    assert code == 1
    assert "### policy lint: ok" in comment and "### policy diff: exits 1" in comment
    assert "to accept: --accept-widening customers-read" in comment
    assert not (request_.folder.parent / "bad").exists()
    assert (
        (request_.folder.parent / "asked").read_text().startswith("pr comment 7 --edit-last --create-if-none")
    )
    code, comment = request_.review("accept-widening:customers-read")
    assert code == 0 and "customers-read, accepted" in comment


def test_a_fault_is_shown_with_its_line(request_: PullRequest) -> None:
    request_.edit(GRANT, f"{GRANT}, ml_enginer")
    code, comment = request_.review()
    assert code == 1
    assert "datasets/crm/customers.yaml:27: error grant: unknown role 'ml_enginer'" in comment


def test_nothing_of_the_event_stands_in_the_script() -> None:
    assert "${{" not in step()["run"]
    assert set(step()["env"]) == {"BASE", "NUMBER", "LABELS", "GH_TOKEN"}
