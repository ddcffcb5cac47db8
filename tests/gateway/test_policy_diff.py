"""`policy diff` names everything that widens access; what it cannot judge it counts as widening."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import combinations
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lucky_mcp.cli.policy_texts import changes_text, to_accept
from lucky_mcp.gateway.review.access import TableAccess, accesses, roles_of_people
from lucky_mcp.gateway.review.changes import Effect
from lucky_mcp.gateway.review.diff import diff, is_stricter
from lucky_mcp.model.decision import Bound, MaskName, TableDecision, VisibleColumn
from lucky_mcp.policy.masks import strictest
from lucky_mcp.policy.offline import Written, load_written
from lucky_mcp.policy.policy_set import PolicySet, Reference, Role, Timed
from tests.support.cases import CASES


@dataclass(frozen=True, kw_only=True)
class DiffCase:
    """One change of one file and the rules it is told by."""

    title: str
    file: str
    old: str
    new: str
    widens: tuple[str, ...] = ()
    narrows: tuple[str, ...] = ()
    says: str = ""


def diff_cases() -> list[DiffCase]:
    tree = YAML(typ="safe").load((CASES / "policy" / "diff.yaml").read_text(encoding="utf-8"))
    found = [DiffCase(**entry) for entry in tree["changes"]]
    assert len({case.title for case in found}) == len(found)
    return found


DIFF_CASES = diff_cases()


@pytest.fixture(scope="module")
def shipped(project_root: Path) -> Written:
    return load_written(project_root / "policies")


def changed(project_root: Path, folder: Path, *changes: tuple[str, str, str]) -> Written:
    """Load a copy of the policies with texts replaced: (file, old, new)."""
    shutil.copytree(project_root / "policies", folder)
    for file, old, new in changes:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return load_written(folder)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in DIFF_CASES])
def test_a_change_is_told(case: DiffCase, shipped: Written, project_root: Path, tmp_path: Path) -> None:
    new = changed(project_root, tmp_path / "new", (case.file, case.old, case.new))
    changes = diff(shipped, new)
    told = changes_text(changes, ())
    by_effect = {effect: {each.rule for each in changes if each.effect is effect} for effect in Effect}
    assert by_effect[Effect.WIDENS] == set(case.widens), told
    assert by_effect[Effect.NARROWS] == set(case.narrows), told
    assert case.says in told, told
    assert set(to_accept(changes, ())) == set(case.widens)
    assert to_accept(changes, case.widens) == ()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in DIFF_CASES])
def test_what_is_taken_back_is_told_as_well(
    case: DiffCase, shipped: Written, project_root: Path, tmp_path: Path
) -> None:
    new = changed(project_root, tmp_path / "new", (case.file, case.old, case.new))
    back = {each.effect for each in diff(new, shipped)}
    assert (Effect.WIDENS in back) or not case.narrows
    assert bool(back) is bool(case.widens or case.narrows)


def test_nothing_changes_between_equal_directories(
    shipped: Written, project_root: Path, tmp_path: Path
) -> None:
    assert diff(shipped, changed(project_root, tmp_path / "same")) == ()


def test_a_level_that_is_lower_and_a_denial_that_is_gone(project_root: Path, tmp_path: Path) -> None:
    dify = "datasets/platform/dify.yaml"
    granted = (
        "grants:\n  - {id: dify-read, roles: [analyst], why: figures of applications}\n"
        "denials:\n  - {id: dify-no-versions, roles: [analyst], why: not needed, columns: [version]}\n"
    )
    source = (
        "sources.yaml",
        "classification: restricted\n    owner: ai-platform",
        "classification: confidential\n    owner: ai-platform",
    )
    end = "      encrypted_config: {tags: [secret]}\n      created_at: {}\n"
    before = changed(project_root, tmp_path / "old", (dify, end, end + granted))
    after = changed(
        project_root,
        tmp_path / "new",
        (dify, end, end + granted.partition("denials:")[0]),
        (dify, "classification: restricted", "classification: confidential"),
        source,
    )
    assert to_accept(diff(before, after), ()) == ("dify-no-versions",)
    level_only = changed(
        project_root,
        tmp_path / "level",
        (dify, end, end + granted),
        (dify, "classification: restricted", "classification: confidential"),
        source,
    )
    assert to_accept(diff(before, level_only), ()) == ("level:platform.dify",)
    assert to_accept(diff(level_only, after), ()) == ("dify-no-versions",)


def test_no_three_roles_gain_what_no_two_do(shipped: Written, project_root: Path, tmp_path: Path) -> None:
    """The claim of the decision record, held against every three roles for every case."""
    asked = threes(shipped.policies)
    known = {roles: by_table(shipped.policies, roles) for roles in asked}
    for number, case in enumerate(DIFF_CASES):
        new = changed(project_root, tmp_path / str(number), (case.file, case.old, case.new))
        found = {roles: by_table(new.policies, roles) for roles in asked}
        for old_set, new_set, before, after in ((shipped, new, known, found), (new, shipped, found, known)):
            if any(gains(before[roles], after[roles]) for roles in asked):
                assert to_accept(diff(old_set, new_set), ()), case.title


def threes(policies: PolicySet) -> list[tuple[str, ...]]:
    return list(combinations(roles_of_people(policies), 3))[::7]


Accesses = Mapping[tuple[object, object], TableAccess]


def by_table(policies: PolicySet, roles: tuple[str, ...]) -> Accesses:
    return {(each.source, each.table): each for each in accesses(policies, roles)}


def gains(before: Accesses, after: Accesses) -> bool:
    """Whether callers see more, judged anew and without the code under test."""
    return any(more(before.get(table), each) for table, each in after.items())


def more(before: TableAccess | None, after: TableAccess) -> bool:
    if after.denied:
        return False
    if before is None or before.denied:
        return True
    lost = {each.predicate for each in before.filters} - {each.predicate for each in after.filters}
    return bool(lost) or any(
        name not in before.columns or strictest((before.columns[name].mask, column.mask)) is not column.mask
        for name, column in after.columns.items()
    )


@pytest.mark.parametrize("old", [None, *MaskName])
@pytest.mark.parametrize("new", [None, *MaskName])
def test_the_order_of_masks_is_that_of_combining(old: MaskName | None, new: MaskName | None) -> None:
    assert is_stricter(old, new) is (strictest((old, new)) is new)


# Types and tags of a column only choose its mask, and names and rules say what a difference is of.
COMPARED: Mapping[type, set[str]] = {
    TableDecision: {
        "table",
        "columns",
        "filters",
        "requires",
        "not_filtered",
        "below",
        "waivers",
        "averaged",
    },
    Timed: {"principals", "roles", "ends", "until", "rule"},
    VisibleColumn: {"name", "type", "tags", "mask", "rule", "masks_below", "averaged", "merged"},
    Role: {"name", "toolset", "masks", "reads_metadata", "reads_system", "reads_up_to", "unlisted"},
    Reference: {"name", "source", "sql", "refresh_s", "max_age_s", "values_max"},
    Bound: {"rows_max", "rows_default", "bytes_max", "cell_chars_max", "timeout_ms", "probes_max"},
}


@pytest.mark.parametrize("kind", list(COMPARED), ids=lambda kind: kind.__name__)
def test_whatever_can_be_said_of_access_is_compared(kind: type) -> None:
    """A new obligation or setting needs its place in the comparison before it needs one here."""
    assert {field.name for field in fields(kind)} == COMPARED[kind]
